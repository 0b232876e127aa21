import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { begin, bodyOf } from "./form";
import { sections } from "./sections";
import { choose, groups, rules, shown, typed } from "./settings";

interface Schema {
  enum?: string[];
}
const api = JSON.parse(readFileSync("../../api/openapi.json", "utf8")) as { components: { schemas: { Settings: { properties: Record<string, Schema> } } } };
const settings = api.components.schemas.Settings.properties;
const controls = groups.flatMap((g) => g.controls);

test("every setting that a company may choose has its place, and no other has", () => {
  const looks = "branding"; // a page of its own
  assert.deepEqual([...controls.map((c) => c.name), looks].sort(), Object.keys(settings).sort());
});

test("a choice has the words of the API", () => {
  for (const c of controls.filter((x) => x.kind === "choice")) assert.deepEqual(c.choices?.map((o) => o.value).sort(), [...(settings[c.name]?.enum ?? [])].sort(), c.name);
});

test("a room is as its company until somebody chooses, and may be so again", () => {
  const fields = sections.flatMap((s) => s.blocks).find((b) => b.path === "rooms")?.fields ?? [];
  assert.deepEqual(bodyOf(fields, null, begin(fields, null)), { kind: "call" });
  const made = { ...begin(fields, null), "settings.mute_mode": "q&a", "settings.who_writes": "nobody" };
  assert.deepEqual(bodyOf(fields, null, made), { kind: "call", settings: { mute_mode: "q&a", who_writes: "nobody" } });
  const room = { id: "r", kind: "call", settings: { mute_mode: "q&a" } };
  assert.deepEqual(bodyOf(fields, room, { ...begin(fields, room), "settings.mute_mode": "" }), { settings: { mute_mode: null } });
  assert.ok(rules.every((r) => fields.some((f) => f.name === `settings.${r.name}`)));
});

test("lists are typed with commas or blanks, and nothing typed is no choice", () => {
  assert.deepEqual(typed("numbers", "1440, 15 ;5"), [1440, 15, 5]);
  assert.deepEqual(typed("words", "chat share"), ["chat", "share"]);
  assert.equal(typed("number", "30"), 30);
  assert.equal(typed("text", "de-CH"), "de-CH");
  for (const kind of ["numbers", "words", "number", "text"] as const) assert.equal(typed(kind, " , ".slice(0, kind === "text" ? 1 : 3)), undefined);
  assert.deepEqual([shown([15, 5]), shown([]), shown(undefined), shown(0), shown("x")], ["15, 5", "", "", "0", "x"]);
  assert.deepEqual(choose("reminder_minutes", typed("numbers", "")), { settings: { reminder_minutes: null } });
});
