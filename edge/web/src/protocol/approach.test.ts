import assert from "node:assert/strict";
import { test } from "node:test";
import type { FakeSocket, FakeTransport } from "./fake";
import { live, make, on } from "./stay";

test("what was prepared is used: one socket, one transport", async () => {
  const { clock, net, session } = make();
  void session.prepare();
  await clock.pass(300);
  assert.deepEqual([net.sockets.length, net.joins.length], [1, 0]);
  void session.join("Ann", on);
  await clock.pass(10);
  assert.equal(session.phase.value, "live");
  assert.deepEqual([net.sockets.length, net.transports.length], [1, 1]);
});

test("a prepared socket that the server closed meanwhile costs nothing", async () => {
  const { clock, net, session } = make();
  void session.prepare();
  await clock.pass(300);
  net.sockets[0]?.drop();
  void session.join("Ann", on);
  await clock.pass(10);
  assert.equal(session.phase.value, "live");
  assert.equal(net.joins[0]?.node, "a");
  assert.equal(net.transports.filter((t) => !t.closed).length, 1);
});

test("a place that is gone is asked for as at first, under the same id", async () => {
  const { session, net, clock } = make();
  net.refuse.set("a", (m) => (m.resume ? "resume_invalid" : undefined));
  void session.comeBack({ room: "demo", peerId: "ann", name: "Ann", ticket: "old" }, on);
  await clock.pass(300);
  const join = net.joins.at(-1)?.last("join");
  assert.deepEqual([join?.resume, join?.token, join?.name, join?.peer_id], ["", "secret", "Ann", "ann"]);
  assert.equal(session.phase.value, "live");
});

test("a token may lead to another room than the address: one resumes in that one", async () => {
  const { clock, net, session } = make();
  net.rooms.set("demo", "of the token");
  void session.join("Ann", on);
  await clock.pass(300);
  net.silent.add("a");
  await clock.pass(6_000);
  assert.equal((net.joins.at(-1) as FakeSocket).last("join").room, "of the token");
});

test("two nodes silent: the third takes over without a pause", async () => {
  const { clock, net, session, socket } = await live();
  net.silent.add("a").add("b");
  socket.drop();
  await clock.pass(3_000);
  assert.equal(session.phase.value, "live");
  assert.equal(net.joins.at(-1)?.node, "c");
});

test("all silent: it tries for ever with pauses, and is back when one is", async () => {
  const { clock, net, session, socket } = await live();
  for (const n of net.names) net.silent.add(n);
  socket.drop();
  await clock.pass(600_000);
  assert.equal(session.phase.value, "reconnecting");
  const tries = net.sockets.length;
  assert.ok(tries < 150, `${tries} sockets in ten minutes`);
  net.silent.delete("c");
  await clock.pass(20_000);
  assert.equal(session.phase.value, "live");
  assert.equal(session.joined.value?.node.id, "c");
});

// Covers F-060.
test("the network may have changed: an answer is enough, a dead socket is left", async () => {
  const { clock, net, session, socket, transport } = await live();
  session.shake(false);
  await clock.pass(1_500);
  assert.deepEqual([session.phase.value, net.sockets.length], ["live", 1]);
  socket.closed = true;
  transport.flowing = false;
  session.shake(false);
  await clock.pass(400);
  assert.equal(session.phase.value, "live");
  assert.equal(net.joins.length, 2);
});

test("silence: an answer ends the doubt, none leaves the socket for a new one", async () => {
  const { clock, net, session, socket, transport } = await live();
  transport.flowing = false;
  transport.onsilence(); // everybody has muted
  await clock.pass(2_000);
  assert.deepEqual([session.phase.value, net.sockets.length], ["live", 1]);
  socket.closed = true;
  transport.onsilence();
  await clock.pass(400);
  assert.equal(session.phase.value, "live");
  assert.equal(net.joins.length, 2);
});

test("the network changed: a dead socket is left at once, for the same node", async () => {
  const { clock, net, session, socket, transport } = await live();
  socket.closed = true; // no word of it, as of an address that is gone
  transport.flowing = false;
  session.shake(true);
  session.shake(true);
  await clock.pass(100);
  assert.equal(session.phase.value, "live");
  assert.deepEqual([net.joins.length, net.joins.at(-1)?.node], [2, "a"]);
  assert.equal(net.joins.at(-1)?.last("join").resume, "ticket of a");
});

