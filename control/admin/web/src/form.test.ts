import assert from "node:assert/strict";
import { test } from "node:test";
import { begin, bodyOf, inDays, missing, tidyScopes } from "./form";
import { sections, type Block, type Field } from "./sections";

const blockOf = (path: string): Block => sections.flatMap((s) => s.blocks).find((b) => b.path === path) as Block;
const rooms = blockOf("rooms").fields;
const keys = blockOf("keys").fields;

test("a new thing's body has what was filled in, and no more", () => {
  const values = { ...begin(rooms, null), name: " Stand-up ", public_id: "standup", "settings.lobby": true };
  assert.deepEqual(bodyOf(rooms, null, values), { name: "Stand-up", public_id: "standup", kind: "call", settings: { lobby: true } });
});

test("a change has what differs, and null where something was emptied", () => {
  const room = { id: "r", name: "Old", public_id: "standup", kind: "call", open: true };
  const values = { ...begin(rooms, room), name: "", open: false, public_id: "other" };
  assert.deepEqual(bodyOf(rooms, room, values), { name: null, open: false }, "a name in links is not for changes");
  assert.deepEqual(bodyOf(rooms, room, begin(rooms, room)), {});
});

test("a switch that is on by itself is told when it is off", () => {
  assert.equal(begin(keys, null)["active"], true);
  assert.equal(begin(keys, { id: "k" })["active"], true);
  assert.equal(begin(keys, { id: "k", active: false })["active"], false);
  assert.deepEqual(bodyOf(keys, null, { ...begin(keys, null), pem: "x", active: false }), { pem: "x", active: false });
});

test("passwords are never shown, and taken letter by letter", () => {
  const fields: Field[] = [{ name: "password", label: "users.password", kind: "password" }];
  assert.deepEqual(begin(fields, { id: "u", password: "leaked" }), { password: "" });
  assert.deepEqual(bodyOf(fields, { id: "u" }, { password: " x " }), { password: " x " });
  assert.deepEqual(bodyOf(fields, { id: "u" }, { password: "" }), {}, "an empty field leaves it");
});

test("what must be filled is missed while it is not", () => {
  assert.deepEqual(missing(keys, null, begin(keys, null)), ["pem"]);
  assert.deepEqual(missing(keys, { id: "k" }, begin(keys, { id: "k" })), []);
});

test("writing includes reading", () => {
  assert.deepEqual(tidyScopes(["rooms:read", "users:read", "rooms:write"]), ["rooms:write", "users:read"]);
});

test("ends are whole seconds", () => {
  assert.equal(inDays(30, Date.UTC(2026, 10, 21, 9, 30, 0, 123)), "2026-12-21T09:30:00Z");
});
