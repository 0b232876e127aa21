import assert from "node:assert/strict";
import { test } from "node:test";
import { boundSteps, isBound, isStep, lesser, MAX_BITRATE, MIN_BITRATE } from "./bound";

test("a bound is none or within what makes sense", () => {
  for (const ok of [0, MIN_BITRATE, 300_000, MAX_BITRATE]) assert.ok(isBound(ok), String(ok));
  for (const bad of [-1, 1, MIN_BITRATE - 1, MAX_BITRATE + 1, 300_000.5, NaN, Infinity]) assert.ok(!isBound(bad), String(bad));
});

test("of two bounds the lesser holds, and none is no bound", () => {
  assert.deepEqual([lesser(0, 0), lesser(0, 5), lesser(5, 0), lesser(5, 7), lesser(7, 5)], [0, 5, 5, 5, 5]);
});

test("every step is a bound, each lower than the one before", () => {
  assert.ok(boundSteps.every((s) => isBound(s.max)));
  assert.deepEqual(boundSteps.map((s) => s.max || Infinity), boundSteps.map((s) => s.max || Infinity).sort((a, b) => b - a));
  assert.deepEqual([isStep(0), isStep(300_000), isStep(300_001)], [true, true, false]);
});
