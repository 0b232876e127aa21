import assert from "node:assert/strict";
import { test } from "node:test";
import { favicon } from "./favicon";

const drawn = (name: string, colour: string): string => decodeURIComponent(favicon({ name, colour, logo: "" }));

test("the company's logo, and our own mark where no company is", () => {
  assert.equal(favicon({ name: "Acme", colour: "#aa0044", logo: "https://a.example/l.png" }), "https://a.example/l.png");
  assert.equal(favicon({ name: "", colour: "", logo: "" }), "");
});

test("without a logo the initial on the colour, in what can be read on it", () => {
  assert.match(drawn("acme", "#aa0044"), /fill="#aa0044".*fill="#ffffff">A</);
  assert.match(drawn("Яблоко", "#ffd500"), /fill="#ffd500".*fill="#000000">Я</);
  assert.match(drawn("Acme", ""), /fill="#ffffff">A</);
});

test("a name that has no letter, or is markup, is no markup here", () => {
  assert.match(drawn("<script>", "#aa0044"), />S<\/text>/);
  assert.match(drawn("&", "#aa0044"), /><\/text>/);
});
