import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { ends, errors, leaves, pauseReasons, qualityCauses, refusals, remedy, resumesAfter, slotStates, viewPriorities } from "../protocol/codes";
import { en, type Text } from "./en";
import { codeKey, languages, pickLang, setLang, t, type Key } from "./index";

const codes = JSON.parse(readFileSync("../signal/codes.json", "utf8")) as Record<
  "refused" | "ended" | "error" | "left" | "slot_state" | "pause_reason" | "view_priority" | "quality_cause",
  string[]
>;
const sorted = (list: readonly string[]): string[] => [...list].sort();

test("the page knows exactly the codes of the protocol", () => {
  assert.deepEqual(sorted(Object.keys(refusals)), sorted(codes.refused));
  assert.deepEqual(sorted(Object.keys(ends)), sorted(codes.ended));
  assert.deepEqual(sorted(errors), sorted(codes.error));
  assert.deepEqual(sorted(leaves), sorted(codes.left));
  assert.deepEqual([slotStates, pauseReasons, viewPriorities, qualityCauses], [codes.slot_state, codes.pause_reason, codes.view_priority, codes.quality_cause]);
});

test("every code has words in every language", () => {
  for (const [name, texts] of Object.entries(languages)) {
    for (const kind of ["refused", "ended"] as const)
      for (const code of codes[kind]) for (const key of [`${kind}.${code}`, `${kind}.${code}.text`]) assert.ok(key in texts, `${name}: ${key}`);
    for (const cause of codes.quality_cause) assert.ok(`cause.${cause}` in texts, `${name}: cause.${cause}`);
    // Of what nobody can see nothing is said.
    for (const reason of codes.pause_reason) assert.ok(reason === "hidden" || `tile.paused.${reason}` in texts, `${name}: tile.paused.${reason}`);
    for (const code of codes.error) assert.ok(`error.${code}` in texts, `${name}: error.${code}`);
  }
});

test("a code from the future has words as well", () => {
  assert.equal(codeKey("refused", "who_knows"), "refused.internal");
  assert.equal(codeKey("ended", "toString"), "ended.internal");
  assert.equal(remedy("who_knows"), "retry");
  assert.equal(remedy("constructor"), "retry");
  assert.equal(resumesAfter("who_knows"), false);
});

test("all languages have the same keys and the same parameters", () => {
  const marks = (x: Text): string[] => sorted([...new Set((typeof x === "string" ? x : Object.values(x).join(" ")).match(/\{\w+\}/g) ?? [])]);
  for (const [name, texts] of Object.entries(languages)) {
    assert.deepEqual(sorted(Object.keys(texts)), sorted(Object.keys(en)), name);
    for (const key of Object.keys(en) as Key[]) {
      assert.deepEqual(marks(texts[key]), marks(en[key]), `${name}: ${key}`);
      assert.equal(typeof texts[key] === "string", typeof en[key] === "string", `${name}: ${key}: plural in one language only`);
    }
  }
});

test("plural forms cover what the language needs", () => {
  for (const [name, texts] of Object.entries(languages)) {
    const categories = new Intl.PluralRules(name).resolvedOptions().pluralCategories;
    for (const [key, text] of Object.entries(texts) as [string, Text][])
      if (typeof text !== "string") for (const c of categories) assert.ok(c in text, `${name}: ${key}: ${c}`);
  }
});

test("nothing is left in English", () => {
  const same = Object.entries(languages.ru).filter(([key, text]) => typeof text === "string" && text === en[key as Key] && /[a-z]{3}/i.test(text.replace(/\{\w+\}/g, "")));
  assert.deepEqual(same, []);
});

test("texts take parameters and plural forms", () => {
  setLang("ru");
  assert.deepEqual([1, 3, 5, 21].map((n) => t("people.count", { n })), ["1 участник", "3 участника", "5 участников", "21 участник"]);
  setLang("en");
  assert.deepEqual([1, 2].map((n) => t("people.count", { n })), ["1 person", "2 people"]);
  assert.equal(t("chat.said", { name: "{text}", text: "$& {name}" }), "{text}: $& {name}", "what people write is never taken for a mark");
});

test("the language: named, else the browser's, else English", () => {
  assert.equal(pickLang("ru", ["en"]), "ru");
  assert.equal(pickLang(null, ["de-DE", "ru-RU", "en"]), "ru");
  assert.equal(pickLang("xx", ["de"]), "en");
  assert.equal(pickLang("constructor", []), "en");
});

test("every text is used", () => {
  const source = readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((f) => /\.tsx?$/.test(f) && !/^i18n\/(en|ru)\.ts$|\.test\.ts$/.test(f))
    .map((f) => readFileSync(`src/${f}`, "utf8"))
    .join("\n");
  const byCode = /^(hush|bar|ask|react|mod\.(mute|ask|role|mode|speech)|trouble|refused|ended|error|cause|finding|check\.(step|is)|tile\.paused|conn\.(good|fair|poor|lost))(\.|$)/;
  assert.deepEqual(Object.keys(en).filter((k) => !byCode.test(k) && !source.includes(`"${k}"`)), []);
});
