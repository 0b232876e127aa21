import assert from "node:assert/strict";
import { test } from "node:test";
import type { Assignment, Person } from "./messages";
import { person } from "./roster.test";
import { arrange, chooseSlots, place, sameAssignment } from "./slots";

const empty = (video: number, audio: number): Assignment => ({ video: Array(video).fill(null), audio: Array(audio).fill(null) });
const crowd = (n: number, on?: string[]): Person[] => Array.from({ length: n }, (_, i) => person(`p${i}`, i, on));

function choose(people: Person[], o: { current?: Assignment; speaking?: string[]; spoke?: [string, number][]; limit?: number; slots?: [number, number] } = {}): Assignment {
  return chooseSlots({
    people, self: "me", current: o.current ?? empty(...(o.slots ?? [3, 2])), videoLimit: o.limit ?? 9,
    speaking: new Set(o.speaking), spoke: new Map(o.spoke),
  });
}

test("join order fills the slots", () => {
  assert.deepEqual(choose(crowd(5)), { video: ["p0.camera", "p1.camera", "p2.camera"], audio: ["p0.mic", "p1.mic"] });
});

test("oneself is never in a slot", () => {
  assert.deepEqual(choose([person("me", 0), person("a", 1)]).video, ["a.camera", null, null]);
});

test("a share comes before every camera", () => {
  const people = [...crowd(3), person("s", 9, ["share", "share_audio", "mic"])];
  const got = choose(people);
  assert.ok(got.video.includes("s.share"));
  assert.ok(got.audio.includes("s.share_audio"));
});

test("a speaker without a slot takes that of who spoke longest ago, nobody else moves", () => {
  const people = crowd(5);
  const current = choose(people);
  const got = choose(people, { current, speaking: ["p4"], spoke: [["p4", 50], ["p2", 20], ["p0", 10]] });
  assert.deepEqual(got.video, ["p0.camera", "p4.camera", "p2.camera"]);
});

test("a change of speaker among those shown switches nothing", () => {
  const people = crowd(3);
  let current = choose(people);
  const first = current;
  for (const [i, id] of ["p2", "p0", "p1", "p2"].entries()) {
    current = choose(people, { current, speaking: [id], spoke: [[id, i + 1]] });
    assert.deepEqual(current.video, first.video);
  }
});

test("a newcomer takes a free slot and moves nobody", () => {
  const current = choose(crowd(2));
  assert.deepEqual(choose([...crowd(2), person("z", 99)], { current }).video, ["p0.camera", "p1.camera", "z.camera"]);
});

test("what is switched off leaves its slot", () => {
  const current = choose(crowd(3));
  const people = [person("p0", 0), person("p1", 1, ["mic"]), person("p2", 2)];
  assert.deepEqual(choose(people, { current }).video, ["p0.camera", null, "p2.camera"]);
});

test("a small stage leaves slots empty", () => {
  assert.deepEqual(choose(crowd(5), { limit: 1 }).video, ["p0.camera", null, null]);
});

test("sound: who speaks now, then who spoke last; those without a microphone never", () => {
  const people = [...crowd(3), person("quiet", 9, ["camera"])];
  const current = choose(people);
  const got = choose(people, { current, speaking: ["p2"], spoke: [["p2", 5], ["p1", 9], ["quiet", 10]] });
  assert.deepEqual(got.audio, ["p2.mic", "p1.mic"]);
});

test("a muted microphone has a slot only while nobody else wants it", () => {
  const muted = person("a", 0);
  muted.media.mic = false;
  assert.deepEqual(choose([muted, person("b", 1)]).audio, ["b.mic", "a.mic"]);
  assert.deepEqual(choose([muted, person("b", 1), person("c", 2)]).audio, ["b.mic", "c.mic"]);
});

test("a camera that is published but off is not shown", () => {
  const off = person("a", 0);
  off.media.camera = false;
  assert.deepEqual(choose([off, person("b", 1)]).video, ["b.camera", null, null]);
});

test("more slots than people, and none at all", () => {
  assert.deepEqual(choose([], { slots: [2, 1] }), empty(2, 1));
  assert.deepEqual(choose(crowd(3), { slots: [0, 0] }), empty(0, 0));
});

test("a track that stands twice is kept once", () => {
  assert.deepEqual(place(["a", "a", null], ["a", "b"]), ["a", "b", null]);
});

test("any change of the room switches at most as many slots as tracks came or went", () => {
  let seed = 7;
  const random = (n: number): number => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % n;
  let people = crowd(4);
  let current = choose(people, { slots: [5, 3] });
  for (let step = 0; step < 500; step++) {
    const before = new Set(people.map((p) => p.peer_id));
    if (random(2) && people.length > 1) people = people.filter((_, i) => i !== random(people.length));
    else people = [...people, person(`n${step}`, 100 + step)];
    const changed = people.filter((p) => !before.has(p.peer_id)).length + [...before].filter((id) => !people.some((p) => p.peer_id === id)).length;
    const next = choose(people, { current });
    const switched = next.video.filter((t, i) => t !== current.video[i]).length;
    assert.ok(switched <= changed, `step ${step}: ${switched} slots switched for ${changed} changes`);
    const full = next.video.filter((t) => t !== null);
    assert.equal(new Set(full).size, full.length);
    assert.equal(full.length, Math.min(5, people.length));
    current = next;
  }
});

test("sameAssignment", () => {
  assert.ok(sameAssignment({ video: ["a", null], audio: [] }, { video: ["a", null], audio: [] }));
  assert.ok(!sameAssignment({ video: ["a"], audio: [] }, { video: ["a", null], audio: [] }));
});

test("tiles keep their places", () => {
  assert.deepEqual(arrange([], ["a", "b"]), ["a", "b"]);
  assert.deepEqual(arrange(["a", "b", "c"], ["c", "a", "b", "d"]), ["a", "b", "c", "d"]);
  assert.deepEqual(arrange(["a", "b", "c"], ["a", "c", "x"]), ["a", "x", "c"]);
  assert.deepEqual(arrange(["a", "b", "c"], ["a", "c"]), ["a", "c"]);
});
