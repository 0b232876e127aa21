// Where tiles go: pure arithmetic of a stage in CSS pixels.

import { fits, grid, loose, packed, packedNarrow, type Mesh } from "./grid";
import { clamp, round, shift, type Rect } from "./rect";
import { row, rowFits } from "./row";

export const layouts = ["gallery", "bottom-speaker", "left-side-speaker", "strip"] as const;
/**
 * gallery: all alike, and what is pinned or shared large; bottom-speaker: one
 * large, the others in a row below; left-side-speaker: one large at the start,
 * the others in a column beside; strip: one row.
 */
export type Layout = (typeof layouts)[number];

/** The word of an address or a message; anything unknown is the gallery. */
export function asLayout(word: string | null | undefined): Layout {
  return layouts.find((l) => l === word) ?? "gallery";
}

/** What is to be placed. */
export interface Scene {
  layout: Layout;
  /** As many tiles as possible instead of as large ones as possible. */
  small: boolean;
  /** One tile stands large. */
  main: boolean;
}

export interface Places {
  main: Rect | null;
  tiles: Rect[];
  /** The own picture floats over the stage. */
  self: Rect | null;
}

const nowhere: Places = { main: null, tiles: [], self: null };

/** How many tiles beside the large one the stage shows before the rest become a number. */
export function capacity(w: number, h: number, scene: Scene): number {
  const m = mesh(w, scene);
  if (scene.layout === "strip") return rowFits(w, h, m.gap);
  if (!scene.main) return fits(w, h, m);
  return parts(w, h, scene).fits(m);
}

/** The places of count tiles beside the large one; with floats the own picture is not among them. */
export function place(w: number, h: number, count: number, scene: Scene, floats: boolean): Places {
  if (w <= 0 || h <= 0) return nowhere;
  const m = mesh(w, scene);
  if (scene.layout === "strip") return { ...nowhere, tiles: row(count, w, h, m.gap) };
  if (!scene.main) return { main: null, tiles: grid(count, w, h, m), self: floats ? corner(w, h, m.gap) : null };
  if (count === 0) return { ...nowhere, main: round({ x: 0, y: 0, w, h }) };
  const { main, tiles } = parts(w, h, scene).place(count, m);
  return { main: round(main), tiles, self: null };
}

export function mesh(w: number, scene: Pick<Scene, "small">): Mesh {
  return !scene.small ? loose : w < 640 ? packedNarrow : packed;
}

/** A large tile and what stands around it. */
interface Parts {
  fits(m: Mesh): number;
  place(count: number, m: Mesh): { main: Rect; tiles: Rect[] };
}

function parts(w: number, h: number, { layout, small }: Scene): Parts {
  if (layout === "bottom-speaker") return below(w, h);
  if (layout === "left-side-speaker" || w > h * 1.1) return small ? crowdBeside(w, h) : columnBeside(w, h);
  return gridBelow(w, h);
}

/** One row, a fifth of the height; on a tall stage as high as its tiles are wide. */
function below(w: number, h: number): Parts {
  const rh = clamp(h * 0.2, Math.min(64, h * 0.4), Math.min(320, Math.max(64, w * 0.26)));
  return {
    fits: ({ gap }) => rowFits(w, rh, gap),
    place: (count, { gap }) => ({ main: { x: 0, y: 0, w, h: h - rh - gap }, tiles: shift(row(count, w, rh, gap), 0, h - rh) }),
  };
}

/** A column, its tiles large while they are few, smaller to fit more. */
function columnBeside(w: number, h: number): Parts {
  const least = (clamp(w * 0.1, 88, 150) * 9) / 16;
  const largest = (clamp(w * 0.18, 96, 480) * 9) / 16;
  return {
    fits: ({ gap }) => Math.max(1, Math.floor((h + gap) / (least + gap))),
    place: (count, { gap }) => {
      const th = clamp((h - gap * (count - 1)) / count, least, largest);
      const tw = (th * 16) / 9;
      const top = (h - count * th - (count - 1) * gap) / 2;
      const main = { x: 0, y: 0, w: w - tw - gap, h };
      return { main, tiles: Array.from({ length: count }, (_, i) => round({ x: main.w + gap, y: top + i * (th + gap), w: tw, h: th })) };
    },
  };
}

/** A third of the stage, full of small tiles. */
function crowdBeside(w: number, h: number): Parts {
  const aside = Math.max(w * 0.26, Math.min(w * 0.4, 320));
  return {
    fits: (m) => fits(aside, h, m),
    place: (count, m) => ({ main: { x: 0, y: 0, w: w - aside - m.gap, h }, tiles: shift(grid(count, aside, h, m), w - aside, 0) }),
  };
}

/** On a tall stage the large one is as high as a usual screen needs; people have the rest, one or two of them less. */
function gridBelow(w: number, h: number): Parts {
  const screen = clamp(w * 0.64, h * 0.36, h * 0.66);
  const top = (count: number): number => (count <= 2 ? Math.max(screen, h * 0.58) : screen);
  return {
    fits: (m) => Math.max(2, fits(w, h - screen - m.gap, m)),
    place: (count, m) => {
      const high = top(count);
      return { main: { x: 0, y: 0, w, h: high }, tiles: shift(grid(count, w, h - high - m.gap, m), 0, high + m.gap) };
    },
  };
}

function corner(w: number, h: number, gap: number): Rect {
  const tall = h > w;
  const sw = tall ? clamp(w * 0.28, 88, 160) : clamp(w * 0.2, 104, 248);
  const sh = tall ? (sw * 4) / 3 : (sw * 9) / 16;
  const inset = gap + 4;
  return round({ x: w - sw - inset, y: h - sh - inset, w: sw, h: sh });
}
