import assert from "node:assert/strict";
import { test } from "node:test";
import { signal } from "@preact/signals-core";
import type { Outgoing } from "../protocol/chat";
import { nothingOn, type Act, type Guest } from "../protocol/messages";
import { emptyRoster } from "../protocol/roster";
import { person } from "../protocol/roster.test";
import type { Phase, Verdict } from "../protocol/session";
import { Hearing } from "../hearing";
import { lang, setLang, t } from "../i18n";
import { call, type Meeting } from "./calls";
import { FakeClock } from "../protocol/fake";
import { LOST_MS, report } from "./news";

/** The app as far as the channel reaches it, without a browser. */
function fake(displayName = "") {
  const me = person("me", 1);
  const phase = signal<Phase>("idle");
  const roster = signal(emptyRoster);
  const joined = signal<object | null>(null);
  const verdict = signal<Verdict | null>(null);
  const outgoing = signal<readonly Outgoing[]>([]);
  const media = signal(nothingOn);
  const toggles: string[] = [];
  const chosen: string[] = [];
  const lobby = signal<readonly Guest[]>([]);
  const acts: Act[] = [];
  const answers: string[] = [];
  const rates: number[] = [];
  const sound = { plays: true };
  const soundBlocked = signal(false);
  const micOn = signal(true);
  const bars = signal<{ mic: string | null; camera: string | null; share: string | null }>({ mic: null, camera: null, share: null });
  const app = {
    session: {
      phase, verdict, roster, joined, outgoing, lobby, self: "me",
      act: async (act: Act) => (acts.push(act), answers.shift() ?? ""),
      onchange: () => {}, onerror: () => {}, setBitrate: async (max: number) => (rates.push(max), max === 1 ? "bad_message" : ""),
      say: (text: string) => (outgoing.value = [...outgoing.value, { id: "o1", text, state: "sending" }]),
    },
    devices: {
      media, trouble: signal({ mic: null, camera: "frame" }), starting: signal(false), canShare: false, startShare: async () => "gesture", micOn, cameraOn: signal(true),
      of: (kind: string) => [{ deviceId: `${kind}-2`, label: "Second" }],
      speakers: () => [],
      yield: (kind: string) => void toggles.push(`${kind} off`), ontrouble: (_kind: string, _trouble: string) => {},
      choose: async (kind: string, id: string) => void chosen.push(`${kind} ${id}`),
      toggle: async (kind: "mic" | "camera") => {
        toggles.push(kind);
        if (kind === "mic") media.value = { ...media.value, mic: !media.value.mic };
      },
    },
    floor: { bars }, shareOffered: signal(false),
    soundBlocked, playSound: async () => sound.plays,
    rename: (name: string) => void (app.name.value = name),
    hearing: new Hearing({ get: () => null, set: () => {} }),
    name: signal(displayName), panel: signal(null), controlsVisible: signal(true), shows: (c: string) => c !== "info", localError: signal(null), params: { room: "demo", displayName, token: "" },
    joins: 0,
    join: async () => {
      app.joins++;
      phase.value = "joining";
    },
    leave: () => (phase.value = "ended"),
  };
  const live = (...others: ReturnType<typeof person>[]) => {
    roster.value = { ...emptyRoster, version: 1, people: [me, ...others] };
    joined.value = { peer_id: "me" };
    phase.value = "live";
  };
  return { app: app as unknown as Meeting & { joins: number }, phase, roster, verdict, outgoing, toggles, chosen, rates, sound, soundBlocked, bars, lobby, acts, answers, live };
}

test("join settles in the call, and twice is once", async () => {
  const { app, live } = fake();
  const both = [call(app, "join", { name: "Ada" }), call(app, "join", {})];
  live();
  const [first] = await Promise.all(both);
  assert.equal(app.joins, 1);
  assert.deepEqual({ ...(first as object), participants: 0 }, { phase: "live", code: "", room: "demo", peerId: "me", name: "Ada", media: { mic: false, camera: false, share: false }, participants: 0, waiting: [] });
});

test("join rejects with the meeting's own code", async () => {
  const { app, phase, verdict } = fake();
  const asked = assert.rejects(call(app, "join", { name: "Ada" }), { code: "locked" });
  verdict.value = { code: "locked", message: "" };
  phase.value = "refused";
  await asked;
});

