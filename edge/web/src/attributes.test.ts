import assert from "node:assert/strict";
import { test } from "node:test";
import { attributes, brought, controls, decided, flag, read, wished } from "./attributes";
import type { Entry } from "./protocol/messages";

const of = (search: string) => read(new URLSearchParams(search));

// Covers F-140.
test("an attribute is read by our name or a partner's, our own first", () => {
  for (const [search, want] of [
    ["displayName=Ann&name=Bea", { displayName: "Ann" }],
    ["name=Steve+Irwin&skip_join=true&observer=true&view=bottom_speaker&strip_layout=true", { displayName: "Steve Irwin", nameScreenDisabled: "true", observer: "true", layout: "bottom_speaker", stripLayout: "true" }],
    ["first_name=Ana&last_name=Diaz&startWithAudioMuted=false&startWithVideoMuted=true&HIDE_INVITE_MORE_HEADER=true", { displayName: "Ana Diaz", micOff: "false", cameraOff: "true", hideInvite: "true" }],
    ["mute=camera,+mic", { cameraOff: "true", micOff: "true" }],
    ["mute=mic&micOff=false", { micOff: "false" }],
    ["peerId=1&peerID=2&disbleChat=true", { peerId: "1", disableChat: "true" }],
    ["peerID=2", { peerId: "2" }],
    ["after_call_url=/bye", { leaveUrl: "/bye" }],
    ["%0A+lang=ru%E2%80%9D", { lang: "ru" }],
    ["role=moderator&canRecord=true&token=x&__proto__=1&constructor=2&Name=N", {}],
    [`layout=${"x".repeat(2049)}&lang=ru&lang=en`, { lang: "ru" }],
  ] as const) assert.deepEqual(of(search), want, search);
});

test("flags: true, 1 and empty; false and 0; anything else the default", () => {
  for (const v of ["", "1", "true", "TRUE"]) assert.equal(flag(v, false), true);
  for (const v of ["0", "false"]) assert.equal(flag(v, true), false);
  for (const v of ["yes", "2", null, undefined]) {
    assert.equal(flag(v, true), true);
    assert.equal(flag(v, false), false);
  }
});

test("what the address alone makes of the page", () => {
  const none = attributes({}, "call");
  assert.deepEqual({ ...none, hidden: [...none.hidden] }, {
    name: "", nameLocked: false, page: "setup", micOff: false, cameraOff: false, observer: false, viewer: false, leaveUrl: "", bare: false, hidden: [],
    layout: null, minimizeTiles: false, videoFirst: false, fullScreen: false, lang: null,
  });
  const all = attributes(of("displayName=Ann&nameScreenDisabled&mute=mic&observer=1&controlsDisabled=true&hideControls=share,+Hand,nonsense&disableChat&hideInvite&view=left_side_speaker&minimizeTiles&sortPeers&startWithFS&leaveUrl=https://evil.example"), "call");
  assert.deepEqual([all.name, all.nameLocked, all.page, all.micOff, all.cameraOff, all.observer, all.bare], ["Ann", true, "", true, true, true, true]);
  assert.deepEqual([...all.hidden].sort(), ["chat", "hand", "invite", "share"]);
  assert.deepEqual([all.layout, all.minimizeTiles, all.videoFirst, all.fullScreen], ["left-side-speaker", true, true, true]);
  assert.equal(all.leaveUrl, "", "only the server says where to go");
  assert.equal(attributes({ layout: "cinema" }, "call").layout, "gallery");
  assert.equal(attributes({ layout: "gallery", stripLayout: "1" }, "call").layout, "strip");
});

const entry = (change: Partial<Entry> = {}): Entry => ({
  name: "", name_locked: false, page: "setup", role: "regular", mode: "speaker", chat: true, media: { mic_off: false, camera_off: false, mic_locked: false },
  view: {}, hidden: [], room: {}, ...change,
});

test("the decision is what holds", () => {
  const a = decided(entry({
    name: "Signed", name_locked: true, page: "name", mode: "observer", media: { mic_off: true, camera_off: true, mic_locked: false },
    view: { layout: "bottom-speaker", leaveUrl: "/bye", hideControls: "chat" }, hidden: ["share", "hologram"],
  }));
  assert.deepEqual([a.name, a.nameLocked, a.page, a.observer, a.micOff, a.cameraOff, a.layout, a.leaveUrl], ["Signed", true, "name", true, true, true, "bottom-speaker", "/bye"]);
  assert.deepEqual([...a.hidden].sort(), ["chat", "share"]);
  assert.equal(decided(entry({ page: "lounge" })).page, "setup");
  assert.equal(decided(entry({ name: "Typed" })).nameLocked, false);
  assert.equal(decided(entry({ name: "Linked" }), { displayName: "Linked" }).nameLocked, true);
});

test("every control can be hidden, and only those there are", () => {
  for (const c of controls) assert.deepEqual([...decided(entry({ hidden: [c] })).hidden], [c]);
  assert.deepEqual([...decided(entry({ hidden: [...controls, "x"] })).hidden], [...controls]);
});

test("what the person switched on by hand does not begin switched off", () => {
  const said = of("mute=mic,camera&lang=ru");
  assert.deepEqual(brought(said, { mic: false, camera: false }), { lang: "ru", micOff: "true", cameraOff: "true" });
  assert.deepEqual(brought(said, { mic: true, camera: false }), { lang: "ru", cameraOff: "true" });
});

// GC-A41, GC-L06.
test("links of G-Core's form speak English and Russian, ours whatever there is", () => {
  for (const [given, gcore, native] of [["ru", "ru", "ru"], ["ru-RU", "ru-RU", "ru-RU"], ["fr", "en", "fr"], ["run", "en", "run"], ["", "", ""]] as const) {
    const q = new URLSearchParams({ lang: given });
    assert.equal(read(q, "gcore").lang, gcore);
    assert.equal(read(q).lang, native);
  }
  assert.equal(read(new URLSearchParams(), "gcore").lang, undefined);
  assert.deepEqual(wished("gcore", ["fr-FR", "ru", "EN-us"]), ["ru", "EN-us"]);
  assert.deepEqual(wished("native", ["fr-FR", "ru"]), ["fr-FR", "ru"]);
});
