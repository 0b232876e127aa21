import assert from "node:assert/strict";
import { test } from "node:test";
import { acked, failed, linkify, settle, type Outgoing } from "./chat";
import type { ChatMessage } from "./messages";

const msg = (seq: number, text: string, peer = "me"): ChatMessage => ({ seq, peer_id: peer, name: peer, text, at: "" });
const out = (id: string, text: string): Outgoing => ({ id, text, state: "sending" });

test("ack first, then the message", () => {
  const afterAck = acked([out("1", "hi")], "1", 7, []);
  assert.equal(afterAck.length, 1);
  assert.deepEqual(settle(afterAck, [msg(7, "hi")], "me"), []);
});

test("the message first, then the ack", () => {
  const afterMessage = settle([out("1", "hi")], [msg(7, "hi")], "me");
  assert.deepEqual(afterMessage, []);
  assert.deepEqual(acked(afterMessage, "1", 7, [msg(7, "hi")]), []);
});

test("the same text said twice is told apart, and an older one does not count", () => {
  assert.deepEqual(settle([out("1", "hi"), out("2", "hi")], [msg(7, "hi")], "me").map((o) => o.id), ["2"]);
  assert.equal(settle([out("1", "hi")], [msg(7, "hi")], "me", 7).length, 1);
  assert.equal(settle([out("1", "hi")], [msg(7, "hi", "other")], "me").length, 1);
});

test("a failure stays until it is said again", () => {
  const f = failed([out("1", "hi")], "1", "rate_limited");
  assert.deepEqual(f, [{ id: "1", text: "hi", state: "failed", code: "rate_limited" }]);
  assert.equal(settle(f, [msg(7, "hi")], "me").length, 1);
});

test("links", () => {
  const links = (s: string): (string | undefined)[] => linkify(s).flatMap((p) => ("link" in p ? [p.text] : []));
  assert.deepEqual(links("see https://a.example/x?y=1#z, and http://b.example."), ["https://a.example/x?y=1#z", "http://b.example"]);
  assert.deepEqual(links("(https://a.example/w_(x)) <https://b.example>"), ["https://a.example/w_(x)", "https://b.example"]);
  assert.deepEqual(links("javascript:alert(1) data:text/html,x ftp://a https:// http://["), []);
  for (const s of ["", "plain", "a https://x.example b\nc", "https://x.example"]) assert.equal(linkify(s).map((p) => p.text).join(""), s);
});
