import assert from "node:assert/strict";
import { test } from "node:test";
import { readSeat } from "./seat";

const seat = { room: "demo", peerId: "ann", name: "Ann", ticket: "t.x", mic: true, camera: false };

test("a seat is read from what the history entry holds", () => {
  assert.deepEqual(readSeat({ token: "x", seat }), seat);
});

test("what is no seat is none", () => {
  for (const state of [null, undefined, 7, "x", {}, { seat: null }, { seat: [] }, { seat: { ...seat, ticket: "" } }, { seat: { ...seat, mic: 1 } }, { seat: { ...seat, room: undefined } }])
    assert.equal(readSeat(state), null, JSON.stringify(state));
});
