import assert from "node:assert/strict";
import { test } from "node:test";
import { readParams } from "./params";
import { takeTokens, tokensOf, withoutTokens } from "./tokens";

test("tokens leave the address and nothing else does", () => {
  for (const [href, want] of [
    ["https://x/call/?roomId=a&token=s.e.c&lang=ru#h", "https://x/call/?roomId=a&lang=ru#h"],
    ["https://x/call/?roomId=a&accessToken=once&peerId=7&accessToken=more", "https://x/call/?roomId=a&peerId=7"],
    ["https://x/m/a?%20accessToken=once&name=Ann", "https://x/m/a?name=Ann"],
    ["https://x/m/a?accessUrl=https%3A%2F%2Fy", "https://x/m/a?accessUrl=https%3A%2F%2Fy"],
  ] as const) assert.equal(withoutTokens(href), want);
});

test("a reload finds the tokens that have left the address", () => {
  const first = { ...readParams("/call/", "?roomId=a&token=t&accessToken=once"), browser: "b" };
  const again = readParams("/call/", "?roomId=a");
  takeTokens(again, tokensOf(first));
  assert.deepEqual([again.token, again.browser, again.said.accessToken], ["t", "b", "once"]);

  const anew = readParams("/call/", "?roomId=a&token=u&accessToken=");
  takeTokens(anew, tokensOf(first));
  assert.deepEqual([anew.token, anew.browser, anew.said.accessToken], ["u", "", ""]);

  const checked = readParams("/call/", "?roomId=a&accessToken=once");
  assert.deepEqual(tokensOf(checked), { accessToken: "once" });
  for (const state of [null, undefined, {}, { token: 1, browser: 2, accessToken: [] }]) {
    const none = readParams("/call/", "?roomId=a");
    takeTokens(none, state);
    assert.equal(tokensOf(none), null);
  }
});
