// Words in the person's language; a text that is missing does not compile.

import { signal } from "@preact/signals";
import { en, type Key, type Text } from "./en";
import { ru } from "./ru";

export type { Key } from "./en";

export const languages = { en, ru } satisfies Record<string, Record<Key, Text>>;
export type Lang = keyof typeof languages;

export const lang = signal<Lang>("en");

/** The text of key; {name} is replaced by params.name, plural forms follow params.n. */
export function t(key: Key, params: Record<string, string | number> = {}): string {
  const text: Text = languages[lang.value][key];
  const form: string = typeof text === "string" ? text : (text[new Intl.PluralRules(lang.value).select(Number(params["n"] ?? 0)) as "one"] ?? text.other);
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => String(params[name] ?? whole));
}

/** The browser's first language that we speak, else English. */
export function pickLang(preferred: readonly string[]): Lang {
  for (const tag of preferred) {
    const base = tag.toLowerCase().split("-")[0] ?? "";
    if (Object.hasOwn(languages, base)) return base as Lang;
  }
  return "en";
}

/** A moment as people of the language write it. */
export function moment(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  return new Intl.DateTimeFormat(lang.value === "en" ? "en-GB" : lang.value, { dateStyle: "medium", timeStyle: "short" }).format(at);
}
