import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { ends, errors, leaves, pauseReasons, qualityCauses, refusals, remedy, resumesAfter, slotStates, viewPriorities } from "../protocol/codes";
import { en, type Text } from "./en";
import { codeKey, lang, languages, mirrored, pickLang, setLang, t, textsOf, type Key, type Lang, type Texts } from "./index";

const codes = JSON.parse(readFileSync("../signal/codes.json", "utf8")) as Record<
  "refused" | "ended" | "error" | "left" | "slot_state" | "pause_reason" | "view_priority" | "quality_cause",
  string[]
>;
const all: [Lang, Texts][] = await Promise.all((Object.keys(languages) as Lang[]).map(async (name) => [name, await textsOf(name)] as [Lang, Texts]));
const sorted = (list: readonly string[]): string[] => [...list].sort();

test("the page knows exactly the codes of the protocol", () => {
  assert.deepEqual(sorted(Object.keys(refusals)), sorted(codes.refused));
  assert.deepEqual(sorted(Object.keys(ends)), sorted(codes.ended));
  assert.deepEqual(sorted(errors), sorted(codes.error));
  assert.deepEqual(sorted(leaves), sorted(codes.left));
  assert.deepEqual([slotStates, pauseReasons, viewPriorities, qualityCauses], [codes.slot_state, codes.pause_reason, codes.view_priority, codes.quality_cause]);
});

// Covers F-061.
test("every code has words in every language", () => {
  for (const [name, texts] of all) {
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

// Covers F-080.
test("no language lacks a text", () => {
  const missing = all.flatMap(([name, texts]) => (Object.keys(en) as Key[]).filter((key) => texts[key] === undefined).map((key) => `${name} ${key}`));
  assert.equal(missing.length, 0, `missing:\n${missing.join("\n")}\n`);
});

test("no language has a text that English lacks", () => {
  for (const [name, texts] of all) assert.deepEqual(Object.keys(texts).filter((key) => !Object.hasOwn(en, key)), [], name);
});

test("a text has the parameters of the English one, and plural forms where that has them", () => {
  const marks = (x: Text): string[] => sorted([...new Set((typeof x === "string" ? x : Object.values(x).join(" ")).match(/\{\w+\}/g) ?? [])]);
  for (const [name, texts] of all)
    for (const [key, text] of Object.entries(texts) as [Key, Text][]) {
      assert.deepEqual(marks(text), marks(en[key]), `${name}: ${key}`);
      assert.equal(typeof text, typeof en[key], `${name}: ${key}: plural in one language only`);
    }
});

test("plural forms cover what the language needs", () => {
  for (const [name, texts] of all) {
    const categories = new Intl.PluralRules(name).resolvedOptions().pluralCategories;
    for (const [key, text] of Object.entries(texts) as [string, Text][])
      if (typeof text !== "string") for (const c of categories) assert.ok(c in text, `${name}: ${key}: ${c}`);
  }
});

// Words that a language shares with English, or borrowed from it.
const shared = new Set(["de chat", "es chat", "de end.code", "fr conn.direct", "fr stage", "fr react.wow"]);

// Covers F-080.
test("nothing is left in English", () => {
  const same = all
    .filter(([name]) => name !== "en")
    .flatMap(([name, texts]) => (Object.entries(texts) as [Key, Text][]).filter(([key, text]) => typeof text === "string" && text === en[key] && /[a-z]{3}/i.test(text.replace(/\{\w+\}/g, ""))).map(([key]) => `${name} ${key}`))
    .filter((text) => !shared.has(text) && !/ unit\./.test(text));
  assert.deepEqual(same, []);
});

test("a button's words are short in every language", () => {
  const buttons = ["mic.mute", "mic.unmute", "camera.off", "camera.on", "share.start", "share.stop", "hand.raise", "hand.lower", "leave", "ask.mic.yes", "ask.no", "lobby.admit", "pre.join", "end.again", "end.rejoin"] as const;
  for (const [name, texts] of all) for (const key of buttons) assert.ok(String(texts[key]).length <= 24, `${name}: ${key}: ${String(texts[key])}`);
});

test("texts take parameters and plural forms", async () => {
  await setLang("ar");
  assert.deepEqual([0, 1, 2, 3, 11, 100].map((n) => t("people.count", { n })), ["لا أحد", "عدد المشاركين: 1", "عدد المشاركين: 2", "3 أشخاص", "11 شخصًا", "100 شخص"]);
  await setLang("ru");
  assert.deepEqual([1, 3, 5, 21].map((n) => t("people.count", { n })), ["1 участник", "3 участника", "5 участников", "21 участник"]);
  await setLang("en");
  assert.deepEqual([1, 2].map((n) => t("people.count", { n })), ["1 person", "2 people"]);
  assert.equal(t("chat.said", { name: "{text}", text: "$& {name}" }), "{text}: $& {name}", "what people write is never taken for a mark");
});

test("a name in the other direction keeps its order to itself", async () => {
  assert.equal(t("you.named", { name: "Ann" }), "Ann (you)");
  assert.equal(t("you.named", { name: "نور" }), "\u2068نور\u2069 (you)");
  await setLang("ar");
  assert.ok(mirrored());
  assert.equal(t("lobby.reject", { name: "نور" }), "رفض نور");
  assert.equal(t("lobby.reject", { name: "Ann K." }), "رفض \u2068Ann K.\u2069");
  await setLang("en");
});

test("the last language asked for is the one spoken, whatever comes first", async () => {
  await Promise.all([setLang("ru"), setLang("de")]);
  assert.equal(lang(), "de");
  await setLang("en");
  assert.equal(t("leave"), "Leave");
});

// Covers F-080.
test("the language: named, else the first wish that is spoken, else English", () => {
  assert.equal(pickLang("ru", ["en"]), "ru");
  assert.equal(pickLang("pt-BR", []), "pt");
  assert.equal(pickLang(null, [null, "", "nl-BE", "ru-RU", "en"]), "ru");
  assert.equal(pickLang(null, ["it"]), "en");
  assert.equal(pickLang("xx", ["de"]), "en", "an unknown language that is named is English, not the next best");
  assert.equal(pickLang("constructor", []), "en");
});

test("every text is used", () => {
  const source = readdirSync("src", { recursive: true, encoding: "utf8" })
    .filter((f) => /\.tsx?$/.test(f) && !/^i18n\/[a-z]{2}\.ts$|\.test\.ts$/.test(f))
    .map((f) => readFileSync(`src/${f}`, "utf8"))
    .join("\n");
  const byCode = /^(hush|bar|ask|react|mod\.(mute|ask|role|mode|speech)|rules\.(audience|bitrate)|trouble|refused|ended|error|cause|finding|check\.(step|is)|tile\.paused|layout|conn\.(good|fair|poor|lost))(\.|$)/;
  assert.deepEqual(Object.keys(en).filter((k) => !byCode.test(k) && !source.includes(`"${k}"`)), []);
});
