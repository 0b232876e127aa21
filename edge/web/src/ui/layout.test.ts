import assert from "node:assert/strict";
import { test } from "node:test";
import { fits, grid, loose, packed } from "./grid";
import { asLayout, capacity, layouts, mesh, place, type Places, type Scene } from "./layout";
import type { Rect } from "./rect";

const stages: [string, number, number][] = [
  ["wide", 1256, 634], ["frame", 388, 246], ["phone", 374, 760], ["with panel", 904, 634], ["sliver", 200, 400],
  ["strip", 1256, 145], ["low", 400, 145], ["4K", 3816, 2074],
];

function check(rects: Rect[], w: number, h: number, what: string): void {
  rects.forEach((a, i) => {
    assert.ok(a.w > 0 && a.h > 0, `${what}: tile ${i} is empty`);
    assert.ok(a.x >= -1 && a.y >= -1 && a.x + a.w <= w + 2 && a.y + a.h <= h + 2, `${what}: tile ${i} ${JSON.stringify(a)} leaves the stage`);
    for (const b of rects.slice(i + 1)) assert.ok(a.x + a.w <= b.x + 1 || b.x + b.w <= a.x + 1 || a.y + a.h <= b.y + 1 || b.y + b.h <= a.y + 1, `${what}: tiles overlap`);
  });
}

const scene = (layout: Scene["layout"], change: Partial<Scene> = {}): Scene => ({ layout, small: false, main: false, ...change });
const all = ({ main, tiles }: Places): Rect[] => (main ? [main, ...tiles] : tiles);
const area = (r: Rect): number => r.w * r.h;

test("tiles of a grid stay on the stage, apart, and of one size", () => {
  for (const [name, w, h] of stages)
    for (let n = 1; n <= fits(w, h, loose); n++) {
      const rects = grid(n, w, h, loose);
      assert.equal(rects.length, n);
      check(rects, w, h, `${name} ${n}`);
      assert.equal(new Set(rects.map((r) => `${r.w}x${r.h}`)).size, 1);
      const ratio = (rects[0] as Rect).w / (rects[0] as Rect).h;
      assert.ok(ratio > 0.72 && ratio < 1.81, `${name} ${n}: shape ${ratio}`);
    }
});

test("the usual numbers stand as one would put them", () => {
  const rows = (n: number, w: number, h: number): number => new Set(grid(n, w, h, loose).map((r) => r.y)).size;
  assert.deepEqual([1, 2, 4, 6, 9].map((n) => rows(n, 1256, 634)), [1, 1, 2, 2, 3]);
  assert.deepEqual([1, 2, 4].map((n) => rows(n, 374, 760)), [1, 2, 4]);
});

test("every layout places as many as it says, apart and on the stage", () => {
  for (const layout of layouts)
    for (const small of [false, true])
      for (const main of [false, true])
        for (const [name, w, h] of stages) {
          const s = scene(layout, { small, main });
          const most = capacity(w, h, s);
          assert.ok(most >= 1, `${layout} on ${name} shows nobody`);
          for (let n = 0; n <= most; n++) {
            const got = place(w, h, n, s, false);
            assert.equal(got.tiles.length, n, `${layout} on ${name}`);
            check(all(got), w, h, `${layout} ${small ? "small " : ""}${main ? "with one large " : ""}on ${name}, ${n}`);
          }
        }
});

test("what is large is large, and the others stand where the layout says", () => {
  for (const [name, w, h] of stages)
    for (const layout of ["gallery", "bottom-speaker", "left-side-speaker"] as const) {
      const s = scene(layout, { main: true });
      for (let n = 0; n <= capacity(w, h, s); n++) {
        const { main, tiles } = place(w, h, n, s, false);
        assert.ok(main && area(main) >= 0.35 * w * h, `${layout} on ${name}, ${n}: ${JSON.stringify(main)} is small`);
        for (const r of tiles) {
          assert.ok(area(r) < area(main), `${layout} on ${name}, ${n}: another is as large`);
          if (layout === "bottom-speaker") assert.ok(r.y >= main.y + main.h);
          if (layout === "left-side-speaker") assert.ok(r.x >= main.x + main.w);
        }
      }
    }
});

test("the row below a speaker and the strip are one row", () => {
  for (const [name, w, h] of stages)
    for (const s of [scene("strip"), scene("strip", { main: true }), scene("bottom-speaker", { main: true })])
      for (let n = 1; n <= capacity(w, h, s); n++) assert.equal(new Set(place(w, h, n, s, false).tiles.map((r) => r.y)).size, 1, `${s.layout} on ${name}, ${n}`);
});

test("a strip of 200 px height shows faces one can see", () => {
  const s = scene("strip");
  const most = capacity(1256, 145, s);
  assert.ok(most >= 8, `${most} fit`);
  for (const r of place(1256, 145, most, s, false).tiles) assert.ok(r.h >= 140 && r.w >= 100, JSON.stringify(r));
});

test("fifty small tiles fit a page of 1280 × 720, none below 160 × 90", () => {
  const s = scene("gallery", { small: true });
  for (const h of [632, 646]) {
    assert.ok(capacity(1280, h, s) >= 50, `${capacity(1280, h, s)} fit`);
    for (let n = 1; n <= 50; n++) {
      const { tiles } = place(1280, h, n, s, false);
      check(tiles, 1280, h, `${n} small`);
      for (const r of tiles) assert.ok(r.w >= 160 && r.h >= 90, `${n}: ${JSON.stringify(r)}`);
    }
  }
  assert.deepEqual([mesh(1280, s), mesh(1280, scene("gallery"))], [packed, loose]);
});

test("the floating picture stays inside, and nothing is placed on no stage", () => {
  for (const [name, w, h] of stages) if (h > 200) check([place(w, h, 1, scene("gallery"), true).self as Rect], w, h, name);
  assert.deepEqual(place(0, 0, 3, scene("gallery"), true), { main: null, tiles: [], self: null });
  assert.deepEqual(grid(0, 100, 100, loose), []);
});

test("an unknown layout is the gallery", () => {
  assert.deepEqual(["strip", "left-side-speaker", "cinema", "", null, undefined].map(asLayout), ["strip", "left-side-speaker", "gallery", "gallery", "gallery", "gallery"]);
});
