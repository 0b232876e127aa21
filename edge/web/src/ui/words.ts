// Small pure decisions about how things are said and drawn.

import type { Figures } from "../media/stats";
import { t, lang, type Key } from "../i18n";

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

/** How well it goes, and the cause in words. */
export function quality(f: Figures, rtt: number | null, live: boolean): { level: Quality; why: Key } {
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

export function clockTime(iso: string): string {
  const d = new Date(iso);
  return Number.isNaN(d.getTime()) ? "" : d.toLocaleTimeString(navigator.languages.find((l) => l.startsWith(lang())) ?? lang(), { hour: "2-digit", minute: "2-digit" });
}

function number(v: number, digits: number): string {
  return v.toLocaleString(lang(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
