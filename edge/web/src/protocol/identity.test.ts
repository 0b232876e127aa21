import assert from "node:assert/strict";
import { test } from "node:test";
import { credentials, type Identity } from "./identity";
import type { Joined } from "./messages";

const ann: Identity = { room: "demo", kind: "call", pageHost: "meet.example", token: "secret", browser: "b", name: "Ann", peerId: "ann", attributes: () => ({ video: "false" }) };
const joined = { peer_id: "given", room: { id: "other", version: 1, home: "a" } } as Joined;

test("at first one shows what was brought", () => {
  assert.deepEqual(credentials(ann, null, ""), { room: "demo", kind: "call", source: "native", page_host: "meet.example", token: "secret", browser: "b", name: "Ann", peer_id: "ann", resume: "", attributes: { video: "false" } });
});

test("a ticket is for the room that was joined, and stands alone", () => {
  assert.deepEqual(credentials(ann, joined, "t"), { room: "other", kind: "call", source: "native", page_host: "meet.example", token: "", browser: "", name: "", peer_id: "given", resume: "t", attributes: {} });
  assert.deepEqual([credentials(ann, null, "t").room, credentials(ann, null, "t").peer_id], ["demo", "ann"]);
});

test("without the ticket the token again, under the id that was given", () => {
  const c = credentials(ann, joined, "");
  assert.deepEqual([c.room, c.token, c.peer_id], ["demo", "secret", "given"]);
});
