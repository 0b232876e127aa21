// One row of equal tiles: the strip, and what stands below a speaker.

import { clamp, round, type Rect } from "./rect";

/** A row this high is worth narrower tiles; above it they keep the shape of a picture. */
const LOW = 200;

/** n equal tiles in one row, centred both ways. */
export function row(n: number, w: number, h: number, gap: number): Rect[] {
  if (n <= 0 || w <= 0 || h <= 0) return [];
  const widest = (w - gap * (n - 1)) / n;
  const th = Math.min(h, Math.max((widest * 9) / 16, Math.min(LOW, (widest * 4) / 3)));
  const tw = Math.min(widest, (th * 16) / 9);
  const left = (w - n * tw - gap * (n - 1)) / 2;
  return Array.from({ length: n }, (_, i) => round({ x: left + i * (tw + gap), y: (h - th) / 2, w: tw, h: th }));
}

/** How many tiles a row shows: at least four, where they can be that narrow. */
export function rowFits(w: number, h: number, gap: number): number {
  const least = clamp(Math.min(h * 0.75, w / 5), 64, 130);
  return clamp(Math.floor((w + gap) / (least + gap)), 2, 24);
}
