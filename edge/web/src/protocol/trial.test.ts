import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, settle } from "./fake";
import type { SocketLike } from "./line";
import { Trial } from "./trial";

function make() {
  const sent: { id: string; type: string }[] = [];
  const socket: SocketLike & { closed?: boolean } = {
    onopen: null, onmessage: null, onclose: null, onerror: null,
    send: (d) => void sent.push(JSON.parse(d)),
    close: () => void (socket.closed = true),
  };
  const clock = new FakeClock();
  const trial = new Trial("ws://a/ws", () => socket, clock, 5_000);
  return { trial, socket, sent, clock, hear: (m: unknown) => socket.onmessage?.({ data: typeof m === "string" ? m : JSON.stringify(m) }) };
}

test("each offer gets its own answer, in any order", async () => {
  const { trial, socket, sent, hear } = make();
  socket.onopen?.(undefined as never);
  assert.equal(await trial.opened, true);
  const udp = trial.ask("udp", "o1");
  const relay = trial.ask("relay", "o2");
  assert.deepEqual(sent.map((m) => [m.type, m.id]), [["check", "udp"], ["check", "relay"]]);
  for (const rubbish of ["{", "null", "[]", { type: "checked", id: "tcp", answer: "x" }, { type: "checked", id: "udp" }]) hear(rubbish);
  hear({ type: "checked", id: "relay", answer: "a2", ice_servers: [{ urls: ["turn:x"] }] });
  hear({ type: "checked", id: "udp", answer: "a1" });
  assert.deepEqual(await udp, { answer: "a1", ice_servers: [] });
  assert.equal((await relay).ice_servers.length, 1);
});

test("a socket that never opens, and one that closes", async () => {
  const silent = make();
  const asked = assert.rejects(silent.trial.ask("udp", "o"), { code: "" });
  await silent.clock.pass(5_000);
  assert.equal(await silent.trial.opened, false);
  await asked;
  const refused = make();
  refused.socket.onclose?.({ code: 1006, reason: "" });
  assert.equal(await refused.trial.opened, false);
  await assert.rejects(refused.trial.ask("udp", "o"), { code: "" });
});

test("a refusal has its code, a closed trial asks nothing", async () => {
  const { trial, socket, hear } = make();
  socket.onopen?.(undefined as never);
  const asked = assert.rejects(trial.ask("udp", "o"), { code: "node_full" });
  hear({ type: "refused", code: "node_full" });
  await asked;
  trial.close();
  await settle();
  assert.equal(socket.closed, true);
  await assert.rejects(trial.ask("tcp", "o"), { code: "node_full" });
});
