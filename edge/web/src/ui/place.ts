// Where a tile stands, as a style.

import { mirrored } from "../i18n";
import type { Rect } from "./rect";

/** layout.ts counts from the left; a tile stands at the start of the line, and so in a mirrored page everything is counted from the right. */
export function place(r: Rect) {
  return { transform: `translate(${mirrored() ? -r.x : r.x}px, ${r.y}px)`, width: `${r.w}px`, height: `${r.h}px` };
}
