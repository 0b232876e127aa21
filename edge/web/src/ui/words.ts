// Small pure decisions about how things are said and drawn.

import type { Figures } from "../media/stats";
import { en } from "../i18n/en";
import { t, lang, type Key } from "../i18n";
import type { QualityCause, Score } from "../protocol/messages";

/** One or two letters for a person without picture. */
export function initials(name: string): string {
  const words = name.trim().split(/[\s._-]+/u).filter((w) => /[\p{L}\p{N}]/u.test(w));
  const letter = (w: string | undefined): string => [...(w?.match(/[\p{L}\p{N}]/u)?.[0] ?? "")][0] ?? "";
  const first = letter(words[0]);
  const last = words.length > 1 ? letter(words.at(-1)) : "";
  return (first + last).toUpperCase() || "·";
}

/** One of eight quiet colours, the same for a person everywhere. */
export function tint(id: string): number {
  let h = 0;
  for (let i = 0; i < id.length; i++) h = (h * 31 + id.charCodeAt(i)) >>> 0;
  return h % 8;
}

export type Quality = "good" | "fair" | "poor" | "lost";

const levels = ["good", "fair", "poor", "lost"] as const;

/** What a cause means for the person, where the page's own figures do not say it. */
const because: Partial<Record<QualityCause, Key>> = { uplink_loss: "conn.fair.loss", downlink: "conn.narrow", cpu: "conn.busy" };

/** How well it goes by what the page measures and the node says, the worse of both, and the cause in words. */
export function quality(f: Figures, rtt: number | null, live: boolean, judged: Judged | null): { level: Quality; why: Key } {
  const own = measured(f, rtt, live);
  const worse = judged && (judged.up.score < judged.down.score ? judged.up : judged.down);
  const why = worse && because[worse.cause];
  if (!why) return own;
  const level = worse.score < 3 ? "poor" : worse.score < 4 ? "fair" : "good";
  return levels.indexOf(level) > levels.indexOf(own.level) ? { level, why } : own;
}

interface Judged {
  up: Score;
  down: Score;
}

function measured(f: Figures, rtt: number | null, live: boolean): { level: Quality; why: Key } {
  if (!live) return { level: "lost", why: "conn.lost.why" };
  const loss = Math.max(f.lossUp, f.lossDown);
  const trip = Math.max(f.rtt ?? 0, rtt ?? 0);
  if (loss > 0.08) return { level: "poor", why: "conn.poor.loss" };
  if (trip > 600) return { level: "poor", why: "conn.poor.rtt" };
  if (loss > 0.02) return { level: "fair", why: "conn.fair.loss" };
  if (trip > 300) return { level: "fair", why: "conn.fair.rtt" };
  return { level: "good", why: "conn.good.why" };
}

export function bitrate(bps: number): string {
  if (bps >= 1e6) return t("unit.mbit", { n: number(bps / 1e6, 1) });
  return t("unit.kbit", { n: number(bps / 1e3, 0) });
}

export function ms(v: number | null): string {
  return v === null ? t("unit.none") : t("unit.ms", { n: number(v, v < 10 ? 1 : 0) });
}

export function percent(share: number): string {
  return t("unit.percent", { n: number(share * 100, share > 0 && share < 0.1 ? 1 : 0) });
}

/** A score with its cause; a cause from the future is none we can name. */
export function score(s: Score | undefined): string {
  if (!s) return t("unit.none");
  const cause = Object.hasOwn(en, `cause.${s.cause}`) ? s.cause : "none";
  return t("conn.score", { score: number(s.score, 1), cause: t(`cause.${cause}`) });
}

export function clockTime(iso: string): string {
  const d = new Date(iso);
  return Number.isNaN(d.getTime()) ? "" : d.toLocaleTimeString(navigator.languages.find((l) => l.startsWith(lang())) ?? lang(), { hour: "2-digit", minute: "2-digit" });
}

/** A day and a time, in the person's own zone. */
export function moment(iso: string): string {
  const d = new Date(iso);
  return Number.isNaN(d.getTime()) ? "" : d.toLocaleString(lang(), { dateStyle: "full", timeStyle: "short" });
}

function number(v: number, digits: number): string {
  return v.toLocaleString(lang(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
