import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "./protocol/fake";
import { WakefulClock, type TickerLike } from "./wakeful";

function make() {
  const asked: { id: number; ms: number }[] = [];
  const ticker: TickerLike = { onmessage: null, onerror: null, postMessage: (m) => void asked.push(m) };
  const plain = new FakeClock();
  const ran: string[] = [];
  return { asked, ticker, plain, ran, clock: new WakefulClock(ticker, plain) };
}

test("timers run when the worker says so, once, and not after they are cancelled", async () => {
  const { asked, ticker, plain, ran, clock } = make();
  clock.after(100, () => ran.push("a"));
  const b = clock.after(200, () => ran.push("b"));
  assert.deepEqual(asked, [{ id: 1, ms: 100 }, { id: 2, ms: 200 }]);
  clock.cancel(b);
  for (const id of [1, 1, 2, 9]) ticker.onmessage?.({ data: id });
  await plain.pass(1_000);
  assert.deepEqual(ran, ["a"]);
});

test("a worker that cannot be loaded loses no timer", async () => {
  const { ticker, plain, ran, clock } = make();
  clock.after(100, () => ran.push("a"));
  await plain.pass(50);
  ticker.onerror?.(undefined as never);
  clock.after(10, () => ran.push("b"));
  await plain.pass(40);
  assert.deepEqual(ran, ["b"]);
  await plain.pass(10);
  assert.deepEqual(ran, ["b", "a"]);
});
