import assert from "node:assert/strict";
import { test } from "node:test";
import type { ChatMessage, Person } from "./messages";
import { emptyRoster, mergeChat, replace, speaking, update } from "./roster";

export function person(id: string, at: number, on: string[] = ["mic", "camera"]): Person {
  return {
    peer_id: id, name: id.toUpperCase(), role: "regular", owner: false, mode: "speaker", hand: null, pop: "fra", state: "present", joined_at: new Date(at).toISOString(),
    media: { mic: on.includes("mic"), camera: on.includes("camera"), share: on.includes("share"), share_audio: on.includes("share_audio") },
    tracks: Object.fromEntries(on.map((s) => [s, `${id}.${s}`])),
  };
}
const said = (seq: number, text = `t${seq}`): ChatMessage => ({ seq, peer_id: "a", name: "A", text, at: "" });
const ids = (r: { people: readonly Person[] }): string => r.people.map((p) => p.peer_id).join("");

test("people stand in join order, whatever order they are told in", () => {
  const r = replace(emptyRoster, 5, [person("c", 3), person("a", 1)], []);
  const { roster, changes } = update(r, 6, [{ kind: "join", person: person("b", 2) }]);
  assert.equal(ids(roster), "abc");
  assert.equal(roster.version, 6);
  assert.deepEqual(changes.map((c) => c.kind), ["joined"]);
});

test("one's own entry is there even when the list lacks it", () => {
  assert.equal(ids(replace(emptyRoster, 1, null, null, person("me", 1))), "me");
  assert.equal(ids(replace(emptyRoster, 1, [person("me", 1)], null, person("me", 1))), "me");
});

test("an update already passed is ignored", () => {
  const r = replace(emptyRoster, 5, [person("a", 1)], []);
  const { roster, changes } = update(r, 5, [{ kind: "leave", peer_id: "a", reason: "left" }]);
  assert.equal(roster, r);
  assert.deepEqual(changes, []);
});

test("a gap is applied and mended by the reset that follows", () => {
  const r = replace(emptyRoster, 5, [person("a", 1)], [said(1)]);
  const gap = update(r, 9, [{ kind: "chat", message: said(4) }]).roster;
  assert.equal(gap.version, 9);
  const mended = replace(gap, 9, [person("a", 1), person("b", 2)], [said(1), said(2), said(3), said(4)]);
  assert.deepEqual(mended.chat.map((m) => m.seq), [1, 2, 3, 4]);
  assert.equal(ids(mended), "ab");
});

test("a change replaces the person and announces nobody", () => {
  const r = replace(emptyRoster, 1, [person("a", 1)], []);
  const { roster, changes } = update(r, 2, [{ kind: "person", person: person("a", 1, ["mic"]) }]);
  assert.equal(roster.people[0]?.media.camera, false);
  assert.deepEqual(changes, []);
});

test("a screen that begins to be shared is announced once", () => {
  const r = replace(emptyRoster, 1, [person("a", 1)], []);
  const first = update(r, 2, [{ kind: "person", person: person("a", 1, ["share"]) }]);
  assert.deepEqual(first.changes.map((c) => c.kind), ["shares"]);
  assert.deepEqual(update(first.roster, 3, [{ kind: "person", person: person("a", 1, ["share", "mic"]) }]).changes, []);
});

test("who leaves is forgotten as a speaker and named with the reason", () => {
  let r = replace(emptyRoster, 1, [person("a", 1), person("b", 2)], []);
  r = speaking(r, ["a"], "", 100);
  const { roster, changes } = update(r, 2, [{ kind: "leave", peer_id: "a", reason: "lost" }, { kind: "leave", peer_id: "nobody", reason: "left" }]);
  assert.equal(roster.speaking.size, 0);
  assert.equal(roster.spoke.size, 0);
  assert.deepEqual(changes.map((c) => c.kind === "left" && [c.person.name, c.reason]), [["A", "lost"]]);
});

test("a message counts once, by its number", () => {
  const chat = mergeChat([said(1)], [said(3), said(2), said(1), said(3)]);
  assert.deepEqual(chat.map((m) => m.seq), [1, 2, 3]);
  assert.equal(mergeChat(chat, [said(2)]), chat);
  const r = replace(emptyRoster, 1, [], [said(1)]);
  assert.deepEqual(update(r, 2, [{ kind: "chat", message: said(1) }]).changes, []);
});

test("speaking remembers when", () => {
  let r = replace(emptyRoster, 1, [person("a", 1), person("b", 2)], []);
  r = speaking(r, ["a"], "", 100);
  r = speaking(r, ["a", "b"], "", 200);
  assert.equal(r.spoke.get("a"), 100);
  r = speaking(r, ["b"], "", 300);
  assert.ok((r.spoke.get("a") ?? 0) > (r.spoke.get("b") ?? 0), "who just stopped was heard later than who began before");
  r = speaking(r, null, "", 400);
  assert.equal(r.speaking.size, 0);
});

test("a person without tracks is read as one with nothing on", () => {
  const bare = { ...person("a", 1), tracks: null } as unknown as Person;
  assert.deepEqual(replace(emptyRoster, 1, [bare], null).people[0]?.tracks, {});
});

test("who leads the talk is kept while they are here", () => {
  let r = replace(emptyRoster, 1, [person("a", 1), person("b", 2)], []);
  r = speaking(r, [], "a", 100);
  assert.equal(r.dominant, "a");
  assert.equal(replace(r, 2, [person("a", 1)], []).dominant, "a");
  assert.equal(replace(r, 2, [person("b", 2)], []).dominant, "");
  assert.equal(update(r, 2, [{ kind: "leave", peer_id: "b", reason: "left" }]).roster.dominant, "a");
  assert.equal(update(r, 2, [{ kind: "leave", peer_id: "a", reason: "left" }]).roster.dominant, "");
});

test("a webinar's viewers are a number, whatever version it comes with", () => {
  const r = replace(emptyRoster, 5, [person("a", 1)], [], undefined, undefined, 3);
  assert.equal(r.viewers, 3);
  const later = update(r, 5, [{ kind: "viewers", viewers: 1482 }]).roster;
  assert.equal(later.viewers, 1482);
  assert.equal(later.version, 5);
  assert.equal(update(later, 6, [{ kind: "leave", peer_id: "x", reason: "left" }]).roster.viewers, 1482);
});

test("who is only counted is listed no more, without a word", () => {
  const r = replace(emptyRoster, 5, [person("a", 1), person("v", 2)], []);
  const { roster, changes } = update(r, 6, [{ kind: "counted", peer_id: "v" }]);
  assert.equal(ids(roster), "a");
  assert.deepEqual(changes, []);
  assert.equal(ids(update(roster, 7, [{ kind: "person", person: person("v", 2) }]).roster), "av");
});
