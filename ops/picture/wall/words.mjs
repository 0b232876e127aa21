// How figures and states read.

/** @type {Record<import("./net").NodeState, string>} */
export const nodeWords = { ok: "ok", full: "full", draining: "draining", gray: "no media", silent: "no answer" };

/** @type {Record<import("./net").LinkState, string>} */
export const linkWords = { ok: "ok", detour: "detour", slow: "slow", lossy: "lossy", cut: "cut", down: "down" };

/** @typedef {"ok" | "notice" | "problem"} Grade */

/** @type {Record<string, Grade>} */
const grades = { ok: "ok", full: "notice", draining: "notice", gray: "problem", silent: "problem", detour: "notice", slow: "notice", lossy: "problem", cut: "problem", down: "problem" };

/** @param {string} state @returns {Grade} */
export const grade = (state) => grades[state] ?? "problem";

/** @param {number} bits a second */
export function rate(bits) {
  if (bits < 1) return "–";
  if (bits < 1e6) return `${(bits / 1e3).toFixed(bits < 1e4 ? 1 : 0)} kbit/s`;
  if (bits < 1e9) return `${(bits / 1e6).toFixed(bits < 1e7 ? 1 : 0)} Mbit/s`;
  return `${(bits / 1e9).toFixed(1)} Gbit/s`;
}

/** @param {number | undefined} v in ms */
export function millis(v) {
  if (!v) return "–";
  return v < 10 ? `${v.toFixed(1)} ms` : `${Math.round(v)} ms`;
}

/** @param {number} share 0 to 1 */
export function percent(share) {
  if (share === 0) return "0 %";
  return share < 0.1 ? `${(share * 100).toFixed(1)} %` : `${Math.round(share * 100)} %`;
}

/** @param {string | undefined} since @param {string} now both RFC 3339 */
export function age(since, now) {
  const seconds = since ? Math.floor((Date.parse(now) - Date.parse(since)) / 1000) : NaN;
  if (!(seconds >= 0) || (since ?? "").startsWith("0001")) return "–";
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

/** @param {number} n @param {string} one @param {string} many */
export const count = (n, one, many) => `${n} ${n === 1 ? one : many}`;

/** @param {number} n */
export const people = (n) => count(n, "person", "people");
