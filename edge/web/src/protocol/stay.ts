// A session among fake nodes, for tests: before its join, and in a call.

import assert from "node:assert/strict";
import { FakeClock, FakeNet, type FakeSocket, type FakeTransport } from "./fake";
import { nothingOn } from "./messages";
import { Session } from "./session";

export const on = { ...nothingOn, mic: true };

export function make(names = ["a", "b", "c"], peerId = "") {
  const clock = new FakeClock();
  const net = new FakeNet(names);
  let ids = 0;
  const session = new Session<FakeTransport>(
    { room: "demo", kind: "call", token: "secret", name: "", peerId },
    { clock, random: () => 1, fetch: net.fetch, open: net.open, transport: net.transport, origin: { url: "http://a", ws: "ws://a/ws" }, newId: () => `c${++ids}`, pop: "" },
  );
  return { clock, net, session };
}

export async function live(names?: string[], peerId?: string) {
  const all = make(names, peerId);
  void all.session.join("Ann", on);
  await all.clock.pass(300);
  assert.equal(all.session.phase.value, "live");
  const socket = all.net.joins[0] as FakeSocket;
  const transport = all.session.attachment.value?.transport as FakeTransport;
  transport.onstate("connected");
  return { ...all, socket, transport };
}
