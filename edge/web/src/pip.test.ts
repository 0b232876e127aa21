import assert from "node:assert/strict";
import { test } from "node:test";
import { chosen, way } from "./pip";
import type { Shown } from "./protocol/views";
import { seen } from "./sight";
import type { Tile } from "./stage";

const tile = (kind: Tile["kind"], id: string, picture = true) => ({ key: `${kind}:${id}`, kind, person: { peer_id: id }, stream: picture ? {} : null }) as Tile;
const self = tile("self", "me");
const [ann, ben, screen] = [tile("person", "ann"), tile("person", "ben"), tile("share", "ben")];
const shown = (width: number, priority: Shown["priority"] = "other"): Shown => ({ width, height: width / 2, priority });

test("a window has a document outside of frames, else the picture alone, else there is none", () => {
  const cases: [documents: boolean, framed: boolean, videos: boolean, want: ReturnType<typeof way>][] = [
    [true, false, true, "document"],
    [true, false, false, "document"],
    [true, true, true, "video"],
    [true, true, false, null],
    [false, false, true, "video"],
    [false, true, false, null],
  ];
  for (const [documents, framed, videos, want] of cases) assert.equal(way({ documents, framed, videos }), want);
});

test("the window shows who leads or stands large, else another person, else oneself", () => {
  assert.equal(chosen([ann, ben, screen, self], "person:ben", false), ben);
  assert.equal(chosen([screen, ann, ben, self], "share:ben", false), screen);
  assert.equal(chosen([ann, self], "person:me", false), self, "who pinned oneself");
  assert.equal(chosen([self, ann], null, false), ann);
  assert.equal(chosen([ann, self], "person:gone", false), ann);
  assert.equal(chosen([self], null, false), self);
  assert.equal(chosen([], "person:ann", false), null);
});

test("a window for pictures alone passes over who has none", () => {
  const dark = tile("person", "ann", false);
  assert.equal(chosen([dark, ben, self], "person:ann", true), ben);
  assert.equal(chosen([dark, ben, self], "person:ann", false), dark);
  assert.equal(chosen([dark, self], "person:ann", true), self);
  assert.equal(chosen([dark], "person:ann", true), null);
});

test("what the window shows is seen although the page is not, and alone", () => {
  const stage = new Map([["a", shown(640)], ["b", shown(640, "pinned")]]);
  const aside = (track: string) => ({ track, ...shown(400, "speaker") });
  assert.deepEqual([...seen(stage, true, null)], [...stage]);
  assert.deepEqual([...seen(stage, false, aside("a"))], [["a", shown(400, "speaker")]]);
  assert.deepEqual(seen(stage, true, aside("a")).get("a"), shown(640, "speaker"), "the larger of both");
  assert.deepEqual(seen(stage, true, aside("b")).get("b"), shown(640, "pinned"), "a pin stays one");
  assert.deepEqual([...seen(stage, true, aside("c")).keys()], ["a", "b", "c"]);
});
