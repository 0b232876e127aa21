import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { signal } from "@preact/signals-core";
import { Floor, REACTION_MS } from "./floor";
import { setLang } from "./i18n";
import type { Devices } from "./media/devices";
import type { PeerTransport } from "./media/peer";
import type { Fall } from "./protocol/hush";
import { defaultRules, nothingOn, type Act, type Guest, type Media, type Rules } from "./protocol/messages";
import type { Switch } from "./protocol/rights";
import { emptyRoster } from "./protocol/roster";
import { person } from "./protocol/roster.test";
import type { Session } from "./protocol/session";

/** A floor over a room that is set by hand, with what it said and switched. */
function stand(change: { role?: string; mode?: string; rules?: Partial<Rules>; outcome?: string } = {}) {
  setLang("en");
  const log: string[] = [];
  const me = { ...person("me", 0), role: change.role ?? "regular", mode: change.mode ?? "speaker" };
  const mara = { ...person("mara", 1), name: "Mara", role: "moderator" };
  const media = signal<Media>({ ...nothingOn, camera: true });
  const session = {
    self: "me",
    roster: signal({ ...emptyRoster, people: [me, mara], rules: { ...defaultRules, ...change.rules } }),
    joined: signal({ peer_id: "me" }),
    lobby: signal<readonly Guest[]>([]),
    phase: signal("live"),
    onhush: (_: Fall[]) => {},
    act: (a: Act) => (log.push(`act ${JSON.stringify(a)}`), Promise.resolve(change.outcome ?? "")),
  };
  const switchTo = (s: Switch, on: boolean) => (media.value = { ...media.value, [s]: on });
  const devices = {
    media,
    share: signal(null),
    yield: (s: Switch) => (log.push(`off ${s}`), switchTo(s, false)),
    toggle: (s: Switch) => (log.push(`toggle ${s}`), switchTo(s, !media.value[s])),
  };
  const floor = new Floor(session as unknown as Session<PeerTransport>, devices as unknown as Devices, (text) => log.push(text), (text) => log.push(`aloud ${text}`));
  floor.onguest = (text) => log.push(text);
  return { floor, session, media, log };
}

test("who is hushed is switched off in fact and told by whom", () => {
  const { session, media, log } = stand();
  session.onhush([{ source: "camera", by: "mara" }]);
  assert.deepEqual(log, ["off camera", "Mara stopped your camera."]);
  assert.equal(media.value.camera, false);
  log.length = 0;
  session.onhush([{ source: "mic", by: "who has left" }, { source: "camera", by: "me" }]);
  assert.deepEqual(log, ["off mic", "A moderator muted you.", "off camera"]);
});

test("a rule is the reason where there is one, and a viewer who comes in hears none", () => {
  const lecture = stand({ rules: { mute_mode: "lecture" } });
  lecture.session.onhush([{ source: "mic", by: "mara" }]);
  assert.deepEqual(lecture.log, ["off mic", "Only moderators may speak."]);
  const quiet = stand({ rules: { mute_mode: "quiet" } });
  quiet.session.onhush([{ source: "mic", by: null }]);
  assert.deepEqual(quiet.log, ["off mic", "You came in muted. Turn on your microphone to speak."]);
  const viewer = stand({ mode: "viewer" });
  viewer.session.onhush([{ source: "mic", by: null }, { source: "camera", by: null }]);
  assert.deepEqual(viewer.log, ["off mic", "off camera"]);
});

test("what is barred is not switched on, and can be switched off", () => {
  const { floor, log, media } = stand({ rules: { mute_mode: "lecture" } });
  floor.toggle("mic");
  assert.deepEqual(log, ["Only moderators may speak."]);
  media.value = { ...media.value, mic: true };
  floor.toggle("mic");
  assert.deepEqual(log.slice(1), ["toggle mic"]);
  media.value = { ...media.value, mic: true };
  floor.refused();
  assert.deepEqual(log.slice(2), ["off mic"], "the camera is not barred");
});

test("an ask switches on by hand alone, and goes when it has no sense any more", () => {
  const { floor, log, media } = stand();
  floor.ask("camera");
  assert.equal(floor.asked.value, null, "it is on already");
  floor.ask("mic");
  assert.deepEqual([floor.asked.value, media.value.mic], ["mic", false]);
  floor.answer(false);
  assert.deepEqual([floor.asked.value, media.value.mic], [null, false]);
  floor.ask("mic");
  floor.answer(true);
  assert.equal(media.value.mic, true);
  media.value = nothingOn;
  floor.ask("mic");
  media.value = { ...nothingOn, mic: true };
  assert.equal(floor.asked.value, null);
  assert.equal(log.filter((l) => l.startsWith("aloud")).length, 3);
});

test("an act that fails says why, one that is done nothing", async () => {
  const refused = stand({ outcome: "full" });
  await refused.floor.act({ verb: "admit" });
  assert.deepEqual(refused.log, ['act {"verb":"admit"}', "There is no place left in the meeting."]);
  const done = stand();
  done.floor.toggleHand();
  await Promise.resolve();
  assert.deepEqual(done.log, ['act {"verb":"hand","value":true}']);
  const barred = stand({ mode: "viewer" });
  barred.floor.toggleHand();
  assert.deepEqual(barred.log, ["Viewers watch and listen."]);
});

test("reactions stand for their time, the last five of a crowd", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  const { floor } = stand();
  for (let i = 0; i < 7; i++) floor.reacted(person("x", 1), String(i));
  assert.deepEqual(floor.reactions.value.map((r) => r.text), ["2", "3", "4", "5", "6"]);
  mock.timers.tick(REACTION_MS);
  assert.equal(floor.reactions.value.length, 0);
  mock.timers.reset();
});

test("who comes to the door is announced once, several as a number", () => {
  const { session, log } = stand({ role: "moderator" });
  const guest = (name: string): Guest => ({ peer_id: name, name, since: "" });
  session.lobby.value = [guest("Kai")];
  session.lobby.value = [guest("Kai"), guest("Nadia"), guest("Ivo")];
  session.lobby.value = [guest("Ivo")];
  assert.deepEqual(log, ["Kai would like to come in", "3 people would like to come in"]);
});