test("what the embedding page may not say is refused before it is done", async () => {
  const { app, live, toggles } = fake("Ada");
  for (const [method, params, code] of [
    ["join", { mic: "front" }, "bad_message"],
    ["join", { camera: {} }, "bad_message"],
    ["setBitrate", { max: "300000" }, "bad_message"],
    ["setBitrate", { max: 300_000 }, "not_in_call"],
    ["screenshot", { peerId: "p", type: "gif" }, "bad_message"],
    ["setName", { name: " " }, "bad_message"],
    ["join", { name: "" }, "bad_message"],
    ["join", { name: "x".repeat(101) }, "bad_message"],
    ["setMicrophone", {}, "bad_message"],
    ["setMicrophone", { on: "yes" }, "bad_message"],
    ["setPanel", { panel: "admin" }, "bad_message"],
    ["sendMessage", { text: "x" }, "not_in_call"],
    ["sendMessage", { text: "x".repeat(8193) }, "bad_message"],
    ["share", { on: true }, "not_in_call"],
    ["constructor", {}, "no_such_method"],
  ] as const) await assert.rejects(call(app, method, params), { code }, `${method} ${JSON.stringify(params).slice(0, 40)}`);
  assert.equal(app.joins, 0);
  assert.deepEqual(toggles, []);
  live();
  await assert.rejects(call(app, "setBitrate", { max: 1 }), { code: "bad_message" });
  await assert.rejects(call(app, "share", { on: true }), { code: "share_unavailable" });
  await assert.rejects(call(app, "setCamera", { on: true }), { code: "camera_frame" });
});

test("setting a device to what it is does nothing", async () => {
  const { app, live, toggles } = fake();
  live();
  assert.deepEqual(await call(app, "setMicrophone", { on: true }), { mic: true, camera: false, share: false });
  await call(app, "setMicrophone", { on: true });
  await call(app, "setMicrophone", { on: false });
  assert.deepEqual(toggles, ["mic", "mic"]);
});

test("a message settles when the room has it, and fails with its reason", async () => {
  const { app, live, outgoing } = fake();
  live();
  const sent = call(app, "sendMessage", { text: "hello" });
  outgoing.value = [];
  await sent;
  const long = assert.rejects(call(app, "sendMessage", { text: "hello" }), { code: "chat_too_long" });
  outgoing.value = outgoing.value.map((o) => ({ ...o, state: "failed", code: "chat_too_long" }));
  await long;
});

// Covers F-088.
test("news tells who comes, speaks, writes and goes, and nothing of before", async () => {
  const { app, live, roster, phase, verdict } = fake();
  const told: [string, Record<string, unknown>][] = [];
  report(app, (event, detail) => told.push([event, detail as Record<string, unknown>]));
  live(person("bo", 1));
  roster.value = { ...roster.value, people: [...roster.value.people, person("cy", 1)] };
  roster.value = { ...roster.value, speaking: new Set(["cy"]) };
  roster.value = { ...roster.value, chat: [{ seq: 4, peer_id: "bo", name: "Bo", text: "hi", at: "now" }] };
  roster.value = { ...roster.value, people: roster.value.people.filter((p) => p.peer_id !== "cy") };
  app.session.onchange({ kind: "left", person: person("cy", 1), reason: "kicked" });
  await null;
  verdict.value = { code: "room_closed", message: "" };
  phase.value = "ended";
  roster.value = emptyRoster;
  await null;
  assert.deepEqual(told.map(([event]) => event), ["phasechange", "joined", "participantjoined", "speaking", "chatmessage", "participantleft", "phasechange", "left"]);
  assert.equal(told[5]?.[1]["reason"], "kicked");
  assert.equal(told[7]?.[1]["reason"], "room_closed");
});

test("where a moderator must let the person in, join settles with waiting", async () => {
  const m = fake();
  const joining = call(m.app, "join", { name: "Ann" });
  m.phase.value = "waiting";
  assert.equal((await joining as { phase: string }).phase, "waiting");
  await call(m.app, "setName", { name: "Bea" });
  assert.equal(m.app.name.value, "Bea");
});

test("what the room bars cannot be switched on, only off", async () => {
  const m = fake();
  m.live();
  m.bars.value = { mic: "lecture", camera: null, share: "share" };
  await assert.rejects(call(m.app, "setMicrophone", { on: true }), { code: "not_allowed" });
  await assert.rejects(call(m.app, "share", { on: true }), { code: "not_allowed" });
  await call(m.app, "setMicrophone", { on: false });
  assert.deepEqual(m.toggles, []);
});

test("the controls go and come back, and a panel that is hidden does not open", async () => {
  const { app } = fake();
  await call(app, "setControlsVisible", { on: false });
  assert.equal(app.controlsVisible.value, false);
  await call(app, "setControlsVisible", { on: true });
  assert.equal(app.controlsVisible.value, true);
  await assert.rejects(call(app, "setControlsVisible", { on: "yes" }), { code: "bad_message" });
  await assert.rejects(call(app, "setPanel", { panel: "info" }), { code: "not_allowed" });
  await call(app, "setPanel", { panel: "chat" });
  assert.equal(app.panel.value, "chat");
});

