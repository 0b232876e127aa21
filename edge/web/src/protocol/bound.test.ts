import assert from "node:assert/strict";
import { test } from "node:test";
import { isBound, lesser, MAX_BITRATE, MIN_BITRATE } from "./bound";

test("a bound is none or within what makes sense", () => {
  for (const ok of [0, MIN_BITRATE, 300_000, MAX_BITRATE]) assert.ok(isBound(ok), String(ok));
  for (const bad of [-1, 1, MIN_BITRATE - 1, MAX_BITRATE + 1, 300_000.5, NaN, Infinity]) assert.ok(!isBound(bad), String(bad));
});

test("of two bounds the lesser holds, and none is no bound", () => {
  assert.deepEqual([lesser(0, 0), lesser(0, 5), lesser(5, 0), lesser(5, 7), lesser(7, 5)], [0, 5, 5, 5, 5]);
});
