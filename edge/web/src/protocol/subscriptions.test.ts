import assert from "node:assert/strict";
import { test } from "node:test";
import type { FakeSocket, FakeTransport } from "./fake";
import { person } from "./roster.test";
import { live, make, on } from "./stay";

test("a newcomer and a speaker cause subscribe, never an exchange", async () => {
  const { session, socket, clock } = await live();
  socket.deliver({ type: "update", version: 2, events: [{ kind: "join", person: person("x", 5) }] });
  await clock.pass(10);
  assert.deepEqual(socket.last("subscribe"), { type: "subscribe", seq: 1, video: ["x.camera", null] });
  assert.deepEqual(session.confirmed.value.video, ["x.camera", null]);
  socket.deliver({ type: "speaking", peer_ids: ["x"] });
  await clock.pass(10);
  assert.equal(socket.sent.filter((m) => m.type === "subscribe").length, 1);
  assert.equal(session.negotiations, 1);
});

test("more pictures than slots: more are asked for once, and what is shown stays", async () => {
  const all = make();
  all.net.people = ["x", "y"].map((id, i) => person(id, i + 1));
  void all.session.join("Ann", on);
  await all.clock.pass(300);
  const { session, clock } = all;
  const socket = all.net.joins[0] as FakeSocket;
  const transport = session.attachment.value?.transport as FakeTransport;
  assert.equal(transport.log.filter((l) => l.startsWith("widen")).length, 0, "two of two");
  all.net.answerOffers = false;
  socket.deliver({ type: "update", version: 2, events: [{ kind: "join", person: person("z", 9) }, { kind: "join", person: person("w", 10) }] });
  await clock.pass(10);
  assert.deepEqual(transport.log.filter((l) => l.startsWith("widen")), ["widen 9"]);
  const before = session.assigned.value.video;
  socket.deliver({ type: "answer", id: socket.last("offer").id, answer: "wide", slots: { video: ["5", "6", "8", "9"], audio: ["7"] } });
  await clock.pass(10);
  assert.deepEqual(session.assigned.value.video, [...before, "z.camera", "w.camera"]);
  assert.deepEqual([session.negotiations, socket.last("subscribe").video.length], [2, 4]);
});

test("a node that gives no more slots is not asked again", async () => {
  const all = make();
  all.net.people = ["x", "y", "z"].map((id, i) => person(id, i + 1));
  void all.session.join("Ann", on);
  await all.clock.pass(300);
  const socket = all.net.joins[0] as FakeSocket;
  (all.session.attachment.value?.transport as FakeTransport).onstate("connected");
  socket.deliver({ type: "update", version: 2, events: [{ kind: "join", person: person("w", 10) }] });
  await all.clock.pass(5_000);
  assert.equal(socket.sent.filter((m) => m.type === "offer").length, 1);
});

test("a track the node could not give is asked for again", async () => {
  const { socket, clock, net } = await live();
  net.serve = () => {};
  socket.deliver({ type: "update", version: 2, events: [{ kind: "join", person: person("x", 5, ["camera"]) }] });
  await clock.pass(1);
  socket.deliver({ type: "subscribed", seq: 1, failed: [{ track: "x.camera", code: "no_such_track" }] });
  await clock.pass(1);
  assert.deepEqual(socket.last("subscribe").video, [null, null]);
  await clock.pass(1600);
  assert.deepEqual(socket.last("subscribe").video, ["x.camera", null]);
});

test("the node fills the audio slots and says so", async () => {
  const { session, socket, clock } = await live();
  socket.deliver({ type: "update", version: 2, events: [{ kind: "join", person: person("x", 5) }] });
  socket.deliver({ type: "heard", audio: ["x.mic", "y.mic"] });
  await clock.pass(10);
  assert.deepEqual([session.assigned.value, session.confirmed.value], Array(2).fill({ video: ["x.camera", null], audio: ["x.mic"] }));
  socket.deliver({ type: "heard", audio: null });
  await clock.pass(10);
  assert.deepEqual(session.confirmed.value.audio, [null]);
});
