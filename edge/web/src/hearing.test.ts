import assert from "node:assert/strict";
import { test } from "node:test";
import { effect } from "@preact/signals-core";
import { Hearing, type Listening } from "./hearing";

function memory(kept: Record<string, string> = {}) {
  return { kept, get: (key: string) => kept[key] ?? null, set: (key: string, value: string) => void (kept[key] = value) };
}

test("the volume stays between 0 and 100 and is remembered", () => {
  const store = memory();
  const hearing = new Hearing(store);
  for (const [set, is] of [[50, 50], [-3, 0], [101, 100], [33.4, 33], [NaN, 100]] as const) {
    hearing.setVolume(set);
    assert.equal(hearing.volume.value, is);
  }
  hearing.setVolume(40);
  assert.equal(new Hearing(store).volume.value, 40);
  assert.equal(new Hearing(memory({ volume: "loud" })).volume.value, 100);
});

test("being deaf is not remembered", () => {
  const store = memory();
  new Hearing(store).muted.value = true;
  assert.equal(new Hearing(store).muted.value, false);
});

// Covers F-077.
test("an element follows, and speakers that are gone leave it those it has", async () => {
  const hearing = new Hearing(memory());
  const asked: string[] = [];
  const audio: Listening = { volume: 1, muted: false, sinkId: "", setSinkId: async (id) => { asked.push(id); throw new Error("gone"); } };
  effect(() => hearing.apply(audio));
  hearing.setVolume(50);
  hearing.muted.value = true;
  assert.deepEqual([audio.volume, audio.muted, asked], [0.5, true, []]);
  hearing.setOutput("headset");
  await null;
  assert.deepEqual(asked, ["headset"]);
  assert.equal(audio.sinkId, "");
});

test("a browser that cannot choose speakers plays as it does", () => {
  const hearing = new Hearing(memory({ speaker: "headset" }));
  const audio: Listening = { volume: 1, muted: false };
  hearing.apply(audio);
  assert.equal(audio.volume, 1);
});
