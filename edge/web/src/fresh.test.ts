import assert from "node:assert/strict";
import { test } from "node:test";
import { newRoomId, roomLink } from "./fresh";
import { readParams } from "./params";

// GC-A02.
test("a new room has an id that nobody guesses, and a link that leads to it", () => {
  const ids = new Set(Array.from({ length: 1_000 }, () => newRoomId()));
  assert.equal(ids.size, 1_000);
  for (const id of ids) assert.match(id, /^[a-hjkmnp-z2-9]{14}$/);
  const [id = ""] = ids;
  const link = new URL(roomLink("https://meet.example.com", id));
  const params = readParams(link.pathname, link.search);
  assert.deepEqual([params.room, params.kind, params.source, params.fresh], [id, "call", "gcore", false]);
  assert.equal(roomLink("https://x", "a b&c"), "https://x/call/?roomId=a+b%26c");
});

test("every letter of an id is as likely as another", () => {
  // All bytes there are, in turn: those above the last whole round of the alphabet count for nothing.
  const used = new Map<string, number>();
  for (let first = 0; first < 256; first++) {
    const [c = ""] = newRoomId((b) => b.fill(first < 248 ? first : 0));
    used.set(c, (used.get(c) ?? 0) + (first < 248 ? 1 : 0));
  }
  assert.deepEqual(new Set(used.values()), new Set([8]));
  assert.equal(used.size, 31);
  let calls = 0;
  newRoomId((b) => b.fill(calls++ === 0 ? 255 : 7));
  assert.equal(calls, 2);
});

test("/new is the one address that makes a room", () => {
  for (const [path, fresh] of [["/new", true], ["/new/", true], ["/m/new", false], ["/call/", false], ["/", false]] as const) assert.equal(readParams(path, "").fresh, fresh, path);
});
