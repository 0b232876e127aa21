import assert from "node:assert/strict";
import { test } from "node:test";
import { ACT_TIMEOUT_MS } from "./acts";
import { FakeClock, FakeNet, settle, type FakeSocket, type FakeTransport } from "./fake";
import { Hush, type Fall } from "./hush";
import { defaultRules, nothingOn, type Media, type Person, type RoomEvent } from "./messages";
import { person } from "./roster.test";
import { Session } from "./session";

const on: Media = { ...nothingOn, mic: true, camera: true };

function make() {
  const clock = new FakeClock();
  const net = new FakeNet(["a", "b"]);
  let ids = 0;
  const session = new Session<FakeTransport>(
    { room: "demo", kind: "call", token: "", name: "", peerId: "me" },
    { clock, random: () => 1, fetch: net.fetch, open: net.open, transport: net.transport, origin: { url: "http://a", ws: "ws://a/ws" }, newId: () => `i${++ids}`, pop: "" },
  );
  const falls: string[] = [];
  session.onhush = (list) => falls.push(...list.map((f) => `${f.source} ${f.by}`));
  return { clock, net, session, falls };
}

async function enter(all: ReturnType<typeof make>) {
  void all.session.join("Ann", on);
  await all.clock.pass(300);
  return { ...all, socket: all.net.joins.at(-1) as FakeSocket };
}

/** The room says events, in order. */
let version = 1;
const says = (s: FakeSocket, ...events: RoomEvent[]): void => s.deliver({ type: "update", version: ++version, events });
const me = (change: Partial<Person>): RoomEvent => ({ kind: "person", person: { ...person("me", 0), ...change } });

test("who waits is told so, goes on waiting for as long as it takes, and is let in", async () => {
  const all = make();
  all.net.lobby = true;
  const { session, socket, clock, net } = await enter(all);
  assert.equal(session.phase.value, "waiting");
  await clock.pass(600_000);
  assert.deepEqual([session.phase.value, net.joins.length], ["waiting", 1]);
  session.setMedia({ ...on, mic: false });
  net.admit(socket);
  await clock.pass(10);
  assert.equal(session.phase.value, "live");
  assert.equal(socket.last("media").mic, false, "what changed outside holds inside");
});

test("who is asked about at the company's server is joining all the while, and hears what it says", async () => {
  const all = make();
  all.net.checks = true;
  const { session, socket, clock, net } = await enter(all);
  await clock.pass(21_000);
  assert.deepEqual([session.phase.value, session.waited.value, net.joins.length], ["joining", false, 1]);
  socket.deliver({ type: "refused", code: "locked", message: "", reason: "Closed.", contact: "Mara", opens: "2026-12-01T09:00:00Z" });
  await clock.pass(10);
  assert.deepEqual(session.verdict.value, { code: "locked", message: "", reason: "Closed.", contact: "Mara", opens: "2026-12-01T09:00:00Z" });
  assert.equal(session.phase.value, "refused");
});

test("who is turned away reads that, and who gives up says so", async () => {
  const first = make();
  first.net.lobby = true;
  const { session, socket, clock } = await enter(first);
  socket.deliver({ type: "refused", code: "denied", message: "" });
  await clock.pass(10);
  assert.deepEqual([session.phase.value, session.verdict.value?.code, session.waited.value], ["refused", "denied", true]);

  const second = make();
  second.net.lobby = true;
  const other = await enter(second);
  other.session.leave();
  assert.ok(other.socket.last("leave"));
  assert.equal(other.session.verdict.value?.code, "left");
});

test("a node that dies under who waits: the page asks anew at the next", async () => {
  const all = make();
  all.net.lobby = true;
  const { session, clock, net } = await enter(all);
  net.silent.add("a");
  await clock.pass(10_000);
  assert.deepEqual([session.phase.value, net.joins.at(-1)?.node], ["waiting", "b"]);
});

const hushed = (by: string, mark: string, source: "mic" | "camera" = "mic") => ({ [source]: { by, mark } });

test("a moderator's mute is told apart from the echo of one's own", async () => {
  const { socket, session, clock, falls } = await enter(make());
  says(socket, me({ hand: "2026-11-01T10:00:00Z", media: on }));
  says(socket, me({ media: { ...on, mic: false }, hushed: hushed("mara", "1") }));
  await clock.pass(10);
  assert.deepEqual(falls, ["mic mara"]);

  // Off and on again by oneself: the room first says the one, then the other.
  falls.length = 0;
  session.setMedia({ ...on, mic: false, camera: false });
  session.setMedia(on);
  says(socket, me({ media: { ...nothingOn }, hushed: hushed("mara", "1") }));
  says(socket, me({ media: on, hushed: hushed("mara", "1") }));
  await clock.pass(10);
  assert.deepEqual(falls, []);
});

