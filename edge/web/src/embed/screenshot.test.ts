import assert from "node:assert/strict";
import { test } from "node:test";
import { PICTURE_LIMIT, shoot } from "./screenshot";

const video = { videoWidth: 1280, videoHeight: 720, readyState: 2 };

test("a picture is as large as the video", () => {
  assert.equal(shoot(video, (w, h) => `${w}x${h}`), "1280x720");
});

test("a picture that would not fit one message is made smaller", () => {
  const tried: number[] = [];
  const url = shoot(video, (w, h) => (tried.push(w), "x".repeat(w * h * 3)));
  assert.deepEqual(tried, [1280, 905, 640]);
  assert.ok(url.length <= PICTURE_LIMIT);
});

// Covers F-084.
test("without a frame there is no picture", () => {
  for (const none of [null, { ...video, readyState: 1 }, { ...video, videoWidth: 0 }]) assert.throws(() => shoot(none, () => ""), { code: "no_video" });
});

test("what never fits is refused, not sent", () => {
  assert.throws(() => shoot(video, () => "x".repeat(PICTURE_LIMIT + 1)), { code: "too_long" });
});
