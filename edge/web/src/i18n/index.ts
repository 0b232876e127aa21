// Words in the person's language. The language is set once, before the first
// render; a text that is missing does not compile.

import { en, type Key, type Text } from "./en";
import { ru } from "./ru";

export type { Key } from "./en";

export const languages = { en, ru } satisfies Record<string, Record<Key, Text>>;
export type Lang = keyof typeof languages;

let current: Lang = "en";
let plural = new Intl.PluralRules("en");
let figure = new Intl.NumberFormat("en");

export function setLang(lang: Lang): void {
  current = lang;
  plural = new Intl.PluralRules(lang);
  figure = new Intl.NumberFormat(lang);
}

export function lang(): Lang {
  return current;
}

/** The text of key; {name} is replaced by params.name, plural forms follow params.n. */
export function t(key: Key, params: Record<string, string | number> = {}): string {
  const text: Text = languages[current][key];
  const form = typeof text === "string" ? text : (text[plural.select(Number(params["n"] ?? 0))] ?? text.other);
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name] ?? whole;
    return typeof value === "number" ? figure.format(value) : value;
  });
}

/** The key a code stands for, or the fallback when this page does not know the code. */
export function codeKey(kind: "refused" | "ended" | "error", code: string): Key {
  const key = `${kind}.${code}`;
  return (Object.hasOwn(en, key) ? key : `${kind}.internal`) as Key;
}

/** The language wanted: named in the URL, else the browser's first that we speak, else English. */
export function pickLang(named: string | null, preferred: readonly string[]): Lang {
  for (const tag of [named ?? "", ...preferred]) {
    const base = tag.toLowerCase().split("-")[0] ?? "";
    if (Object.hasOwn(languages, base)) return base as Lang;
  }
  return "en";
}
