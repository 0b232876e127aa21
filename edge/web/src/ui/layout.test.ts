import assert from "node:assert/strict";
import { test } from "node:test";
import { capacity, grid, stage, type Rect } from "./layout";

const stages: [string, number, number][] = [["wide", 1256, 634], ["frame", 388, 246], ["phone", 374, 760], ["with panel", 904, 634], ["sliver", 200, 400]];

function check(rects: Rect[], w: number, h: number, what: string): void {
  rects.forEach((a, i) => {
    assert.ok(a.w > 0 && a.h > 0, `${what}: tile ${i} is empty`);
    assert.ok(a.x >= -1 && a.y >= -1 && a.x + a.w <= w + 2 && a.y + a.h <= h + 2, `${what}: tile ${i} ${JSON.stringify(a)} leaves the stage`);
    for (const b of rects.slice(i + 1)) assert.ok(a.x + a.w <= b.x + 1 || b.x + b.w <= a.x + 1 || a.y + a.h <= b.y + 1 || b.y + b.h <= a.y + 1, `${what}: tiles overlap`);
  });
}

test("tiles stay on the stage, apart, and of one size", () => {
  for (const [name, w, h] of stages)
    for (let n = 1; n <= capacity(w, h, false, 8); n++) {
      const rects = grid(n, w, h, 8);
      assert.equal(rects.length, n);
      check(rects, w, h, `${name} ${n}`);
      assert.equal(new Set(rects.map((r) => `${r.w}x${r.h}`)).size, 1);
      const ratio = (rects[0] as Rect).w / (rects[0] as Rect).h;
      assert.ok(ratio > 0.72 && ratio < 1.81, `${name} ${n}: shape ${ratio}`);
    }
});

test("the usual numbers stand as one would put them", () => {
  const rows = (n: number, w: number, h: number): number => new Set(grid(n, w, h, 8).map((r) => r.y)).size;
  assert.deepEqual([1, 2, 4, 6, 9].map((n) => rows(n, 1256, 634)), [1, 1, 2, 2, 3]);
  assert.deepEqual([1, 2, 4].map((n) => rows(n, 374, 760)), [1, 2, 4]);
});

test("a shared screen is large, and people stand beside or below it", () => {
  for (const [name, w, h] of stages)
    for (let n = 0; n <= capacity(w, h, true, 8); n++) {
      const s = stage(w, h, n, true, false, 8);
      assert.ok(s.main && s.main.w * s.main.h >= 0.35 * w * h, `${name} ${n}: the screen is small`);
      check([s.main, ...s.tiles], w, h, `${name} share ${n}`);
    }
});

test("the floating picture stays inside, and nothing is placed on no stage", () => {
  for (const [name, w, h] of stages) check([stage(w, h, 1, false, true, 8).self as Rect], w, h, name);
  assert.deepEqual(stage(0, 0, 3, false, true, 8), { main: null, tiles: [], self: null });
  assert.deepEqual(grid(0, 100, 100, 8), []);
});
