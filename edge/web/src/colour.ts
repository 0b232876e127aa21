// A company's colour, made fit for the page: shades of it that can be read on
// both grounds, whatever the colour is (WCAG 2.2, 1.4.3 and 1.4.11). Pure.

export type Rgb = readonly [number, number, number];

/** The colours of the page that follow the company's. */
export interface Shades {
  /** Of buttons, with what is written on them, and under a pointer. */
  accent: string;
  hover: string;
  on: string;
  /** Of words on the page, and of what has the focus. */
  text: string;
  /** Behind such words. */
  soft: string;
}

/** Least contrast of text. A little above the bound, since colours are rounded. */
const READABLE = 4.55;
const WHITE: Rgb = [255, 255, 255];
const BLACK: Rgb = [0, 0, 0];

/** #rrggbb, else nothing. */
export function parse(hex: string | undefined): Rgb | null {
  const m = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex ?? "");
  return m ? [parseInt(m[1] ?? "", 16), parseInt(m[2] ?? "", 16), parseInt(m[3] ?? "", 16)] : null;
}

export function hex(c: Rgb): string {
  return `#${c.map((v) => Math.round(v).toString(16).padStart(2, "0")).join("")}`;
}

/** Relative luminance, 0 to 1 (WCAG 2.2). */
function luminance(c: Rgb): number {
  const [r, g, b] = c.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** a with a share of b. */
function mix(a: Rgb, b: Rgb, share: number): Rgb {
  return [0, 1, 2].map((i) => Math.round((a[i] ?? 0) * (1 - share) + (b[i] ?? 0) * share)) as unknown as Rgb;
}

/** The colour as near to c as can be read on all grounds, on the way to white or black. */
function readable(c: Rgb, grounds: readonly Rgb[], towards: Rgb): Rgb {
  for (let share = 0; share < 1; share += 0.02) {
    const at = mix(c, towards, share);
    if (grounds.every((g) => contrast(at, g) >= READABLE)) return at;
  }
  return towards;
}

/** Shades for a page with these grounds, all of them light or all dark. */
export function shades(c: Rgb, grounds: readonly Rgb[], dark: boolean): Shades {
  const on = contrast(c, WHITE) >= contrast(c, BLACK) ? WHITE : BLACK;
  const soft = mix(grounds[0] ?? WHITE, c, dark ? 0.22 : 0.12);
  return {
    accent: hex(c),
    hover: hex(mix(c, on === WHITE ? BLACK : WHITE, 0.14)),
    on: hex(on),
    text: hex(readable(c, [...grounds, soft], dark ? WHITE : BLACK)),
    soft: hex(soft),
  };
}
