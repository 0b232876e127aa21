import assert from "node:assert/strict";
import { test } from "node:test";
import { age, count, grade, millis, percent, rate } from "./words.mjs";

test("rates", () => {
  assert.deepEqual([0, 900, 64e3, 2.46e6, 150e6, 3e9].map(rate), ["–", "0.9 kbit/s", "64 kbit/s", "2.5 Mbit/s", "150 Mbit/s", "3.0 Gbit/s"]);
});

test("times", () => {
  assert.deepEqual([undefined, 0, 0.42, 9.96, 90.4].map(millis), ["–", "–", "0.4 ms", "10.0 ms", "90 ms"]);
  const now = "2026-11-22T12:00:00Z";
  assert.deepEqual(["2026-11-22T11:59:30Z", "2026-11-22T11:30:00Z", "2026-11-21T11:00:00Z", "2026-11-12T11:00:00Z"].map((s) => age(s, now)), ["30 s", "30 min", "25 h", "10 d"]);
  assert.deepEqual([undefined, "", "0001-01-01T00:00:00Z", "2026-11-22T12:00:09Z"].map((s) => age(s, now)), ["–", "–", "–", "–"]);
});

test("shares and counts", () => {
  assert.deepEqual([0, 0.004, 0.023, 0.5].map(percent), ["0 %", "0.4 %", "2.3 %", "50 %"]);
  assert.deepEqual([1, 2].map((n) => count(n, "track", "tracks")), ["1 track", "2 tracks"]);
});

test("what nobody has heard of is a problem", () => {
  assert.deepEqual(["ok", "slow", "cut", "two homes", "constructor-like"].map(grade), ["ok", "notice", "problem", "problem", "problem"]);
});