test("the network changed: a socket that lives and media that stands need one restart", async () => {
  const { clock, net, session, transport } = await live();
  session.shake(true);
  await clock.pass(1_000);
  assert.equal(transport.log.includes("restart"), false, "all flows");
  transport.flowing = false;
  session.shake(true);
  await clock.pass(1_000);
  assert.deepEqual(transport.log.slice(2), ["restart", "accept again"]);
  assert.equal(net.joins.length, 1);
  assert.equal(net.sockets.filter((s) => !s.closed).length, 1, "the rival is let go");
});

test("the network is back: nothing is waited for, and no node held against it", async () => {
  const { clock, net, session, socket } = await live();
  for (const n of net.names) net.silent.add(n);
  socket.drop();
  await clock.pass(60_000);
  net.silent.clear();
  session.shake(true);
  session.shake(true);
  await clock.pass(100);
  assert.equal(session.phase.value, "live");
  assert.equal(net.joins.at(-1)?.node, "a");
});

test("a node that answers late is not left: only another socket's opening proves the first dead", async () => {
  const { clock, net, transport } = await live();
  net.silent.add("a");
  transport.onsilence();
  await clock.pass(2_000);
  net.silent.delete("a");
  await clock.pass(4_000);
  assert.equal(net.joins.length, 1);
});

test("move: the new attachment has media before the old one goes", async () => {
  const { clock, net, session, socket, transport } = await live();
  socket.deliver({ type: "move", code: "node_draining" });
  await clock.pass(10);
  const fresh = net.transports.at(-1) as FakeTransport;
  assert.equal(net.joins.at(-1)?.node, "b");
  assert.equal(session.attachment.value?.transport, transport, "still the old one");
  socket.deliver({ type: "ended", code: "superseded", message: "" });
  socket.drop(4000);
  await clock.pass(10);
  assert.equal(session.phase.value, "live", "that the server ends the old one is no surprise");
  assert.equal(transport.closed, false);
  fresh.onstate("connected");
  await clock.pass(400);
  assert.equal(session.attachment.value?.transport, transport, "until the first pictures are there");
  await clock.pass(200);
  assert.equal(session.attachment.value?.transport, fresh);
  assert.ok(transport.closed);
  assert.equal(session.phase.value, "live");
});

test("move: media is negotiated once, ahead of the place", async () => {
  const { clock, net, session, socket } = await live();
  net.connects = true;
  socket.deliver({ type: "move", code: "node_draining" });
  await clock.pass(10);
  const fresh = net.transports.at(-1) as FakeTransport;
  assert.deepEqual(fresh.log, ["offer", "accept early answer of b"]);
  assert.equal((net.joins.at(-1) as FakeSocket).last("join").ahead, true);
  fresh.onstate("connected");
  await clock.pass(600);
  assert.deepEqual([session.attachment.value?.transport, session.negotiations, fresh.log.length], [fresh, 2, 2]);
});

test("a ticket too old: the token and the id instead", async () => {
  const { clock, net, session, socket } = await live([..."abc"], "me");
  net.refuse.set("b", (m) => (m.resume ? "resume_invalid" : undefined));
  socket.drop();
  await clock.pass(1_000);
  assert.equal(session.phase.value, "live");
  const join = net.joins.at(-1)?.last("join");
  assert.deepEqual([join?.resume, join?.token, join?.name, join?.peer_id], ["", "secret", "Ann", "me"]);
});

test("a refusal is final, and another try asks again", async () => {
  const { clock, net, session } = make();
  net.refuse.set("a", () => "token_expired");
  void session.join("Ann", on);
  await clock.pass(60_000);
  assert.deepEqual([session.phase.value, session.verdict.value?.code, net.joins.length], ["refused", "token_expired", 1]);
  assert.ok(net.transports.every((t) => t.closed));
  net.refuse.clear();
  void session.join("Ann", on);
  await clock.pass(300);
  assert.equal(session.phase.value, "live");
});

test("a full node sends on; all full is a refusal", async () => {
  const one = make();
  one.net.refuse.set("a", () => "node_full");
  void one.session.join("Ann", on);
  await one.clock.pass(300);
  assert.equal(one.session.joined.value?.node.id, "b");

  const all = make();
  for (const n of all.net.names) all.net.refuse.set(n, () => "node_full");
  void all.session.join("Ann", on);
  await all.clock.pass(300);
  assert.deepEqual([all.session.phase.value, all.session.verdict.value?.code], ["refused", "node_full"]);
});

test("nobody there at first: some rounds, then a sentence", async () => {
  const { clock, net, session } = make();
  for (const n of net.names) net.silent.add(n);
  void session.join("Ann", on);
  await clock.pass(3_000);
  assert.equal(session.phase.value, "joining");
  await clock.pass(60_000);
  assert.deepEqual([session.phase.value, session.verdict.value?.code], ["refused", "unreachable"]);
});
