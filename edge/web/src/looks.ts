// How the company wants the page to look: the server puts it into the page, so
// that nothing changes before the person's eyes. What comes of it goes in by
// sheets that a script made, which a policy without inline styles allows.

import { parse, shades, type Rgb } from "./colour";
import { favicon } from "./favicon";

export interface Looks {
  /** Instead of ours. */
  name: string;
  /** https or data URL; empty: none. */
  logo: string;
  /** https URL behind the logo. */
  link: string;
  /** #rrggbb, or the URL of a picture. */
  background: string;
  colour: string;
  /** Of pages whose address names none. */
  lang: string;
}

/** The grounds that words stand on: surface, page, control; as in page.css. */
export const LIGHT: readonly Rgb[] = [[0xff, 0xff, 0xff], [0xf4, 0xf5, 0xf8], [0xe7, 0xea, 0xf0]];
export const DARK: readonly Rgb[] = [[0x17, 0x1b, 0x22], [0x0e, 0x11, 0x16], [0x24, 0x2a, 0x34]];

/** Reads the server's word; what is not fit for its place is left out. */
export function looks(text: string): Looks {
  let given: Record<string, unknown> = {};
  try {
    const x: unknown = JSON.parse(text);
    if (typeof x === "object" && x !== null) given = x as Record<string, unknown>;
  } catch {
    // A page that was served without: it has no looks.
  }
  const of = (key: string): string => (typeof given[key] === "string" ? given[key] : "");
  const background = of("background");
  return {
    name: of("name"),
    logo: picture(of("logo")),
    link: https(of("link")),
    background: parse(background) ? background : picture(background),
    colour: parse(of("colour")) ? of("colour") : "",
    lang: of("lang"),
  };
}

function https(url: string): string {
  return URL.canParse(url) && new URL(url).protocol === "https:" ? new URL(url).href : "";
}

function picture(url: string): string {
  return /^data:image\/[a-z+]+;base64,[A-Za-z0-9+/=]+$/.test(url) ? url : https(url);
}

/** The rules that make the page look so; empty for the page as it is. */
export function sheet(l: Looks): string {
  const out: string[] = [];
  const c = parse(l.colour);
  if (c) {
    out.push(`:root { ${accents(c, LIGHT, false)} }`, `@media (prefers-color-scheme: dark) { :root { ${accents(c, DARK, true)} } }`);
  }
  if (l.background) {
    // A URL between quotes ends at none of its own: those are escaped by now, or of another alphabet.
    const ground = parse(l.background) ? l.background : `url("${l.background.replace(/["\\\n\r]/g, encodeURIComponent)}") center / cover no-repeat`;
    out.push(`:root { --ground: ${ground}; }`);
  }
  return out.join("\n");
}

function accents(c: Rgb, grounds: readonly Rgb[], dark: boolean): string {
  const s = shades(c, grounds, dark);
  return `--accent: ${s.accent}; --accent-hover: ${s.hover}; --on-accent: ${s.on}; --accent-text: ${s.text}; --accent-soft: ${s.soft}; --ring: 0 0 0 2px var(--bg), 0 0 0 4px ${s.text};`;
}

/** Puts the looks on. */
export function dress(doc: Document, l: Looks): void {
  const text = sheet(l);
  if (text) {
    const rules = new CSSStyleSheet();
    rules.replaceSync(text);
    doc.adoptedStyleSheets = [...doc.adoptedStyleSheets, rules];
  }
  doc.documentElement.classList.toggle("grounded", l.background !== "");
  const icon = doc.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const own = favicon(l);
  if (icon && own) {
    icon.removeAttribute("type");
    icon.href = own;
  }
}

/** The server's word in the page's own document. */
export function served(doc: Document): Looks {
  return looks(doc.querySelector<HTMLMetaElement>('meta[name="looks"]')?.content ?? "");
}
