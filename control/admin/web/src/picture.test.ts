import assert from "node:assert/strict";
import { test } from "node:test";
import { isPicture, maxPicture, pictureOf } from "./picture";

test("a file's bytes are a data: address", () => {
  assert.equal(pictureOf("image/png", new Uint8Array([0x89, 0x50, 0xff, 0])), "data:image/png;base64,iVD/AA==");
  assert.ok(isPicture(pictureOf("image/svg+xml", new Uint8Array(3)) ?? ""));
  assert.ok(!isPicture("https://example.com/data:image/png") && !isPicture(""));
});

test("what the API would refuse is no picture", () => {
  const head = "data:image/png;base64,".length;
  const most = Math.floor((maxPicture - head) / 4) * 3;
  assert.ok((pictureOf("image/png", new Uint8Array(most))?.length ?? Infinity) <= maxPicture);
  assert.equal(pictureOf("image/png", new Uint8Array(most + 1)), null);
  assert.equal(pictureOf("image/png", new Uint8Array(1 << 24)), null);
  assert.equal(pictureOf("text/html", new Uint8Array(1)), null);
});
