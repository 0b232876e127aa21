// The picture in the browser's tab: the company's logo, else its initial on its
// colour. Our own mark is for pages without a company's looks.

import { parse, shades } from "./colour";
import type { Looks } from "./looks";

/** Of a company without a colour. */
const NEUTRAL = "#4b5563";

/** Its URL; empty: the page's own. */
export function favicon(l: Pick<Looks, "name" | "logo" | "colour">): string {
  if (l.logo) return l.logo;
  if (!l.name && !l.colour) return "";
  const ground = parse(l.colour) ?? parse(NEUTRAL) ?? [0, 0, 0];
  const { accent, on } = shades(ground, [], false);
  const letter = /[\p{L}\p{N}]/u.exec(l.name)?.[0].toUpperCase() ?? "";
  const text = `<text x="16" y="23" font-family="system-ui, sans-serif" font-size="20" font-weight="600" text-anchor="middle" fill="${on}">${letter}</text>`;
  return `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="${accent}"/>${text}</svg>`)}`;
}
