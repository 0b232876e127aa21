// Words in the person's language. English is part of the page, every other
// language a file of its own that is fetched when it is wanted. The language is
// a signal: what was drawn with t() is drawn anew when it changes.

import { signal } from "@preact/signals-core";
import { en, type Key, type Text } from "./en";

export type { Key } from "./en";

/** The texts of a language; one that is missing is said in English. */
export type Texts = Partial<Record<Key, Text>>;

/** What each language calls itself. */
export const languages = {
  en: "English",
  de: "Deutsch",
  es: "Español",
  fr: "Français",
  pt: "Português",
  ru: "Русский",
  zh: "中文",
  ar: "العربية",
} as const;
export type Lang = keyof typeof languages;

const files: Record<Lang, () => Promise<Texts>> = {
  en: async () => en,
  de: async () => (await import("./de")).de,
  es: async () => (await import("./es")).es,
  fr: async () => (await import("./fr")).fr,
  pt: async () => (await import("./pt")).pt,
  ru: async () => (await import("./ru")).ru,
  zh: async () => (await import("./zh")).zh,
  ar: async () => (await import("./ar")).ar,
};

const rightToLeft: ReadonlySet<string> = new Set(["ar"]);

const current = signal<{ lang: Lang; texts: Texts; plural: Intl.PluralRules; figure: Intl.NumberFormat }>({ lang: "en", texts: en, plural: new Intl.PluralRules("en"), figure: new Intl.NumberFormat("en") });
let wanted: Lang = "en";

/** The texts of a language, fetched if need be. */
export function textsOf(lang: Lang): Promise<Texts> {
  return files[lang]();
}

/** Speaks a language from now on. False: its file did not come, and the language stays as it was. */
export async function setLang(lang: Lang): Promise<boolean> {
  wanted = lang;
  try {
    const texts = await textsOf(lang);
    if (wanted === lang) current.value = { lang, texts, plural: new Intl.PluralRules(lang), figure: new Intl.NumberFormat(lang) };
    return true;
  } catch {
    return false;
  }
}

export function lang(): Lang {
  return current.value.lang;
}

/** Whether the language is written from right to left. */
export function mirrored(): boolean {
  return rightToLeft.has(lang());
}

/** The text of key; {name} is replaced by params.name, plural forms follow params.n. */
export function t(key: Key, params: Record<string, string | number> = {}): string {
  const { texts, plural, figure } = current.value;
  const text: Text = texts[key] ?? en[key];
  const form = typeof text === "string" ? text : (text[plural.select(Number(params["n"] ?? 0))] ?? text.other);
  return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    return value === undefined ? whole : typeof value === "number" ? figure.format(value) : isolated(value);
  });
}

const leftward = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}]/u;
const rightward = /(?![\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}])\p{L}/u;

/** What is written in the other direction keeps its order to itself (Unicode UAX 9, isolates). */
function isolated(value: string): string {
  return (mirrored() ? rightward : leftward).test(value) ? `\u2068${value}\u2069` : value;
}

/** The key a code stands for, or the fallback when this page does not know the code. */
export function codeKey(kind: "refused" | "ended" | "error", code: string): Key {
  const key = `${kind}.${code}`;
  return (Object.hasOwn(en, key) ? key : `${kind}.internal`) as Key;
}

/** The language a tag such as pt-BR stands for; null where we do not speak it. */
export function spoken(tag: string): Lang | null {
  const base = tag.toLowerCase().split("-")[0] ?? "";
  return Object.hasOwn(languages, base) ? (base as Lang) : null;
}

/** The language wanted: the one named, be it only to find that we do not speak it; else the first wish that we do; else English. */
export function pickLang(named: string | null, wishes: readonly (string | null)[]): Lang {
  if (named) return spoken(named) ?? "en";
  for (const tag of wishes) {
    const lang = spoken(tag ?? "");
    if (lang) return lang;
  }
  return "en";
}
