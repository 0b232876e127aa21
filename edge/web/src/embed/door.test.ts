import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CHANNEL, MESSAGE_LIMIT, VERSION, newNonce, readReply, readRequest } from "../../embed/src/envelope";
import { BURST, BUSY, Door, HELLOS, PATIENCE, fault } from "./door";
import { PAGE, SITE, Pane, delivered, framed } from "./frames";
import { allows } from "./origins";

const echo = async (method: string, params: object): Promise<unknown> => ({ method, params });
const hello = (nonce = newNonce()) => ({ channel: CHANNEL, v: VERSION, type: "hello", nonce });

/** Open ports keep the process alive, also after a test that failed. */
const ports: MessagePort[] = [];
after(() => ports.forEach((p) => p.close()));

/** A page whose parent a test plays; got is what the port brought. */
function lone(handle: typeof echo = echo) {
  const { frame, around, clock, channel } = framed(handle);
  channel.close(); // the test is the library
  const door = new Door({ window: frame as unknown as Window, list: SITE, clock }, handle);
  const knock = (data: unknown, source: unknown = around, origin = SITE) => {
    const { port1, port2 } = new MessageChannel();
    const got: unknown[] = [];
    port1.onmessage = (e) => got.push(JSON.parse(e.data as string));
    frame.hear(source, origin, data, [port2 as unknown as MessagePort]);
    ports.push(port1);
    return { port: port1, got };
  };
  return { frame, around, clock, door, knock };
}

test("a request is answered and an event arrives", async () => {
  const { channel, open } = framed(echo);
  const door = open();
  const told: unknown[] = [];
  channel.onnotice = (event, detail) => told.push([event, detail]);
  assert.deepEqual(await channel.ask("state", { a: 1 }), { method: "state", params: { a: 1 } });
  door.tell("speaking", { peerIds: ["p"] });
  await delivered();
  assert.deepEqual(told, [["speaking", { peerIds: ["p"] }]]);
  channel.close();
});

test("a fault keeps its code, an exception says nothing of itself", async () => {
  const { channel, open } = framed(async (method) => {
    throw method === "join" ? fault("full", "no seat") : new TypeError("secret");
  });
  open();
  await assert.rejects(channel.ask("join"), { code: "full", message: "no seat" });
  await assert.rejects(channel.ask("other"), { code: "internal", message: "internal" });
  channel.close();
});

test("who is not the parent, or not listed, or says it wrongly, gets no port", async () => {
  for (const [what, data, source, origin] of [
    ["a sibling of a listed origin", hello(), new Pane(), SITE],
    ["a window without source", hello(), null, SITE],
    ["another site", hello(), undefined, "https://evil.example"],
    ["a subdomain of it", hello(), undefined, "https://a.www.example.com"],
    ["the same host without TLS", hello(), undefined, "http://www.example.com"],
    ["a sandbox", hello(), undefined, "null"],
    ["another version", { ...hello(), v: 2 }, undefined, SITE],
    ["another channel", { ...hello(), channel: "x" }, undefined, SITE],
    ["no nonce", { ...hello(), nonce: undefined }, undefined, SITE],
    ["a nonce of another shape", hello("x".repeat(32)), undefined, SITE],
    ["text", JSON.stringify(hello()), undefined, SITE],
    ["nothing", null, undefined, SITE],
    ["a list", [hello()], undefined, SITE],
  ] as const) {
    const { knock } = lone();
    const k = source === undefined ? knock(data, undefined, origin) : knock(data, source, origin);
    k.port.postMessage(JSON.stringify({ v: VERSION, id: 1, method: "state" }));
    await delivered();
    assert.deepEqual(k.got, [], what);
  }
});

test("a site that is not listed is told so, under its own origin alone", async () => {
  const { around, channel, open } = framed(echo, "https://other.example");
  open();
  await assert.rejects(channel.open(), { code: "origin_not_allowed" });
  assert.deepEqual(around.posts.map((p) => p.to), ["*", SITE]);
  channel.close();
});

test("a nonce opens once, and a page takes a bounded number", () => {
  const { knock, door } = lone();
  let opened = 0;
  door.onopen = () => void opened++;
  const said = hello();
  knock(said);
  knock(said);
  assert.equal(opened, 1);
  for (let i = 0; i < HELLOS + 5; i++) knock(hello());
  assert.equal(opened, HELLOS);
});

test("the newest port is the channel", async () => {
  const { knock, door } = lone();
  const old = knock(hello());
  await delivered();
  const young = knock(hello());
  old.port.postMessage(JSON.stringify({ v: VERSION, id: 1, method: "leave" }));
  await delivered();
  door.tell("left", { reason: "left" });
  await delivered();
  assert.equal(old.got.length, 1); // its own ready
  assert.equal(young.got.length, 2);
});