test("the language changes, and one that is not spoken is English", async () => {
  const { app } = fake();
  assert.equal(await call(app, "setLocale", { lang: "pt-BR" }), "pt");
  assert.equal(t("leave"), "Sair");
  assert.equal(await call(app, "setLocale", { lang: "tlh" }), "en");
  assert.equal(lang(), "en");
  await assert.rejects(call(app, "setLocale", { lang: "x".repeat(36) }), { code: "bad_message" });
  await setLang("en");
});

// Covers F-077.
test("volume and silence are for own ears", async () => {
  const { app } = fake();
  assert.deepEqual(await Promise.all([50, 200, -1].map((volume) => call(app, "setVolume", { volume }))), [50, 100, 0]);
  await call(app, "muteIncoming", { on: true });
  assert.equal(app.hearing.muted.value, true);
  for (const volume of ["50", NaN, undefined]) await assert.rejects(call(app, "setVolume", { volume }), { code: "bad_message" });
  await assert.rejects(call(app, "muteIncoming", {}), { code: "bad_message" });
});

test("a device is chosen among those that are named", async () => {
  const { app, chosen } = fake();
  assert.deepEqual(await call(app, "devices", {}), [{ kind: "mic", id: "mic-2", label: "Second" }, { kind: "camera", id: "camera-2", label: "Second" }]);
  await call(app, "setDevice", { kind: "mic", id: "mic-2" });
  await assert.rejects(call(app, "setDevice", { kind: "mic", id: "camera-2" }), { code: "no_such_device" });
  await assert.rejects(call(app, "setDevice", { kind: "camera", id: "camera-2" }), { code: "camera_frame" });
  await assert.rejects(call(app, "setDevice", { kind: "speaker", id: "mic-2" }), { code: "no_such_device" });
  assert.deepEqual(chosen, ["mic mic-2", "camera camera-2"]);
});

test("a share that wants a click in the frame is offered there", async () => {
  const m = fake();
  m.live();
  Object.assign(m.app.devices, { canShare: true });
  await assert.rejects(call(m.app, "share", { on: true }), (e: { code: string; message: string }) => e.code === "share_denied" && e.message.includes("button"));
  assert.equal(m.app.shareOffered.value, true);
});

test("what a moderator asks goes to the room as its act", async () => {
  const m = fake();
  m.live();
  for (const [method, params, act] of [
    ["raiseHand", { on: true }, { verb: "hand", value: true }],
    ["react", { text: " 👏 " }, { verb: "react", value: "👏" }],
    ["admit", { peerId: "p" }, { verb: "admit", peer_id: "p" }],
    ["admit", {}, { verb: "admit" }],
    ["reject", { peerId: "p" }, { verb: "reject", peer_id: "p" }],
    ["mute", { peerId: "p", source: "camera" }, { verb: "mute", peer_id: "p", value: "camera" }],
    ["mute", { source: "mic" }, { verb: "mute", value: "mic" }],
    ["kick", { peerId: "p" }, { verb: "kick", peer_id: "p" }],
    ["block", { peerId: "p" }, { verb: "block", peer_id: "p" }],
    ["setRole", { peerId: "p", role: "moderator" }, { verb: "role", peer_id: "p", value: "moderator" }],
    ["lock", { on: false }, { verb: "lock", value: false }],
    ["endForAll", {}, { verb: "end" }],
  ] as const) {
    assert.equal(await call(m.app, method, params), undefined);
    assert.deepEqual(m.acts.pop(), act);
  }
});

test("who ends the meeting need not hear more than its end", async () => {
  const m = fake();
  m.live();
  Object.assign(m.app.session, { act: () => new Promise(() => {}) });
  const ending = call(m.app, "endForAll", {});
  m.phase.value = "ended";
  await ending;
});

test("the room's refusal is the method's", async () => {
  const m = fake();
  await assert.rejects(call(m.app, "endForAll", {}), { code: "not_in_call" });
  m.live();
  m.answers.push("not_allowed");
  await assert.rejects(call(m.app, "kick", { peerId: "p" }), { code: "not_allowed" });
});

test("an act that makes no sense never reaches the room", async () => {
  const m = fake();
  m.live();
  for (const [method, params] of [
    ["kick", {}], ["kick", { peerId: "" }], ["kick", { peerId: "x".repeat(257) }], ["block", { peerId: 7 }], ["admit", { peerId: null }],
    ["mute", { peerId: "p" }], ["mute", { peerId: "p", source: "share_audio" }], ["setRole", { peerId: "p", role: "owner" }],
    ["react", { text: "" }], ["react", { text: "x".repeat(33) }], ["lock", {}], ["raiseHand", { on: 1 }],
  ] as const) await assert.rejects(call(m.app, method, params), { code: "bad_message" }, `${method} ${JSON.stringify(params)}`);
  assert.deepEqual(m.acts, []);
  await assert.rejects(call(m.app, "toString", {}), { code: "no_such_method" });
});

