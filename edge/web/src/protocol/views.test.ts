import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "./fake";
import type { View } from "./messages";
import { describe, ViewReport, VIEWS_MS, type Shown } from "./views";

const shown = new Map<string, Shown>([
  ["a.vp8.camera", { width: 320.4, height: 180, priority: "speaker" }],
  ["b.vp8.share", { width: 9000, height: 600, priority: "share" }],
]);

test("sizes are in device pixels, in slot order", () => {
  assert.deepEqual(describe(["b.vp8.share", null, "a.vp8.camera"], shown, 1.5, true), [
    { width: 8192, height: 900, priority: "share", visible: true },
    null,
    { width: 481, height: 270, priority: "speaker", visible: true },
  ]);
});

test("a track without a tile is not seen, and in a hidden page none is", () => {
  assert.deepEqual(describe(["gone"], shown, 1, true), [{ width: 0, height: 0, priority: "other", visible: false }]);
  assert.deepEqual(describe(["a.vp8.camera"], shown, 1, false).map((v) => v?.visible), [false]);
});

function report() {
  const clock = new FakeClock();
  const sent: number[] = [];
  const r = new ViewReport(clock, (v) => sent.push(v[0]?.width ?? -1));
  const view = (width: number): View[] => [{ width, height: 1, priority: "other", visible: true }];
  return { clock, sent, r, view };
}

test("the first change goes out at once, those that follow at most every 200 ms, the last one always", async () => {
  const { clock, sent, r, view } = report();
  for (let width = 0; width < 50; width++) {
    r.set(view(width));
    await clock.pass(10);
  }
  await clock.pass(1000);
  assert.deepEqual([sent[0], sent.at(-1)], [0, 49]);
  assert.ok(sent.length <= 1 + Math.ceil(500 / VIEWS_MS), `${sent.length} messages in half a second`);
});

test("what did not change is not sent, even when it changed in between", async () => {
  const { clock, sent, r, view } = report();
  r.set([]);
  r.set(view(1));
  r.set(view(1));
  r.set(view(2));
  r.set(view(1));
  await clock.pass(1000);
  assert.deepEqual(sent, [1]);
});

test("another node is told what stands", async () => {
  const { clock, sent, r, view } = report();
  r.set(view(7));
  await clock.pass(1000);
  r.again();
  await clock.pass(1000);
  assert.deepEqual(sent, [7, 7]);
});
