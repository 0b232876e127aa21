import assert from "node:assert/strict";
import { test } from "node:test";
import { settle, type FakeSocket } from "./fake";
import { person } from "./roster.test";
import { live } from "./stay";

test("what a slot gets and how well it travels is kept until another node says it", async () => {
  const { session, socket, clock, net } = await live();
  const layer = { state: "paused", reason: "bandwidth", spatial: -1, temporal: -1, layers: 3, bitrate: 0 };
  socket.deliver({ type: "layers", video: [layer, null] });
  socket.deliver({ type: "quality", up: { score: 4.1, cause: "none" }, down: { score: 3.2, cause: "downlink" } });
  await clock.pass(10);
  assert.deepEqual(session.layers.value, [layer, null]);
  assert.equal(session.quality.value?.down.cause, "downlink");
  net.silent.add("a");
  await clock.pass(6_000);
  assert.deepEqual([session.layers.value, session.quality.value], [[], null]);
});

test("what is watched and the bound go to the transport they were said to", async () => {
  const { socket, clock, transport } = await live();
  socket.deliver({ type: "encode", up: { camera: { layers: 1 } } });
  socket.deliver({ type: "encode", up: null });
  socket.deliver({ type: "bitrate", up: 1_200_000 });
  await clock.pass(10);
  assert.deepEqual(transport.log.slice(2), ['encode {"camera":{"layers":1}}', "encode {}", "limit 1200000"]);
});

test("a moderator bounds the room, and is told whether that was done", async () => {
  const { session, socket, clock, transport, net } = await live();
  socket.deliver({ type: "update", version: 2, events: [{ kind: "person", person: { ...person(session.self, 0, ["mic"]), role: "moderator" } }] });
  await clock.pass(10);
  assert.equal(await session.setBitrate(20_000), "bad_message");
  const outcomes: string[] = [];
  const set = (max: number): void => void session.setBitrate(max).then((code) => outcomes.push(code));
  set(300_000);
  set(400_000);
  set(0);
  const asked = socket.sent.filter((m) => m.type === "act");
  assert.deepEqual(asked.map((m) => m.verb === "bitrate" && m.value), [300_000, 400_000, 0]);
  assert.equal(transport.log.filter((l) => l.startsWith("limit")).length, 0, "the node says when it holds");
  const errors: string[] = [];
  session.onerror = (code) => errors.push(code);
  socket.deliver({ type: "ack", id: asked[0]?.id ?? "" });
  socket.deliver({ type: "bitrate", up: 300_000 });
  socket.deliver({ type: "error", id: asked[1]?.id, code: "not_allowed", message: "" });
  await clock.pass(10);
  assert.deepEqual([outcomes, errors, transport.log.at(-1)], [["", "not_allowed"], [], "limit 300000"]);
  net.silent.add("a");
  await clock.pass(20_000);
  assert.deepEqual(outcomes, ["", "not_allowed", "try_again"]);
});

// Covers F-098.
test("who is no moderator bounds only themselves, under the room's bound, at every node", async () => {
  const { session, socket, clock, transport, net } = await live();
  assert.equal(await session.setBitrate(500_000), "");
  socket.deliver({ type: "bitrate", up: 300_000 });
  socket.deliver({ type: "bitrate", up: 0 });
  await clock.pass(10);
  assert.deepEqual(transport.log.slice(2), ["limit 500000", "limit 300000", "limit 500000"]);
  assert.ok(socket.sent.every((m) => m.type !== "act"));
  net.silent.add("a");
  await clock.pass(8_000);
  assert.deepEqual(session.attachment.value?.transport.log.slice(2), ["limit 500000"]);
});

test("views are sent on change, and to the next node again", async () => {
  const { session, socket, clock, net } = await live();
  const view = { width: 640, height: 360, priority: "speaker", visible: true } as const;
  session.setViews([view, null]);
  session.setViews([view, null]);
  await clock.pass(500);
  assert.deepEqual(socket.sent.filter((m) => m.type === "views"), [{ type: "views", video: [view, null] }]);
  net.silent.add("a");
  await clock.pass(7_000);
  const next = net.joins.at(-1) as FakeSocket;
  assert.deepEqual(next.last("views").video, [view, null]);
});

test("chat: delivered once the room has it, said again after a resume", async () => {
  const { clock, net, session, socket } = await live();
  session.say("hello");
  assert.equal(session.outgoing.value[0]?.state, "sending");
  const sent = socket.last("chat");
  net.silent.add("a");
  await clock.pass(6_000);
  const next = net.joins.at(-1) as FakeSocket;
  assert.equal(next.last("chat").id, sent.id);
  next.deliver({ type: "update", version: 2, events: [{ kind: "chat", message: { seq: 1, peer_id: session.self, name: "Ann", text: "hello", at: "" } }] });
  next.deliver({ type: "ack", id: sent.id, seq: 1 });
  await settle();
  assert.equal(session.outgoing.value.length, 0);
  assert.equal(session.roster.value.chat.length, 1);
  session.say("too long");
  next.deliver({ type: "error", id: "c2", code: "chat_too_long", message: "" });
  await settle();
  assert.deepEqual(session.outgoing.value.map((o) => [o.state, o.code]), [["failed", "chat_too_long"]]);
});

test("frames that are no messages are passed over", async () => {
  const { session, socket, clock } = await live();
  for (const data of ["", "{", "null", "[]", "7", '{"type":3}', '{"type":"tomorrow"}', new ArrayBuffer(3)]) socket.onmessage?.({ data });
  socket.deliver({ type: "update", version: 2 });
  socket.deliver({ type: "reset", version: 3, people: null, chat: null });
  socket.deliver({ type: "speaking", peer_ids: null });
  socket.deliver({ type: "layers", video: null });
  await clock.pass(10);
  assert.equal(session.phase.value, "live");
  assert.equal(session.roster.value.version, 3);
});

test("a name taken by hand is the room's, and the next node's", async () => {
  const { session, socket, clock, net } = await live();
  session.rename("Bea");
  assert.deepEqual(socket.last("rename"), { type: "rename", name: "Bea" });
  net.silent.add("a");
  await clock.pass(8_000);
  const next = net.joins.at(-1) as FakeSocket;
  assert.notEqual(next, socket);
  assert.deepEqual(next.last("rename"), { type: "rename", name: "Bea" });
});
