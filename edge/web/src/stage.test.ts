import assert from "node:assert/strict";
import { test } from "node:test";
import { computed, signal } from "@preact/signals-core";
import type { Subject } from "./look";
import { FakeClock } from "./protocol/fake";
import { HOLD_MS } from "./protocol/lead";
import type { Person } from "./protocol/messages";
import { emptyRoster } from "./protocol/roster";
import { person } from "./protocol/roster.test";
import { Stage } from "./stage";
import type { Layout } from "./ui/layout";

/** A stage of others beside oneself, in a page of 1256 × 634. */
function stand(others: Person[], mode = "speaker") {
  const me = { ...person("me", 0, ["mic"]), mode };
  const roster = signal({ ...emptyRoster, people: [me, ...others] });
  const session = {
    roster, self: "me", phase: signal("live"), attachment: signal(null), layers: signal([]),
    assigned: signal<{ video: (string | null)[]; audio: [] }>({ video: [], audio: [] }), confirmed: signal({ video: [], audio: [] }),
    videoLimit: signal(9), large: signal(""),
  };
  const look = { layout: signal<Layout>("gallery"), pinned: signal<Subject | null>(null), small: signal(false), videoFirst: signal(false) };
  const clock = new FakeClock();
  const playing = signal<string | null>(null);
  const stage = new Stage({
    session, look, clock, playing, bearable: () => Infinity,
    devices: { tracks: signal({ camera: null }), media: signal({ mic: false, camera: false, share: false, share_audio: false }) },
    floor: { me: computed(() => roster.value.people.find((p) => p.peer_id === "me") ?? null) },
    figures: signal({ slots: new Map() }),
    slotsChanged: signal(0),
  } as never);
  stage.size.value = { w: 1256, h: 634 };
  const keys = (): string[] => stage.tiles.value.tiles.map((t) => t.key);
  const change = (id: string, on: string[]): void => void (roster.value = { ...roster.value, people: roster.value.people.map((p) => (p.peer_id === id ? { ...person(id, Date.parse(p.joined_at), on) } : p)) });
  return { stage, session, look, roster, clock, playing, keys, change };
}

const crowd = (n: number): Person[] => Array.from({ length: n }, (_, i) => person(`p${i}`, i + 1));
const persons = (...ids: string[]): string[] => ids.map((id) => `person:${id}`);

test("while all fit they stand in the order of joining, whoever speaks", () => {
  const { keys, roster } = stand(crowd(4));
  roster.value = { ...roster.value, spoke: new Map([["p3", 90]]), dominant: "p3", speaking: new Set(["p3"]) };
  assert.deepEqual(keys(), [...persons("p0", "p1", "p2", "p3"), "self"]);
});

test("with two the own picture floats, with a large one it does not", () => {
  const { stage, look } = stand(crowd(1));
  assert.equal(stage.placed.value.tiles.find((p) => p.tile.key === "self")?.floating, true);
  look.pinned.value = "person:p0";
  assert.equal(stage.placed.value.tiles.find((p) => p.tile.key === "self")?.floating, false);
});

test("who does not fit is a number, and a speaker comes onto the stage", () => {
  const { stage, keys, roster } = stand(crowd(30));
  const { more, tiles } = stage.tiles.value;
  assert.equal(more + tiles.length, 31);
  assert.ok(stage.placed.value.more, "the number has a place");
  assert.ok(!keys().includes("person:p29"));
  roster.value = { ...roster.value, spoke: new Map([["p29", 90]]) };
  assert.ok(keys().includes("person:p29"));
});

test("cameras first: who switches theirs on moves before who has none, and back", () => {
  const { keys, look, change } = stand(crowd(4));
  for (const id of ["p0", "p1", "p3"]) change(id, ["mic"]);
  assert.deepEqual(keys(), [...persons("p0", "p1", "p2", "p3"), "self"]);
  look.videoFirst.value = true;
  assert.deepEqual(keys(), [...persons("p2", "p0", "p1", "p3"), "self"]);
  change("p3", ["mic", "camera"]);
  assert.deepEqual(keys(), [...persons("p2", "p3", "p0", "p1"), "self"]);
  change("p3", ["mic"]);
  assert.deepEqual(keys(), [...persons("p2", "p0", "p1", "p3"), "self"]);
});

