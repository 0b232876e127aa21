import assert from "node:assert/strict";
import { test } from "node:test";
import type { FakeSocket } from "./fake";
import { live, make, on } from "./stay";

test("a join: offer with it, then servers and answer, one exchange", async () => {
  const { session, socket, transport } = await live();
  const join = socket.last("join");
  assert.deepEqual([join.room, join.token, join.name, join.resume, join.media.mic, join.hear], ["demo", "secret", "Ann", "", true, "loudest"]);
  assert.ok(join.offer?.startsWith("offer-"));
  assert.deepEqual(transport.log, ["offer", "accept answer of a"]);
  assert.deepEqual(transport.servers, [{ urls: ["turn:a"] }]);
  assert.deepEqual(transport.mids, { video: ["5", "6"], audio: ["7"] });
  assert.equal(session.self, "made-up");
  assert.equal(session.negotiations, 1);
});

test("a page that goes says so and ends nothing; the next one has its place", async () => {
  const { session, socket, clock } = await live();
  session.away();
  assert.deepEqual(socket.last("leave"), { type: "leave", grace: true });
  assert.equal(session.phase.value, "live");
  const next = make();
  void next.session.comeBack({ room: "demo", peerId: "made-up", name: "Ann", ticket: "ticket of a" }, on);
  await next.clock.pass(300);
  const join = next.net.joins[0]?.last("join");
  assert.deepEqual([join?.resume, join?.token, join?.peer_id, join?.media.mic], ["ticket of a", "", "made-up", true]);
  assert.equal(next.session.phase.value, "live");
  await clock.pass(1);
});

test("a node that goes silent: back on the next one, with the ticket and the same id", async () => {
  const { clock, net, session, transport } = await live(["a", "b", "c"], "kept");
  const first = net.joins.at(-1) as FakeSocket;
  net.silent.add("a");
  await clock.pass(4_000);
  assert.equal(session.phase.value, "live", "four seconds are not yet silence");
  await clock.pass(2_000);
  assert.equal(session.phase.value, "live");
  const join = net.joins.at(-1) as FakeSocket;
  assert.equal(join.node, "b");
  assert.deepEqual([join.last("join").resume, join.last("join").token, join.last("join").peer_id], ["ticket of a", "", "kept"]);
  assert.equal(session.attachments, 2);
  assert.ok(transport.closed, "the dead attachment is let go");
  assert.equal(first.code, 3008, "1000 would say that the person left");
});

test("only media broke: one ICE restart on the same node", async () => {
  const { clock, net, session, socket, transport } = await live();
  transport.onstate("disconnected");
  await clock.pass(1_900);
  assert.equal(transport.log.includes("restart"), false);
  await clock.pass(200);
  assert.deepEqual(transport.log.slice(2), ["restart", "accept again"]);
  transport.onstate("connected");
  await clock.pass(20_000);
  assert.equal(net.joins.length, 1);
  assert.equal(session.negotiations, 2);
  assert.equal(socket.last("offer").id, "o1");
});

test("a restart that does not help leads to the next node", async () => {
  const { clock, net, session, transport } = await live();
  transport.onstate("failed");
  await clock.pass(7_000);
  assert.equal(net.joins.at(-1)?.node, "b");
  assert.equal(session.phase.value, "live");
});

test("a restart nobody answers leads to the next node", async () => {
  const { clock, net, transport } = await live();
  net.answerOffers = false;
  transport.onstate("failed");
  await clock.pass(5_000);
  assert.equal(net.joins.at(-1)?.node, "b");
});

test("media that never comes up is said, not tried for ever", async () => {
  const { clock, session } = make();
  void session.join("Ann", on);
  await clock.pass(120_000);
  assert.equal(session.phase.value, "ended");
  assert.equal(session.verdict.value?.code, "transport_failed");
});

test("sleep: the node is asked before it is called dead", async () => {
  const { clock, net, session } = await live();
  clock.sleep(3_600_000);
  await clock.pass(10_000);
  assert.equal(net.joins.length, 1);
  assert.equal(session.phase.value, "live");
});

// Covers F-046, GC-A25.
test("superseded does not come back by itself, and may by hand", async () => {
  const { clock, net, session, socket } = await live([..."abc"], "me");
  socket.deliver({ type: "ended", code: "superseded", message: "" });
  await clock.pass(60_000);
  assert.deepEqual([session.phase.value, session.verdict.value?.code, net.joins.length], ["ended", "superseded", 1]);
  void session.join("Ann", on);
  await clock.pass(300);
  const again = net.joins.at(-1)?.last("join");
  assert.deepEqual([session.phase.value, again?.peer_id, again?.token, again?.resume], ["live", "me", "secret", ""]);
});

test("a node that ends for its own reasons is left for the next", async () => {
  for (const code of ["node_draining", "slow_consumer", "internal", "transport_failed"]) {
    const { clock, net, session, socket } = await live();
    socket.deliver({ type: "ended", code, message: "" });
    socket.drop(4000);
    await clock.pass(1_000);
    assert.deepEqual([code, session.phase.value, net.joins.at(-1)?.node], [code, "live", "b"]);
  }
});

test("leaving says so and stays away", async () => {
  const { clock, net, session, socket, transport } = await live();
  session.leave();
  socket.drop(1000);
  await clock.pass(60_000);
  assert.equal(socket.last("leave").type, "leave");
  assert.deepEqual([session.phase.value, session.verdict.value?.code, net.joins.length], ["ended", "left", 1]);
  assert.ok(transport.closed);
});

test("leaving in the middle of a join leaves nothing behind", async () => {
  const { clock, net, session } = make();
  void session.join("Ann", on);
  session.leave();
  await clock.pass(10_000);
  assert.equal(session.phase.value, "ended");
  assert.ok(net.sockets.every((s) => s.closed));
  assert.ok(net.transports.every((t) => t.closed));
});
