import assert from "node:assert/strict";
import { test } from "node:test";
import { FIRST_PAUSE_MS, LONGEST_PAUSE_MS, pause } from "./backoff";
import { FakeClock, FakeNet, settle, type FakeSocket, type FakeTransport } from "./fake";
import { nothingOn } from "./messages";
import { person } from "./roster.test";
import { Session } from "./session";

const on = { ...nothingOn, mic: true };

function make(names = ["a", "b", "c"], peerId = "") {
  const clock = new FakeClock();
  const net = new FakeNet(names);
  let ids = 0;
  const session = new Session<FakeTransport>(
    { room: "demo", kind: "call", token: "secret", name: "", peerId },
    { clock, random: () => 1, fetch: net.fetch, open: net.open, transport: net.transport, origin: { url: "http://a", ws: "ws://a/ws" }, newId: () => `c${++ids}`, pop: "" },
  );
  return { clock, net, session };
}

async function live(names?: string[], peerId?: string) {
  const all = make(names, peerId);
  void all.session.join("Ann", on);
  await all.clock.pass(300);
  assert.equal(all.session.phase.value, "live");
  const socket = all.net.joins[0] as FakeSocket;
  const transport = all.session.attachment.value?.transport as FakeTransport;
  transport.onstate("connected");
  return { ...all, socket, transport };
}

test("the pause grows with jitter and has an end", () => {
  assert.equal(pause(0, () => 1), FIRST_PAUSE_MS);
  assert.equal(pause(0, () => 0), FIRST_PAUSE_MS / 2);
  assert.equal(pause(2, () => 1), FIRST_PAUSE_MS * 4);
  assert.equal(pause(50, () => 1), LONGEST_PAUSE_MS);
  for (let i = 1; i < 20; i++) assert.ok(pause(i, () => 1) >= pause(i - 1, () => 1));
});

test("a join: offer with it, then servers and answer, one exchange", async () => {
  const { session, socket, transport } = await live();
  const join = socket.last("join");
  assert.deepEqual([join.room, join.token, join.name, join.resume, join.media.mic, join.hear], ["demo", "secret", "Ann", "", true, "loudest"]);
  assert.ok(join.offer.startsWith("offer-"));
  assert.deepEqual(transport.log, ["offer", "accept answer of a"]);
  assert.deepEqual(transport.servers, [{ urls: ["turn:a"] }]);
  assert.deepEqual(transport.mids, { video: ["5", "6"], audio: ["7"] });
  assert.equal(session.self, "made-up");
  assert.equal(session.negotiations, 1);
});

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

test("a place that is gone is asked for as at first, under the same id", async () => {
  const { session, net, clock } = make();
  net.refuse.set("a", (m) => (m.resume ? "resume_invalid" : undefined));
  void session.comeBack({ room: "demo", peerId: "ann", name: "Ann", ticket: "old" }, on);
  await clock.pass(300);
  const join = net.joins.at(-1)?.last("join");
  assert.deepEqual([join?.resume, join?.token, join?.name, join?.peer_id], ["", "secret", "Ann", "ann"]);
  assert.equal(session.phase.value, "live");
});

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

test("a node that goes silent: back on the next one, with the ticket and the same id", async () => {
  const { clock, net, session, transport } = await live(["a", "b", "c"], "kept");
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

// Covers F-046.
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
  await clock.pass(10);
  assert.equal(session.attachment.value?.transport, fresh);
  assert.ok(transport.closed);
  assert.equal(session.phase.value, "live");
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
