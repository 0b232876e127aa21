import assert from "node:assert/strict";
import { test } from "node:test";
import { contrast, hex, parse, shades, type Rgb } from "./colour";
import { DARK, LIGHT } from "./looks";

const rgb = (s: string): Rgb => parse(s) as Rgb;

test("colours are read as they are written, and nothing else is", () => {
  assert.deepEqual(parse("#0a141E"), [10, 20, 30]);
  assert.equal(hex([10, 20, 30]), "#0a141e");
  for (const bad of ["", "#fff", "0a141e", "#0a141g", "#0a141e80", "red", undefined]) assert.equal(parse(bad), null);
});

test("contrast is that of WCAG", () => {
  assert.equal(contrast([0, 0, 0], [255, 255, 255]), 21);
  assert.equal(contrast([255, 255, 255], [0, 0, 0]), 21);
  assert.ok(Math.abs(contrast([119, 119, 119], [255, 255, 255]) - 4.48) < 0.01);
});

/** A generator that begins the same every time (mulberry32). */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

test("whatever the colour is, what is written in it or on it can be read", () => {
  const rnd = random(7);
  const some = Array.from({ length: 3000 }, () => [rnd(), rnd(), rnd()].map((v) => Math.floor(v * 256)) as unknown as Rgb);
  const corners: Rgb[] = [0, 128, 255].flatMap((r) => [0, 128, 255].flatMap((g) => [0, 128, 255].map((b): Rgb => [r, g, b])));
  for (const c of [...some, ...corners]) {
    for (const [grounds, dark] of [[LIGHT, false], [DARK, true]] as const) {
      const s = shades(c, grounds, dark);
      const what = `${hex(c)} ${dark ? "dark" : "light"} ${JSON.stringify(s)}`;
      assert.equal(s.accent, hex(c), what);
      assert.ok(contrast(rgb(s.on), rgb(s.accent)) >= 4.5, what);
      assert.ok(contrast(rgb(s.on), rgb(s.hover)) >= 4.5, what);
      for (const g of [...grounds, rgb(s.soft)]) assert.ok(contrast(rgb(s.text), g) >= 4.5, what);
    }
  }
});

test("a colour that can be read as it is stays as it is", () => {
  assert.equal(shades(rgb("#aa0044"), LIGHT, false).text, "#aa0044");
  assert.equal(shades(rgb("#ffcc00"), LIGHT, false).on, "#000000");
  assert.equal(shades(rgb("#223366"), DARK, true).on, "#ffffff");
});
