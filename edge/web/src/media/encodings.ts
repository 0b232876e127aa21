// What is sent of a video: the encodings it begins with, and what becomes of
// them as viewers and bounds change. Pure.

import type { VideoCodec } from "./codecs";

export interface Encoding extends RTCRtpEncodingParameters {
  /** Of the W3C's extension for scalable video coding; not every browser knows it. */
  scalabilityMode?: string;
}

export interface Plan {
  /** simulcast: an encoding per layer; svc: all layers in one; single: one layer. */
  kind: "simulcast" | "svc" | "single";
  /** Layers from the lowest on: bits per second, and by what the capture's sides are divided. */
  layers: readonly { bitrate: number; scale: number }[];
}

/** A camera of 1280 × 720: 320 × 180, 640 × 360 and all of it. */
const cameraLayers = [
  { bitrate: 150_000, scale: 4 },
  { bitrate: 500_000, scale: 2 },
  { bitrate: 1_500_000, scale: 1 },
] as const;
const rids = ["q", "h", "f"] as const;

export function cameraPlan(codec: VideoCodec): Plan {
  return { kind: codec === "vp9" || codec === "av1" ? "svc" : "simulcast", layers: cameraLayers };
}

/** The camera once more, for those who cannot decode the first: small, since it costs a second encoder. */
export const sparePlan: Plan = { kind: "single", layers: [{ bitrate: 600_000, scale: 2 }] };

/** A screen at its full size: half of it could not be read. */
export const sharePlan: Plan = { kind: "single", layers: [{ bitrate: 2_500_000, scale: 1 }] };

const MAX_FRAMERATE = 30;

/**
 * Each layer needs the one below in every picture. Of the modes without that
 * (_KEY), Chromium throws away what comes late of a lower layer, and then stands
 * still until the next keyframe.
 */
const svcMode = (layers: number): string => (layers === 1 ? "L1T3" : `L${layers}T3`);

/**
 * The encodings to begin with, best first; the last one every browser takes.
 * One that does not know scalability modes either ignores or refuses them.
 */
export function beginnings(plan: Plan): Encoding[][] {
  const top = plan.layers[plan.layers.length - 1];
  const one = (scalabilityMode?: string): Encoding[] => [
    { maxBitrate: top?.bitrate, maxFramerate: MAX_FRAMERATE, scaleResolutionDownBy: top?.scale, ...(scalabilityMode ? { scalabilityMode } : {}) },
  ];
  const each = (scalabilityMode?: string): Encoding[] =>
    plan.layers.map((l, i) => ({
      rid: rids[i], maxBitrate: l.bitrate, maxFramerate: MAX_FRAMERATE, scaleResolutionDownBy: l.scale, ...(scalabilityMode ? { scalabilityMode } : {}),
    }));
  switch (plan.kind) {
    case "simulcast":
      return [each("L1T3"), each(), one()];
    case "svc":
      return [one(svcMode(plan.layers.length)), one("L1T3"), one()];
    case "single":
      return [one("L1T3"), one()];
  }
}

/** The plan that a sender's encodings can follow: simulcast may not have been agreed on, scalable coding not be known. */
export function feasible(plan: Plan, now: readonly Encoding[]): Plan {
  const simulcast = plan.kind === "simulcast" && now.length > 1;
  const svc = plan.kind === "svc" && now[0]?.scalabilityMode === svcMode(plan.layers.length);
  return simulcast || svc ? plan : { kind: "single", layers: plan.layers.slice(-1) };
}

/** Bits per second of what is sent while layers are watched, unbounded. */
export function nominal(plan: Plan, layers: number): number {
  const sent = plan.layers.slice(0, layers);
  return plan.kind === "simulcast" ? sum(sent.map((l) => l.bitrate)) : (sent.at(-1)?.bitrate ?? 0);
}

/**
 * The encodings of a sender as they should be while layers of the plan, which
 * is feasible, are watched and may use bound, bits per second.
 */
export function adjust(now: readonly Encoding[], plan: Plan, layers: number, bound: number): Encoding[] {
  if (plan.kind === "simulcast") {
    const rates = spread(plan.layers.slice(0, layers).map((l) => l.bitrate), bound);
    return now.map((e, i) => ({ ...e, ...setting(rates[i] ?? 0, plan.layers[i]?.scale ?? 1) }));
  }
  const n = affordable(plan, Math.min(layers, plan.layers.length), bound);
  const top = plan.layers[n - 1];
  if (!top) return now.map((e) => ({ ...e, active: false }));
  // Layers go from the top: fewer of them are those of a smaller picture.
  const mode = plan.kind === "svc" ? { scalabilityMode: svcMode(n) } : {};
  return now.map((e) => ({ ...e, ...setting(Math.min(top.bitrate, bound), top.scale), ...mode }));
}

function setting(rate: number, scaleResolutionDownBy: number): Encoding {
  // An inactive encoding keeps its last bound: zero is not a bitrate.
  return rate > 0 ? { active: true, maxBitrate: Math.round(rate), scaleResolutionDownBy } : { active: false };
}

/** Below this part of its rate a layer looks worse than the next lower one would. */
const LEAST = 0.4;

/** Shares a bound among layers: all shrink alike, and the highest go before any shrinks too far. */
export function spread(rates: readonly number[], bound: number): number[] {
  for (let n = rates.length; n > 0; n--) {
    const part = Math.min(1, bound / sum(rates.slice(0, n)));
    if (part >= LEAST || n === 1) return rates.map((r, i) => (i < n ? r * part : 0));
  }
  return [];
}

function affordable(plan: Plan, layers: number, bound: number): number {
  let n = layers;
  while (n > 1 && bound < (plan.layers[n - 1]?.bitrate ?? 0) * LEAST) n--;
  return n;
}

/** Divides a bound among videos by what each would use; 0 is no bound, and who uses nothing needs none. */
export function divide<K extends string>(total: number, wanted: Readonly<Record<K, number>>): Record<K, number> {
  const all = sum(Object.values<number>(wanted));
  const left = total > 0 ? total : Infinity;
  const parts = Object.entries<number>(wanted).map(([key, rate]) => [key, rate > 0 ? (left * rate) / all : Infinity]);
  return Object.fromEntries(parts) as Record<K, number>;
}

/** Whether a sender would notice the difference. */
export function sameEncodings(a: readonly Encoding[], b: readonly Encoding[]): boolean {
  const keys = ["active", "maxBitrate", "scaleResolutionDownBy", "scalabilityMode"] as const;
  return a.length === b.length && a.every((e, i) => keys.every((k) => e[k] === b[i]?.[k]));
}

function sum(list: readonly number[]): number {
  return list.reduce((a, b) => a + b, 0);
}
