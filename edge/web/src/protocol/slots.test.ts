import assert from "node:assert/strict";
import { test } from "node:test";
import type { Person } from "./messages";
import { person } from "./roster.test";
import { arrange, chooseSlots, companions, place, sameSlots } from "./slots";

type Slots = (string | null)[];
const empty = (n: number): Slots => Array<string | null>(n).fill(null);
const crowd = (n: number, on?: string[]): Person[] => Array.from({ length: n }, (_, i) => person(`p${i}`, i, on));

function choose(people: Person[], o: { current?: Slots; dominant?: string; large?: string; spoke?: [string, number][]; limit?: number; slots?: number } = {}): Slots {
  return chooseSlots({ people, self: "me", current: o.current ?? empty(o.slots ?? 3), videoLimit: o.limit ?? 9, large: o.large ?? "", dominant: o.dominant ?? "", spoke: new Map(o.spoke) });
}

test("join order fills the slots", () => {
  assert.deepEqual(choose(crowd(5)), ["p0.camera", "p1.camera", "p2.camera"]);
});

test("oneself is never in a slot", () => {
  assert.deepEqual(choose([person("me", 0), person("a", 1)]), ["a.camera", null, null]);
});

test("a share comes before every camera", () => {
  const people = [...crowd(3), person("s", 9, ["share", "share_audio", "mic"])];
  assert.ok(choose(people).includes("s.share"));
});

test("what stands large has a slot before everything else", () => {
  const people = [...crowd(5), person("s", 9, ["share", "mic"])];
  assert.deepEqual(choose(people, { large: "p4.camera", slots: 1, dominant: "p0" }), ["p4.camera"]);
  assert.deepEqual(choose(people, { large: "p4.camera", slots: 2, dominant: "p0" }), ["p4.camera", "s.share"]);
});

test("a speaker without a slot takes that of who spoke longest ago, nobody else moves", () => {
  const people = crowd(5);
  const current = choose(people);
  const got = choose(people, { current, spoke: [["p4", 50], ["p2", 20], ["p0", 10]] });
  assert.deepEqual(got, ["p0.camera", "p4.camera", "p2.camera"]);
});

test("who leads the talk has a slot, though others spoke later", () => {
  const people = crowd(5);
  const got = choose(people, { current: choose(people), dominant: "p4", spoke: [["p4", 1], ["p3", 20], ["p2", 30], ["p1", 40]] });
  assert.ok(got.includes("p4.camera"));
  assert.deepEqual(choose(people, { dominant: "nobody" }), choose(people));
});

test("a change of speaker among those shown switches nothing", () => {
  const people = crowd(3);
  let current = choose(people);
  const first = current;
  for (const [i, id] of ["p2", "p0", "p1", "p2"].entries()) {
    current = choose(people, { current, dominant: id, spoke: [[id, i + 1]] });
    assert.deepEqual(current, first);
  }
});

test("a newcomer takes a free slot and moves nobody", () => {
  const current = choose(crowd(2));
  assert.deepEqual(choose([...crowd(2), person("z", 99)], { current }), ["p0.camera", "p1.camera", "z.camera"]);
});

test("what is switched off leaves its slot", () => {
  const current = choose(crowd(3));
  const people = [person("p0", 0), person("p1", 1, ["mic"]), person("p2", 2)];
  assert.deepEqual(choose(people, { current }), ["p0.camera", null, "p2.camera"]);
});

test("a small stage leaves slots empty", () => {
  assert.deepEqual(choose(crowd(5), { limit: 1 }), ["p0.camera", null, null]);
});

test("a camera that is published but off is not shown", () => {
  const off = person("a", 0);
  off.media.camera = false;
  assert.deepEqual(choose([off, person("b", 1)]), ["b.camera", null, null]);
});

test("more slots than people, and none at all", () => {
  assert.deepEqual(choose([], { slots: 2 }), empty(2));
  assert.deepEqual(choose(crowd(3), { slots: 0 }), []);
});

test("a track that stands twice is kept once", () => {
  assert.deepEqual(place(["a", "a", null], ["a", "b"]), ["a", "b", null]);
});

test("any change of the room switches at most as many slots as tracks came or went", () => {
  let seed = 7;
  const random = (n: number): number => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) % n;
  let people = crowd(4);
  let current = choose(people, { slots: 5 });
  for (let step = 0; step < 500; step++) {
    const before = new Set(people.map((p) => p.peer_id));
    if (random(2) && people.length > 1) people = people.filter((_, i) => i !== random(people.length));
    else people = [...people, person(`n${step}`, 100 + step)];
    const changed = people.filter((p) => !before.has(p.peer_id)).length + [...before].filter((id) => !people.some((p) => p.peer_id === id)).length;
    const next = choose(people, { current });
    const switched = next.filter((t, i) => t !== current[i]).length;
    assert.ok(switched <= changed, `step ${step}: ${switched} slots switched for ${changed} changes`);
    const full = next.filter((t) => t !== null);
    assert.equal(new Set(full).size, full.length);
    assert.equal(full.length, Math.min(5, people.length));
    current = next;
  }
});

test("slots are the same when each is", () => {
  assert.ok(sameSlots(["a", null], ["a", null]));
  assert.ok(!sameSlots(["a"], ["a", null]));
  assert.ok(!sameSlots(["a", null], [null, "a"]));
});

test("a voice goes with its own picture, the sound of a share with the share", () => {
  const people = [person("a", 0), person("b", 1, ["mic", "share", "share_audio"]), person("c", 2)];
  const shown = { video: ["b.share", null, "a.camera", "c.camera"], audio: ["b.share_audio", "a.mic", "b.mic"] };
  assert.deepEqual(companions(people, shown), [{ audio: 1, video: 2 }, { audio: 0, video: 0 }]);
});

test("what is off goes with nothing", () => {
  const muted = person("a", 0);
  muted.media.mic = false;
  assert.deepEqual(companions([muted], { video: ["a.camera"], audio: ["a.mic"] }), []);
});

test("tiles keep their places", () => {
  assert.deepEqual(arrange([], ["a", "b"]), ["a", "b"]);
  assert.deepEqual(arrange(["a", "b", "c"], ["c", "a", "b", "d"]), ["a", "b", "c", "d"]);
  assert.deepEqual(arrange(["a", "b", "c"], ["a", "c", "x"]), ["a", "x", "c"]);
  assert.deepEqual(arrange(["a", "b", "c"], ["a", "c"]), ["a", "c"]);
});

test("what is glanced at has a slot beyond those of the stage, or that of who is wanted least", () => {
  const people = ["a", "b", "c"].map((id, i) => person(id, i));
  const input = { people, self: "me", dominant: "", spoke: new Map<string, number>(), glanced: "c.camera" };
  assert.deepEqual(chooseSlots({ ...input, current: ["a.camera", null, null], videoLimit: 1 }), ["a.camera", "c.camera", null]);
  assert.deepEqual(chooseSlots({ ...input, current: ["a.camera", "b.camera"], videoLimit: 2 }), ["a.camera", "c.camera"]);
  assert.deepEqual(chooseSlots({ ...input, glanced: "", current: ["a.camera", "c.camera"], videoLimit: 2 }), ["a.camera", "b.camera"], "given back");
});
