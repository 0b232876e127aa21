import assert from "node:assert/strict";
import { test } from "node:test";
import { CALM_MS, judge, rested, steps, type Effort, type Sample } from "./effort";

const EVERY_MS = 3_000;
const easy: Sample = { drawn: 60, decoded: 1, pictures: 25 };
const busy: Sample = { ...easy, drawn: 8 };

/** Judges the same sample over a time, and says every level with when it came, in seconds. */
function over(e: Effort, from: number, seconds: number, s: Sample | ((e: Effort) => Sample)) {
  const changes: string[] = [];
  let now = from;
  for (; now < from + seconds * 1000; now += EVERY_MS) {
    const next = judge(e, typeof s === "function" ? s(e) : s, now);
    if (next.level !== e.level) changes.push(`${(now - from) / 1000}:${next.level}`);
    e = next;
  }
  return { e, now, changes };
}

test("a device that does not keep up is asked for less, one step after the other", () => {
  assert.deepEqual(over(rested, 0, 60, busy).changes, ["3:1", "9:2", "15:3", "21:4"]);
  assert.deepEqual(over(rested, 0, 60, { ...easy, decoded: 0.5 }).changes, ["3:1", "9:2", "15:3", "21:4"], "drawing is not all");
});

test("one bad sample is an accident", () => {
  let e = rested;
  for (let i = 0; i < 20; i++) e = judge(e, i % 2 ? busy : easy, i * EVERY_MS);
  assert.equal(e.level, 0);
});

test("steps that change nothing are left out, and four pictures are never the trouble", () => {
  assert.deepEqual(over(rested, 0, 60, { ...busy, pictures: 8 }).changes, ["3:1", "9:4"]);
  assert.deepEqual(over(rested, 0, 60, { ...busy, pictures: 4 }).changes, []);
  assert.deepEqual(over(rested, 0, 60, { ...busy, pictures: 0 }).changes, []);
});

test("what is easy for a while is tried again; between the two bounds nothing changes", () => {
  const down = over(rested, 0, 9, busy);
  assert.equal(down.e.level, 1);
  assert.deepEqual(over(down.e, down.now, 300, { ...easy, drawn: 23 }).changes, []);
  assert.deepEqual(over(down.e, down.now, 60, easy).changes, [`${CALM_MS / 1000}:0`]);
});

test("a device between two steps tries the higher one ever more seldom", () => {
  // It keeps up with the second step and not with the first.
  const device = (e: Effort): Sample => (e.level >= 2 ? easy : busy);
  const { changes } = over(rested, 0, 1800, device);
  const tries = changes.filter((c) => c.endsWith(":1")).map((c) => Number.parseInt(c)).slice(1);
  const waits = tries.slice(1).map((at, i) => at - (tries[i] ?? 0));
  assert.ok(tries.length >= 3 && tries.length <= 7, String(tries));
  assert.ok(waits.every((w, i) => i === 0 || w >= (waits[i - 1] ?? 0)), String(waits));
});

test("every step asks for no more than the one before, and less of something", () => {
  steps.slice(1).forEach((s, i) => {
    const before = steps[i];
    assert.ok(before && s.tiles <= before.tiles && s.lines <= before.lines && (s.tiles < before.tiles || s.lines < before.lines));
  });
});
