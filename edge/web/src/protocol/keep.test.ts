import assert from "node:assert/strict";
import { test } from "node:test";
import type { FakeSocket } from "./fake";
import { live, on } from "./stay";

test("a line that is lost alone is opened again: same media, no offer, nothing to see", async () => {
  const { clock, net, session, transport } = await live();
  net.keeps = true;
  const phases: string[] = [];
  session.phase.subscribe((p) => phases.push(p));
  for (const round of [1, 2]) {
    (net.joins.at(-1) as FakeSocket).drop();
    session.setMedia({ ...on, camera: true });
    await clock.pass(100);
    const join = (net.joins.at(-1) as FakeSocket).last("join");
    assert.deepEqual([net.joins.length, join.keep, join.offer, join.resume], [1 + round, true, undefined, "ticket of a"]);
  }
  assert.deepEqual(phases, ["live"]);
  assert.deepEqual([session.negotiations, net.transports.length, transport.closed], [1, 1, false]);
  const last = net.joins.at(-1) as FakeSocket;
  assert.deepEqual([last.last("media").camera, last.node], [true, "a"]);
  session.say("hello");
  assert.equal(last.last("chat").text, "hello");
  last.deliver({ type: "speaking", peer_ids: ["x"], dominant: "x" });
  await clock.pass(20_000);
  assert.equal(session.roster.value.dominant, "x");
  assert.equal(net.joins.length, 3);
});

test("media that the node does not have any more is not kept: on to the next node", async () => {
  const { clock, net, session, socket } = await live();
  socket.drop();
  await clock.pass(1_000);
  assert.deepEqual([net.joins.map((s) => s.node), session.phase.value, session.attachments], [["a", "a", "b"], "live", 2]);
});

test("without media nothing is kept", async () => {
  const { clock, net, socket, transport } = await live();
  net.keeps = true;
  transport.onstate("disconnected");
  socket.drop();
  await clock.pass(1_000);
  assert.deepEqual([net.joins.at(-1)?.node, net.joins.at(-1)?.last("join").keep], ["b", undefined]);
});

test("a node that is gone keeps nobody waiting", async () => {
  const { clock, net, session, socket } = await live();
  net.keeps = true;
  net.silent.add("a");
  socket.drop();
  await clock.pass(300);
  assert.deepEqual([net.joins.at(-1)?.node, session.phase.value], ["b", "live"]);
});

test("media that breaks while the line is opened again ends the try", async () => {
  const { clock, net, session, socket, transport } = await live();
  net.refuse.set("b", () => "node_full");
  socket.drop();
  transport.onstate("failed");
  await clock.pass(15_000);
  assert.deepEqual([session.phase.value, net.joins.at(-1)?.node], ["live", "c"]);
});

test("leaving while the line is opened again is leaving", async () => {
  const { clock, net, session, socket } = await live();
  net.keeps = true;
  socket.drop();
  session.leave();
  await clock.pass(10_000);
  assert.equal(session.phase.value, "ended");
  assert.ok(net.transports.every((t) => t.closed));
});