test("a speaker layout follows who leads the talk, and asks for that picture first", async () => {
  const { stage, session, look, roster, clock, keys } = stand(crowd(3));
  look.layout.value = "bottom-speaker";
  roster.value = { ...roster.value, dominant: "p1" };
  assert.deepEqual([stage.main.value, session.large.value, keys()[0]], ["person:p1", "p1.camera", "person:p1"]);
  roster.value = { ...roster.value, dominant: "p2" };
  assert.equal(stage.main.value, "person:p1", "held");
  await clock.pass(HOLD_MS);
  assert.equal(stage.main.value, "person:p2");
  roster.value = { ...roster.value, dominant: "me" };
  await clock.pass(HOLD_MS);
  assert.equal(stage.main.value, "person:p2", "not oneself");
});

test("what is pinned is large in the gallery, wanted before shares, first in a strip", () => {
  const { stage, session, look, keys, change } = stand(crowd(3));
  change("p0", ["mic", "camera", "share"]);
  assert.equal(stage.main.value, "share:p0");
  look.pinned.value = "person:p2";
  assert.deepEqual([stage.main.value, session.large.value], ["person:p2", "p2.camera"]);
  assert.deepEqual(stage.placed.value.tiles.map((p) => [p.tile.key, p.priority]), [["person:p2", "pinned"], ["share:p0", "share"], ["person:p0", "other"], ["person:p1", "other"], ["self", "other"]]);
  look.layout.value = "strip";
  assert.deepEqual([stage.main.value, keys()[0]], [null, "person:p2"]);
  look.pinned.value = "person:me";
  look.layout.value = "gallery";
  assert.equal(keys()[0], "self");
  assert.equal(session.large.value, "", "the own picture needs no slot");
});

test("somebody pinned who has no tile changes nothing", () => {
  const { stage, look } = stand([...crowd(2), { ...person("vic", 9), mode: "viewer" }]);
  for (const s of ["person:vic", "person:gone", "share:p0"] as Subject[]) {
    look.pinned.value = s;
    assert.equal(stage.main.value, null, s);
  }
});

test("fifty small tiles have places, and as many pictures are asked for as there are people", () => {
  const { stage, session, look, keys } = stand(crowd(49));
  stage.size.value = { w: 1280, h: 640 };
  look.small.value = true;
  assert.deepEqual([keys().length, stage.tiles.value.more, stage.placed.value.tiles.length], [50, 0, 50]);
  assert.ok(session.videoLimit.value >= 49);
});

test("what is watched together is large, and beside what is pinned or shared", () => {
  const { stage, look, playing, keys, change } = stand(crowd(3));
  playing.value = "https://play.example/";
  const wide = (): boolean => {
    const { player, tiles } = stage.placed.value;
    assert.ok(player, "the player has a place");
    assert.equal(tiles.length, 4, "and so has everybody");
    return tiles.every((p) => p.at.w * p.at.h < player.w * player.h);
  };
  assert.equal(stage.main.value, "player");
  assert.ok(wide());
  for (const layout of ["bottom-speaker", "left-side-speaker"] as const) {
    look.layout.value = layout;
    assert.ok(wide(), layout);
  }
  look.pinned.value = "person:p1";
  assert.equal(stage.main.value, "person:p1");
  assert.equal(wide(), false);
  look.pinned.value = null;
  change("p2", ["share"]);
  assert.equal(stage.main.value, "share:p2");
  assert.equal(keys()[0], "share:p2");
  assert.ok(stage.placed.value.player);
  look.pinned.value = "player";
  assert.equal(stage.main.value, "player");
  playing.value = null;
  assert.equal(stage.main.value, "share:p2");
  assert.equal(stage.placed.value.player, null);
});

test("in a strip the player is the first of the row, and takes the place of one who does not fit", () => {
  const { stage, look, playing } = stand(crowd(30));
  look.layout.value = "strip";
  const before = stage.tiles.value.more;
  playing.value = "https://play.example/";
  const { player, tiles } = stage.placed.value;
  assert.ok(player && tiles.every((p) => p.at.x > player.x));
  assert.equal(stage.tiles.value.more, before + 1);
  assert.ok(stage.placed.value.more, "the number of the others keeps its place");
});

test("with two and a player the own picture does not float", () => {
  const { stage, playing } = stand(crowd(1));
  playing.value = "https://play.example/";
  assert.equal(stage.placed.value.tiles.find((p) => p.tile.key === "self")?.floating, false);
});
