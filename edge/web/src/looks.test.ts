import assert from "node:assert/strict";
import { test } from "node:test";
import { languages } from "./i18n";
import { looks, sheet } from "./looks";

const none = { name: "", logo: "", link: "", background: "", colour: "", lang: "" };

test("what the server said, as far as it is fit", () => {
  const all = { name: "Acme", logo: "https://cdn.example/l.png", link: "https://acme.example/", background: "#102030", colour: "#aa0044", lang: "ru" };
  assert.deepEqual(looks(JSON.stringify(all)), all);
  assert.deepEqual(looks(JSON.stringify({ ...all, background: "data:image/png;base64,AAAA" })).background, "data:image/png;base64,AAAA");
  for (const text of ["", "x", "null", "[]", '{"name":1}']) assert.deepEqual(looks(text), none, text);
  const bad = looks(JSON.stringify({ logo: "http://a.example/l.png", link: "javascript:alert(1)", background: "data:text/html,x", colour: "red" }));
  assert.deepEqual(bad, none);
});

test("a page without looks has no rules of its own", () => assert.equal(sheet(none), ""));

test("a colour is for both grounds, and a background for what lies behind", () => {
  const text = sheet({ ...none, colour: "#aa0044", background: "https://img.example/b.jpg" });
  assert.match(text, /^:root \{ --accent: #aa0044; /);
  assert.match(text, /@media \(prefers-color-scheme: dark\) \{ :root \{ --accent: #aa0044; /);
  assert.match(text, /--ground: url\("https:\/\/img\.example\/b\.jpg"\) center/);
  assert.match(sheet({ ...none, background: "#102030" }), /--ground: #102030;/);
});

test("no rule comes in by an address", () => {
  for (const background of ['https://a.example/"); } body { display: none', "https://a.example/\n}", "https://a.example/\\"]) {
    const text = sheet(looks(JSON.stringify({ background })));
    assert.equal((text.match(/["]/g) ?? []).length, 2, text);
    assert.ok(!/[\n\\]/.test(text), text);
  }
});

test("no text names anybody but the company", () => {
  for (const [lang, texts] of Object.entries(languages)) assert.ok(!/meridian/i.test(JSON.stringify(texts)), lang);
});
