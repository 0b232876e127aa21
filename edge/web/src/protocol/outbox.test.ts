import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChatMessage, ClientMessage } from "./messages";
import { Outbox } from "./outbox";

function make() {
  const sent: ClientMessage[] = [];
  let ids = 0;
  return { sent, outbox: new Outbox(() => `c${++ids}`, (m) => void sent.push(m)) };
}

const said = (seq: number, text: string): ChatMessage => ({ seq, peer_id: "me", name: "Ann", text, at: new Date(0).toISOString() });

test("what is written is there until the room has said it", () => {
  const { sent, outbox } = make();
  outbox.say("hello");
  assert.deepEqual(sent, [{ type: "chat", id: "c1", text: "hello" }]);
  outbox.acked("c1", 4, []);
  assert.equal(outbox.outgoing.value.length, 1);
  outbox.said([said(4, "hello")], "me");
  assert.deepEqual(outbox.outgoing.value, []);
});

test("another node is told again what it may not know, and only that", () => {
  const { sent, outbox } = make();
  outbox.said([said(3, "twice")], "me");
  outbox.say("acked");
  outbox.say("twice");
  outbox.acked("c1", 4, []);
  outbox.again([said(3, "twice")], "me");
  assert.deepEqual(sent.map((m) => "id" in m && m.id), ["c1", "c2", "c2"], "an old message of the same words is not this one");
});

test("a refusal is of a message or is left to others, and may be tried again", () => {
  const { sent, outbox } = make();
  outbox.say("hello");
  assert.equal(outbox.failed("x", "rate"), false);
  assert.equal(outbox.failed("c1", "rate"), true);
  assert.deepEqual(outbox.outgoing.value, [{ id: "c1", text: "hello", state: "failed", code: "rate" }]);
  outbox.sayAgain("c1");
  assert.deepEqual([outbox.outgoing.value.length, sent.length, outbox.outgoing.value[0]?.state], [1, 2, "sending"]);
  outbox.sayAgain("c1");
  assert.equal(sent.length, 2, "what is gone is not said");
});