test("hostile envelopes are refused or ignored", () => {
  for (const bad of [
    undefined, null, 7, {}, [], { v: 1, id: 1, method: "join" }, "", "{", "[]", "null", '"x"',
    '{"v":2,"id":1,"method":"join"}', '{"v":1,"method":"join"}', '{"v":1,"id":-1,"method":"join"}',
    '{"v":1,"id":1.5,"method":"join"}', '{"v":1,"id":"1","method":"join"}', `{"v":1,"id":1,"method":"join","x":"${"y".repeat(MESSAGE_LIMIT)}"}`,
  ]) assert.equal(readRequest(bad), null, String(bad).slice(0, 40));
  for (const bad of ['{"v":1,"id":5}', '{"v":1,"id":5,"method":7}', '{"v":1,"id":5,"method":"join","params":[]}', '{"v":1,"id":5,"method":"join","params":null}', `{"v":1,"id":5,"method":"${"m".repeat(41)}"}`])
    assert.deepEqual(readRequest(bad), { bad: 5 }, bad);
  for (const bad of ['{"v":1,"event":"A B","detail":{}}', '{"v":1,"event":"x"}', '{"v":1,"re":0}', '{"v":1}', "x"]) assert.equal(readReply(bad), null, bad);
  assert.deepEqual(readReply('{"v":1,"re":3,"error":{"code":"<b>","message":7}}'), { v: 1, re: 3, error: { code: "internal", message: "" } });
});

test("a flood is slowed down, then cut off", async () => {
  let calls = 0;
  const { knock, clock } = lone(async () => ++calls);
  const k = knock(hello());
  const ask = (n: number) => {
    for (let i = 1; i <= n; i++) k.port.postMessage(JSON.stringify({ v: VERSION, id: i, method: "state" }));
  };
  ask(BURST + 10);
  await delivered();
  assert.equal(calls, BURST);
  assert.equal(k.got.filter((m) => (m as { error?: { code: string } }).error?.code === "rate_limited").length, 10);
  await clock.pass(1000);
  ask(5);
  await delivered();
  assert.equal(calls, BURST + 5);
  const before = k.got.length;
  ask(BURST + PATIENCE + 500);
  await delivered();
  assert.ok(k.got.length - before <= BURST + PATIENCE, `${k.got.length - before} answers`);
  await clock.pass(60_000);
  ask(1);
  const closed = calls;
  await delivered();
  assert.equal(calls, closed);
});

test("requests that do not end are bounded", async () => {
  let calls = 0;
  const { knock, clock } = lone(() => (calls++, new Promise(() => {})));
  const k = knock(hello());
  for (let i = 1; i <= BUSY + 4; i++) {
    k.port.postMessage(JSON.stringify({ v: VERSION, id: i, method: "join" }));
    await clock.pass(100);
  }
  await delivered();
  assert.equal(calls, BUSY);
});

test("the library listens to its frame alone", async () => {
  const { around, frame, channel, open } = framed(echo);
  const waiting = { channel: CHANNEL, v: VERSION, type: "waiting" };
  around.hear(new Pane(), PAGE, waiting);
  around.hear(frame, "https://evil.example", waiting); // the frame went elsewhere
  assert.equal(frame.posts.length, 0);
  open();
  await channel.open();
  assert.deepEqual(frame.posts.map((p) => p.to), [PAGE]); // never to any origin
  channel.close();
  assert.equal(around.listening, 0);
});

test("a frame that is loaded anew gets a new channel and forgets what was asked", async () => {
  let hold = true;
  const { channel, open } = framed(async () => (hold ? new Promise(() => {}) : "second"));
  open();
  const lost = assert.rejects(channel.ask("join"), { code: "reloaded" });
  await delivered();
  hold = false;
  open();
  await lost;
  assert.equal(await channel.ask("state"), "second");
  channel.close();
});

test("a page that says late that it waits was not loaded anew", async () => {
  const { around, frame, channel, open } = framed(async () => "done");
  open();
  await channel.open();
  const asked = channel.ask("join");
  around.hear(frame, PAGE, around.posts[0]?.data); // window messages and those on a port keep no order among them
  assert.equal(await asked, "done");
  channel.close();
});

test("a request has a time-out, and closing ends what waits", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { channel, open } = framed(() => new Promise(() => {}));
  open();
  await channel.open();
  const slow = assert.rejects(channel.ask("state", {}, 500), { code: "timeout" });
  await delivered();
  t.mock.timers.tick(500);
  await slow;
  const cut = assert.rejects(channel.ask("state"), { code: "destroyed" });
  await delivered();
  channel.close();
  channel.close();
  await cut;
  await assert.rejects(channel.ask("state"), { code: "destroyed" });
});

test("a page that never answers is an error, not a silence", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { channel } = framed(echo);
  const none = assert.rejects(channel.ask("join"), { code: "no_answer" });
  t.mock.timers.tick(20_000);
  await none;
  channel.close();
});

// Covers F-127.
test("origins match as frame-ancestors do", () => {
  const cases: [list: string, origin: string, ok: boolean][] = [
    ["https://a.example", "https://a.example", true],
    ["https://a.example", "https://a.example:8443", false],
    ["https://a.example:8443", "https://a.example:8443", true],
    ["https://*.a.example", "https://x.a.example", true],
    ["https://*.a.example", "https://x.y.a.example", true],
    ["https://*.a.example", "https://a.example", false],
    ["https://*.a.example", "https://xa.example", false],
    ["https://a.example", "https://a.example.evil.example", false],
    ["https:", "https://anything.example:444", true],
    ["https:", "http://anything.example", false],
    ["http://localhost:*", "http://localhost:3000", true],
    ["http://localhost:*", "http://localhost.evil.example", false],
    ["https://b.example https://a.example", "https://a.example", true],
    ["", "https://a.example", false],
    ["*", "https://a.example", false],
    ["https:", "null", false],
    ["https:", "https://a.example/path", false],
    ["https:", "file://", false],
  ];
  for (const [list, origin, ok] of cases) assert.equal(allows(list, origin), ok, `${list} ${origin}`);
});
