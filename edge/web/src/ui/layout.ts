// Where tiles go: pure arithmetic of a stage in CSS pixels.

/** Between tiles, CSS pixels. */
export const GAP = 8;

export interface Rect {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Stage {
  /** The shared screen, when there is one. */
  main: Rect | null;
  tiles: Rect[];
  /** The own picture floats over the stage. */
  self: Rect | null;
}

/** Tiles between these shapes look right; a 16:9 picture in a squarer tile loses its sides, never its middle. */
const WIDEST = 16 / 9;
const wideStage = { narrowest: 4 / 3 };
const tallStage = { narrowest: 3 / 4 };

/** n equal tiles as large as they get, rows centred. */
export function grid(n: number, w: number, h: number, gap: number): Rect[] {
  if (n <= 0 || w <= 0 || h <= 0) return [];
  const narrowest = w >= h ? wideStage.narrowest : tallStage.narrowest;
  let best = { area: -1, cols: 1, tw: 0, th: 0 };
  for (let cols = 1; cols <= n; cols++) {
    const rows = Math.ceil(n / cols);
    const cw = (w - gap * (cols - 1)) / cols;
    const ch = (h - gap * (rows - 1)) / rows;
    if (cw <= 0 || ch <= 0) continue;
    const ratio = Math.min(WIDEST, Math.max(narrowest, cw / ch));
    const tw = Math.min(cw, ch * ratio);
    const th = tw / ratio;
    // An empty place in the last row is worth a little: 2 × 2 before 3 + 1.
    const area = tw * th * (1 - 0.02 * (rows * cols - n));
    if (area > best.area + 0.5) best = { area, cols, tw, th };
  }
  const { cols, tw, th } = best;
  const rows = Math.ceil(n / cols);
  const top = (h - rows * th - gap * (rows - 1)) / 2;
  return Array.from({ length: n }, (_, i) => {
    const row = Math.floor(i / cols);
    const inRow = row === rows - 1 ? n - row * cols : cols;
    const left = (w - inRow * tw - gap * (inRow - 1)) / 2;
    return round({ x: left + (i - row * cols) * (tw + gap), y: top + row * (th + gap), w: tw, h: th });
  });
}

/** How many tiles, oneself among them, the stage shows before the rest become a number. */
export function capacity(w: number, h: number, sharing: boolean, gap: number): number {
  if (sharing && beside(w, h)) return column(w, h, gap, 1).capacity;
  if (sharing) return capacity(w, h - screenHeight(w, h) - gap, false, gap);
  const cols = Math.max(1, Math.floor((w + gap) / (116 + gap)));
  const rows = Math.max(1, Math.floor((h + gap) / (84 + gap)));
  return Math.min(16, Math.max(2, cols * rows));
}

/** The column of people beside a shared screen: large while they are few, smaller to fit more. */
function column(w: number, h: number, gap: number, count: number): { tw: number; th: number; capacity: number } {
  const least = (clamp(w * 0.1, 88, 150) * 9) / 16;
  const th = clamp((h - gap * (count - 1)) / Math.max(1, count), least, (clamp(w * 0.18, 96, 232) * 9) / 16);
  return { tw: (th * 16) / 9, th, capacity: Math.max(1, Math.floor((h + gap) / (least + gap))) };
}

/** On a tall stage the screen is as high as a usual screen needs; people have the rest. */
function screenHeight(w: number, h: number): number {
  return clamp(w * 0.64, h * 0.36, h * 0.66);
}

const beside = (w: number, h: number): boolean => w > h * 1.1;

/**
 * The whole stage. count is the number of tiles without the shared screen;
 * with floatSelf the own picture is not among them.
 */
export function stage(w: number, h: number, count: number, sharing: boolean, floatSelf: boolean, gap: number): Stage {
  if (w <= 0 || h <= 0) return { main: null, tiles: [], self: null };
  if (sharing) return withShare(w, h, count, gap);
  const self = floatSelf ? corner(w, h, gap) : null;
  return { main: null, tiles: grid(count, w, h, gap), self };
}

function withShare(w: number, h: number, count: number, gap: number): Stage {
  if (count === 0) return { main: round({ x: 0, y: 0, w, h }), tiles: [], self: null };
  if (beside(w, h)) {
    const s = column(w, h, gap, count);
    const main = { x: 0, y: 0, w: w - s.tw - gap, h };
    const top = (h - count * s.th - (count - 1) * gap) / 2;
    return {
      main: round(main),
      tiles: Array.from({ length: count }, (_, i) => round({ x: main.w + gap, y: top + i * (s.th + gap), w: s.tw, h: s.th })),
      self: null,
    };
  }
  const main = { x: 0, y: 0, w, h: screenHeight(w, h) };
  const tiles = grid(count, w, h - main.h - gap, gap).map((r) => ({ ...r, y: r.y + Math.round(main.h + gap) }));
  return { main: round(main), tiles, self: null };
}

function corner(w: number, h: number, gap: number): Rect {
  const tall = h > w;
  const sw = tall ? clamp(w * 0.28, 88, 160) : clamp(w * 0.2, 104, 248);
  const sh = tall ? (sw * 4) / 3 : (sw * 9) / 16;
  const inset = gap + 4;
  return round({ x: w - sw - inset, y: h - sh - inset, w: sw, h: sh });
}

function round(r: Rect): Rect {
  return { x: Math.round(r.x), y: Math.round(r.y), w: Math.round(r.w), h: Math.round(r.h) };
}

function clamp(v: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, v));
}
