import assert from "node:assert/strict";
import { test } from "node:test";
import { KEPT, Photos } from "./photos";

function album(load = async (_: string): Promise<Blob | null> => new Blob(["x"])) {
  const asked: string[] = [];
  const dropped: string[] = [];
  let made = 0;
  const photos = new Photos(
    () => "https://fra.example",
    (url) => (asked.push(url), load(url)),
    { make: () => `blob:${++made}`, drop: (url) => void dropped.push(url) },
  );
  return { photos, asked, dropped };
}
const settled = () => new Promise((done) => setImmediate(done));

test("a picture is loaded once, from the node", async () => {
  const { photos, asked } = album();
  const url = photos.of("a/b");
  assert.equal(url.value, null);
  assert.equal(photos.of("a/b"), url);
  await settled();
  assert.equal(url.value, "blob:1");
  assert.deepEqual(asked, ["https://fra.example/api/v1/photo/a%2Fb"]);
});

test("without a picture there are initials, also when the node is lost", async () => {
  for (const load of [async () => null, async () => Promise.reject(new Error("lost"))]) {
    const { photos } = album(load);
    const url = photos.of("a");
    await settled();
    assert.equal(url.value, null);
  }
});

test("the oldest picture makes room, and one that comes too late is not kept", async () => {
  const { photos, asked, dropped } = album();
  const first = photos.of("first");
  await settled();
  assert.equal(first.value, "blob:1");
  for (let i = 0; i < KEPT; i++) photos.of(String(i));
  assert.deepEqual(dropped, ["blob:1"]);
  photos.of("first");
  assert.equal(asked.filter((url) => url.endsWith("/first")).length, 2);
  await settled();
});
