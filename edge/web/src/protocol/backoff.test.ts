import assert from "node:assert/strict";
import { test } from "node:test";
import { FIRST_PAUSE_MS, LONGEST_PAUSE_MS, pause } from "./backoff";

test("the pause grows with jitter and has an end", () => {
  assert.equal(pause(0, () => 1), FIRST_PAUSE_MS);
  assert.equal(pause(0, () => 0), FIRST_PAUSE_MS / 2);
  assert.equal(pause(2, () => 1), FIRST_PAUSE_MS * 4);
  assert.equal(pause(50, () => 1), LONGEST_PAUSE_MS);
  for (let i = 1; i < 20; i++) assert.ok(pause(i, () => 1) >= pause(i - 1, () => 1));
});
