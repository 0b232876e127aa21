// A place on the stage, in CSS pixels from its top left.

export interface Rect {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** Whole pixels: between them pictures get soft edges. */
export function round(r: Rect): Rect {
  return { x: Math.round(r.x), y: Math.round(r.y), w: Math.round(r.w), h: Math.round(r.h) };
}

export function clamp(v: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, v));
}

/** The same places in a part of the stage that begins at x, y. */
export function shift(rects: readonly Rect[], x: number, y: number): Rect[] {
  return rects.map((r) => round({ ...r, x: r.x + x, y: r.y + y }));
}
