// Equal tiles in rows: as large as they get, or as many as there can be.

import { clamp, round, type Rect } from "./rect";

/** How tiles may be shaped, and how small they get. */
export interface Mesh {
  gap: number;
  /** Least sides of a tile; what does not fit becomes a number. */
  least: { w: number; h: number };
  most: number;
}

/** Between tiles, CSS pixels. */
export const GAP = 8;
export const loose: Mesh = { gap: GAP, least: { w: 116, h: 84 }, most: 16 };
/** Fifty on 1280 × 720 leave no pixel for gaps: eight of 160 are 1280. Edges are drawn inside the tiles. */
export const packed: Mesh = { gap: 0, least: { w: 160, h: 90 }, most: 100 };
/** The same where 160 would be half of the stage. */
export const packedNarrow: Mesh = { ...packed, least: { w: 92, h: 69 } };

/** Tiles between these shapes look right; a 16:9 picture in a squarer tile loses its sides, never its middle. */
const WIDEST = 16 / 9;
const NARROWEST_WIDE = 4 / 3;
const NARROWEST_TALL = 3 / 4;

/** n equal tiles as large as they get, rows centred. */
export function grid(n: number, w: number, h: number, mesh: Mesh): Rect[] {
  if (n <= 0 || w <= 0 || h <= 0) return [];
  const { gap } = mesh;
  const { cols, tw, th } = best(n, w, h, mesh);
  const rows = Math.ceil(n / cols);
  const top = (h - rows * th - gap * (rows - 1)) / 2;
  return Array.from({ length: n }, (_, i) => {
    const row = Math.floor(i / cols);
    const inRow = row === rows - 1 ? n - row * cols : cols;
    const left = (w - inRow * tw - gap * (inRow - 1)) / 2;
    return round({ x: left + (i - row * cols) * (tw + gap), y: top + row * (th + gap), w: tw, h: th });
  });
}

/** How many tiles a grid shows before the rest become a number. */
export function fits(w: number, h: number, { gap, least, most }: Mesh): number {
  const along = (side: number, tile: number): number => Math.max(1, Math.floor((side + gap) / (tile + gap)));
  return clamp(along(w, least.w) * along(h, least.h), 2, most);
}

function best(n: number, w: number, h: number, { gap, least }: Mesh): { cols: number; tw: number; th: number } {
  const narrowest = w >= h ? NARROWEST_WIDE : NARROWEST_TALL;
  let best = { area: -1, cols: 1, tw: 0, th: 0 };
  for (let cols = 1; cols <= n; cols++) {
    const rows = Math.ceil(n / cols);
    const cw = (w - gap * (cols - 1)) / cols;
    const ch = (h - gap * (rows - 1)) / rows;
    if (cw <= 0 || ch <= 0) continue;
    const ratio = clamp(cw / ch, narrowest, WIDEST);
    const tw = Math.min(cw, ch * ratio);
    const th = tw / ratio;
    // An empty place in the last row is worth a little: 2 × 2 before 3 + 1. Too small is worth less than anything.
    const area = tw * th * (1 - 0.02 * (rows * cols - n)) * (tw < least.w || th < least.h ? 0.01 : 1);
    if (area > best.area + 0.5) best = { area, cols, tw, th };
  }
  return best;
}