test("a mute counts at once, though the room had the microphone off", () => {
  const off: Fall[][] = [];
  const hush = new Hush((f) => off.push(f));
  const says = (change: Partial<Person>): void => hush.hear({ ...person("me", 0), ...change });
  hush.want(nothingOn);
  says({ media: nothingOn });
  hush.want(on); // under way to the room, where the mute comes first
  says({ media: nothingOn, hushed: hushed("mara", "1") });
  assert.deepEqual(off, [[{ source: "mic", by: "mara" }]]);
  says({ media: nothingOn, hushed: hushed("mara", "1") });
  assert.equal(off.length, 1, "once");
  says({ media: on, hushed: { ...hushed("mara", "2"), ...hushed("", "3", "camera") } });
  assert.equal(off.length, 1, "switched on again since");
  says({ media: nothingOn, hushed: hushed("ben", "4") });
  assert.deepEqual(off.at(-1), [{ source: "mic", by: "ben" }]);
});

test("the end says who decided it", async () => {
  const { socket, session, clock } = await enter(make());
  says(socket, { kind: "join", person: { ...person("mara", 1), name: "Mara" } });
  socket.deliver({ type: "ended", code: "kicked", message: "", by: "mara" });
  await clock.pass(10);
  assert.deepEqual([session.verdict.value?.code, session.verdict.value?.by?.name], ["kicked", "Mara"]);
});

test("who was muted while away reads by whom", async () => {
  const all = make();
  all.net.given = (m) => ({ self: { ...person("me", 0), media: { ...m.media, mic: false }, hushed: hushed("mara", "1") } });
  const { falls } = await enter(all);
  assert.deepEqual(falls, ["mic mara"]);
});

test("what did not come in with the person is off, at the first join and at a resume", async () => {
  const all = make();
  all.net.given = (m) => ({ self: { ...person("me", 0), media: { ...m.media, mic: false } }, rules: { ...defaultRules, mute_mode: "quiet" } });
  const { falls, net, clock, session } = await enter(all);
  assert.deepEqual(falls, ["mic null"]);
  assert.equal(session.roster.value.rules.mute_mode, "quiet");
  net.silent.add("a");
  await clock.pass(8_000);
  assert.deepEqual(falls, ["mic null", "mic null"]);
});

test("rules and the role hold from the moment the room says them", async () => {
  const { socket, session, clock } = await enter(make());
  says(socket, { kind: "rules", rules: { ...defaultRules, locked: true } });
  says(socket, me({ role: "moderator" }));
  socket.deliver({ type: "lobby", waiting: [{ peer_id: "g", name: "Kai", since: "" }] });
  await clock.pass(10);
  assert.deepEqual([session.roster.value.rules.locked, session.lobby.value.length], [true, 1]);
  says(socket, me({ role: "regular" }));
  await clock.pass(10);
  assert.equal(session.lobby.value.length, 0, "who moderates no more knows of nobody who waits");
  socket.deliver({ type: "reset", version: ++version, people: [], chat: [], rules: defaultRules });
  await clock.pass(10);
  assert.equal(session.roster.value.rules.locked, false);
});

test("asks, reactions and hands are told once each", async () => {
  const { socket, session, clock } = await enter(make());
  const heard: string[] = [];
  session.onchange = (c) => heard.push(c.kind);
  says(socket, { kind: "join", person: person("x", 5) });
  const hand = "2026-11-01T10:00:00Z";
  says(socket, { kind: "ask", source: "mic" }, { kind: "reaction", peer_id: "x", text: "👍" }, { kind: "reaction", peer_id: "nobody", text: "👍" });
  says(socket, { kind: "person", person: { ...person("x", 5), hand } });
  says(socket, { kind: "person", person: { ...person("x", 5), hand, name: "Y" } });
  await clock.pass(10);
  assert.deepEqual(heard, ["joined", "asked", "reacted", "raised"]);
});

test("an act resolves to nothing, to why not, or to try again", async () => {
  const { socket, session, clock } = await enter(make());
  const outcomes: string[] = [];
  for (const verb of ["admit", "end", "reject"] as const) void session.act({ verb }).then((code) => outcomes.push(`${verb} ${code}`));
  const [admit, end] = socket.sent.filter((m) => m.type === "act");
  socket.deliver({ type: "error", id: admit?.id, code: "full", message: "" });
  socket.deliver({ type: "ack", id: end?.id ?? "" });
  await clock.pass(ACT_TIMEOUT_MS);
  assert.deepEqual(outcomes, ["admit full", "end ", "reject try_again"]);
  session.leave();
  await settle();
  assert.equal(await session.act({ verb: "admit" }), "try_again");
});
