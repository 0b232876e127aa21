import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { sections } from "../sections";
import { groups } from "../settings";
import { en, type Key, type Text } from "./en";
import { lang, languages, moment, pickLang, t } from "./index";

const sorted = (list: readonly string[]): string[] => [...list].sort();
const marks = (x: Text): string[] => sorted([...new Set((typeof x === "string" ? x : Object.values(x).join(" ")).match(/\{\w+\}/g) ?? [])]);

test("all languages have the same keys and parameters, and plural forms as they need", () => {
  for (const [name, texts] of Object.entries(languages)) {
    assert.deepEqual(sorted(Object.keys(texts)), sorted(Object.keys(en)), name);
    const categories = new Intl.PluralRules(name).resolvedOptions().pluralCategories;
    for (const key of Object.keys(en) as Key[]) {
      const text: Text = texts[key];
      assert.deepEqual(marks(text), marks(en[key]), `${name}: ${key}`);
      if (typeof text !== "string") for (const c of categories) assert.ok(c in text, `${name}: ${key}: ${c}`);
    }
  }
});

test("nothing is left in English", () => {
  const same = Object.entries(languages.ru).filter(([key, text]) => typeof text === "string" && text === en[key as Key] && /[a-z]{3}/i.test(text.replace(/\{\w+\}/g, "")));
  assert.deepEqual(same, []);
});

test("every text is used, and every text that is put together is there", () => {
  const source = readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((f) => /\.tsx?$/.test(f) && !/^i18n\/(en|ru)\.ts$|\.test\.ts$/.test(f))
    .map((f) => readFileSync(`src/${f}`, "utf8"))
    .join("\n");
  const made = new Set<string>(["apikeys.read", "apikeys.write", "set.from.platform", "set.from.reseller", "role.RESELLER_ADMIN"]);
  for (const c of groups.flatMap((g) => g.controls)) made.add(c.label).add(c.about);
  for (const key of made) assert.ok(key in en, key);
  assert.deepEqual(Object.keys(en).filter((k) => !made.has(k) && !source.includes(`"${k}"`)), []);
});

test("words follow the language", () => {
  lang.value = "ru";
  assert.deepEqual([1, 3, 5, 21].map((n) => t("apikeys.days", { n })), ["1 день", "3 дня", "5 дней", "21 день"]);
  lang.value = "en";
  assert.equal(t("made", { name: "{name} $&" }), "{name} $& is there.", "what people write is never taken for a mark");
  assert.equal(moment("never"), "never");
  assert.equal(pickLang(["de-DE", "ru-RU"]), "ru");
  assert.equal(pickLang(["constructor"]), "en");
});

test("the colours are those of the meeting page", () => {
  const tokens = (file: string): Map<string, string[]> => {
    const out = new Map<string, string[]>();
    for (const [, name, value] of readFileSync(file, "utf8").matchAll(/^\s*(--[a-z-]+): ([^;]+);/gm)) out.set(name as string, [...(out.get(name as string) ?? []), value as string]);
    return out;
  };
  const ours = tokens("src/page.css");
  const theirs = tokens("../../../edge/web/src/page.css");
  for (const name of ["--bg", "--surface", "--text", "--quiet", "--line", "--control", "--accent", "--accent-text", "--accent-soft", "--danger", "--problem", "--good", "--shadow"])
    assert.deepEqual(ours.get(name)?.slice(0, 2), theirs.get(name)?.slice(0, 2), name);
});

test("sections and blocks have names of their own", () => {
  const ids = sections.map((s) => s.id);
  const paths = sections.flatMap((s) => s.blocks.map((b) => b.path));
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(new Set(paths).size, paths.length);
});