// Covers F-084.
test("a picture is of somebody who is here", async () => {
  const m = fake();
  m.live();
  await assert.rejects(call(m.app, "screenshot", { peerId: "nobody" }), { code: "no_such_peer" });
});

test("news tells of the door, of hands and of reactions", async () => {
  const m = fake();
  const told: [string, Record<string, unknown>][] = [];
  report(m.app, (event, detail) => told.push([event, detail as Record<string, unknown>]));
  m.phase.value = "joining";
  m.phase.value = "waiting";
  m.live(person("bo", 1));
  m.lobby.value = [{ peer_id: "g", name: "Gil", since: "now" }];
  m.lobby.value = [{ peer_id: "g", name: "Gil", since: "now" }];
  m.lobby.value = [];
  const raise = (hand: string | null) => (m.roster.value = { ...m.roster.value, people: m.roster.value.people.map((p) => ({ ...p, hand })) });
  raise("2026-11-01T00:00:00Z");
  raise(null);
  m.app.session.onchange({ kind: "reacted", person: person("bo", 1), text: "👍" });
  const names = told.map(([event]) => event);
  assert.deepEqual(names.slice(0, 5), ["phasechange", "phasechange", "waiting", "phasechange", "joined"]);
  assert.deepEqual(told.filter(([e]) => e === "lobbychanged").map(([, d]) => d["waiting"]), [[{ peerId: "g", name: "Gil", since: "now" }], []]);
  assert.deepEqual(told.filter(([e]) => e === "handchanged").map(([, d]) => [d["peerId"], d["up"], d["own"]]), [["me", true, true], ["bo", true, false], ["me", false, true], ["bo", false, false]]);
  assert.deepEqual(told.at(-1), ["reaction", { peerId: "bo", name: person("bo", 1).name, text: "👍", own: false }]);
});

test("devices are found by their label as well, since ids are this site's own", async () => {
  const { app, chosen } = fake();
  await call(app, "setDevice", { kind: "mic", id: "the partner's", label: "Second" });
  await assert.rejects(call(app, "setDevice", { kind: "mic" }), { code: "bad_message" });
  assert.deepEqual(chosen, ["mic mic-2"]);
});

// Covers GC-A57.
test("a bound goes to the session, and its refusal back", async () => {
  const m = fake();
  m.live();
  await call(m.app, "setBitrate", { max: 300_000 });
  await assert.rejects(call(m.app, "setBitrate", { max: 1 }), { code: "bad_message" });
  assert.deepEqual(m.rates, [300_000, 1]);
});

test("sound plays as the browser lets it", async () => {
  const m = fake();
  await call(m.app, "playSound", {});
  m.sound.plays = false;
  await assert.rejects(call(m.app, "playSound", {}), { code: "sound_blocked" });
});

// Covers GC-A62.
test("after half a minute without a node the place is lost, and the next is joined anew", async () => {
  const m = fake();
  const clock = new FakeClock();
  const told: [string, Record<string, unknown>][] = [];
  report(m.app, (event, detail) => told.push([event, detail as Record<string, unknown>]), clock);
  m.live();
  m.phase.value = "reconnecting";
  await clock.pass(LOST_MS - 1);
  m.phase.value = "live";
  await clock.pass(LOST_MS);
  assert.deepEqual(told.map(([event]) => event), ["phasechange", "joined", "phasechange", "phasechange"]);
  m.phase.value = "reconnecting";
  await clock.pass(LOST_MS);
  m.phase.value = "live";
  assert.deepEqual(told.slice(4).map(([event, { reason }]) => reason ?? event), ["phasechange", "lost", "phasechange", "joined"]);
});

test("news tells of names, of devices that fail and of sound that is held back", async () => {
  const m = fake();
  const told: [string, unknown][] = [];
  m.live(person("bo", 1));
  report(m.app, (event, detail) => told.push([event, detail]));
  m.roster.value = { ...m.roster.value, people: m.roster.value.people.map((p) => ({ ...p, name: p.name + "!" })) };
  m.app.devices.ontrouble("camera", "denied");
  m.soundBlocked.value = true;
  assert.deepEqual(told.slice(-4), [
    ["namechanged", { peerId: "me", name: `${person("me", 1).name}!`, own: true }],
    ["namechanged", { peerId: "bo", name: `${person("bo", 1).name}!`, own: false }],
    ["deviceerror", { kind: "camera", code: "camera_denied" }],
    ["soundblocked", {}],
  ]);
});
