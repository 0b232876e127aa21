import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { fault, type Door } from "../../../src/embed/door";
import { Pane, PAGE, SITE, delivered, framed } from "../../../src/embed/frames";
import { eventNames } from "../../src/events";
import { MeetIframeBridge } from "./bridge";
import { acts, methods } from "./methods";

const open: (() => void)[] = [];
afterEach(() => open.splice(0).forEach((close) => close()));

type Handler = (method: string, params: Record<string, unknown>) => unknown;

/** A partner's page with a frame in it; page() is the load of what is in the frame. */
function site({ src = `${PAGE}/call/?roomId=serv1abc&peerId=p%401&displayName=Tom`, list = SITE, handle = (() => null) as Handler } = {}) {
  const asked: [string, Record<string, unknown>][] = [];
  const answer = async (method: string, params: Record<string, unknown>): Promise<unknown> => {
    if (method === "state" && asked.length === 0) return { phase: "idle" };
    asked.push([method, params]);
    return handle(method, params);
  };
  const windows = framed(answer, list);
  windows.channel.close(); // the bridge has its own
  open.push(() => windows.around.posts.concat(windows.frame.posts).forEach((p) => p.ports.forEach((port) => port.close())));
  Object.assign(globalThis, { window: windows.around });
  const loads = new Set<(e: { timeStamp: number }) => void>();
  const document = { fullscreenElement: null as unknown, exitFullscreen: async () => void (document.fullscreenElement = null) };
  const element = { ownerDocument: document, src, contentWindow: windows.frame, addEventListener: (_: string, l: (e: { timeStamp: number }) => void) => loads.add(l) } as unknown as HTMLIFrameElement;
  const told: [string, unknown][] = [];
  const listen = (b: MeetIframeBridge, into = told): MeetIframeBridge => {
    for (const name of names) b.on(name, (payload) => void into.push([name, payload]));
    return b;
  };
  const bridge = (roomId = "serv1abc"): MeetIframeBridge => listen(new MeetIframeBridge({ element, roomId }));
  const call = (b: MeetIframeBridge, name: string, data?: unknown): Promise<unknown> => new Promise((callback) => b.method({ name, data, callback }));
  /** The frame's load event, as the page hears it. */
  const load = (handler = (): void => {}): void => {
    const e = { timeStamp: performance.now() };
    handler();
    for (const l of [...loads]) l(e);
  };
  const page = (): Door => (windows.frame.unload(), windows.open());
  return { ...windows, page, element, asked, told, listen, bridge, call, load };
}

const names = [
  "ready", "readyToJoin", "join", "switchOnCamera", "switchOffCamera", "errorGetCamera", "switchOnMic", "switchOffMic", "errorGetMic", "switchOnShare", "switchOffShare",
  "errorGetShare", "newPeer", "peerClosed", "connectionFailed", "disconnected", "connectionClosed", "connectionError", "playingAudioPrevent", "switchOnPin", "switchOffPin", "errorGetPin",
];

const device = { deviceId: "d", label: "Front", groupId: "g", kind: "video" };
const media = { mic: true, camera: false, share: false };
const state = { media };

/** Each of theirs: what goes in, what ours is asked, what comes back. */
const table: [name: string, data: unknown, method: string, params: object, value?: unknown][] = [
  ["join", { constraints: { video: false, audio: true } }, "join", { mic: true, camera: false }],
  ["enableMic", undefined, "setMicrophone", { on: true }],
  ["disableMic", undefined, "setMicrophone", { on: false }],
  ["enableWebcam", undefined, "setCamera", { on: true }],
  ["disableWebcam", undefined, "setCamera", { on: false }],
  ["enableShare", undefined, "share", { on: true }],
  ["disableShare", undefined, "share", { on: false }],
  ["changeDisplayName", "Tom", "setName", { name: "Tom" }],
  ["setVolume", 50, "setVolume", { volume: 50 }],
  ["getScreenshotByPeerId", "p", "screenshot", { peerId: "p", type: "png" }, "data:image/png;base64,"],
  ["setControlsVisible", false, "setControlsVisible", { on: false }],
  ["isCameraEnabled", undefined, "state", {}, false],
  ["isMicroEnabled", undefined, "state", {}, true],
  ["isShareEnabled", undefined, "state", {}, false],
  ["changeDevice", { constraints: { video: device } }, "setDevice", { kind: "camera", id: "d", label: "Front" }],
  ["playAudio", undefined, "playSound", {}],
  ["muteAudio", undefined, "muteIncoming", { on: true }],
  ["unmuteAudio", undefined, "muteIncoming", { on: false }],
  ["setBitrate", 300_000, "setBitrate", { max: 300_000 }],
  ["enablePin", "p", "pin", { peerId: "p" }],
  ["disablePin", undefined, "pin", { peerId: null }],
  ["setLocale", "ru", "setLocale", { lang: "ru" }],
  ["disabledTrackByModerator", { userPeerId: "p", kind: "audio" }, "mute", { peerId: "p", source: "mic" }],
  ["disableAllMics", undefined, "mute", { source: "mic" }],
  ["disableAllCameras", undefined, "mute", { source: "camera" }],
];

// Covers GC-A50.
test("each of the 28 methods is one of ours or an act upon the frame, and calls back once", async () => {
  assert.deepEqual(table.map(([name]) => name).sort(), Object.keys(methods).sort());
  assert.equal(Object.keys({ ...methods, ...acts }).length, 28);
  const s = site({ handle: (method) => (method === "state" ? state : method === "screenshot" ? "data:image/png;base64," : media) });
  const b = s.bridge();
  s.page();
  await delivered();
  const got: [string, unknown][] = [];
  for (const [name, data] of table) {
    b.method({ name, data, callback: (value) => (got.push([name, value]), true) });
    await delivered();
  }
  assert.deepEqual(got, table.map(([name, , , , value = true]) => [name, value]));
  assert.deepEqual(s.asked, table.map(([, , method, params]) => [method, params]));
});

test("other devices and people than the samples have", async () => {
  const s = site();
  const b = s.bridge();
  s.page();
  await delivered();
  for (const [name, data, params] of [
    ["join", { constraints: { video: device, audio: { label: "Desk" } } }, { mic: { label: "Desk" }, camera: { id: "d", label: "Front" } }],
    ["join", {}, {}],
    ["changeDevice", { constraints: { audio: { ...device, kind: "audio" }, video: device } }, { kind: "mic", id: "d", label: "Front" }],
    ["disabledTrackByModerator", { userPeerId: "p", kind: "video" }, { peerId: "p", source: "camera" }],
    ["disabledTrackByModerator", { kind: "video" }, { peerId: "", source: "camera" }], // nobody named is not everybody
    ["disabledTrackByModerator", { userPeerId: "p", kind: "constructor" }, { peerId: "p" }],
    ["enablePin", undefined, { peerId: "" }], // nor is it to unpin
    ["changeDevice", null, {}],
  ] as const) {
    await s.call(b, name, data);
    assert.deepEqual(s.asked.at(-1)?.[1], params, name);
  }
});

test("what fails, is unknown or makes no sense is an error in the callback, and nothing throws", async () => {
  const s = site({ handle: () => { throw fault("not_allowed"); } });
  const b = s.bridge();
  s.page();
  for (const name of ["disableAllMics", "setVolume", "getScreenshotByPeerId"]) assert.deepEqual(await s.call(b, name), { error: "not_allowed" });
  for (const name of ["kick", "constructor", "__proto__", "", undefined, 7]) assert.deepEqual(await s.call(b, name as string), { error: "no_such_method" });
  for (const bad of [undefined, null, {}, { name: "join", callback: "x" }]) b.method(bad as never);
  await delivered();
  const errors: unknown[] = [];
  const { error } = console;
  console.error = (...e: unknown[]) => void errors.push(e);
  for (const bad of [undefined, {}, { element: null }, { element: {} }]) {
    const none = new MeetIframeBridge(bad as never);
    assert.deepEqual(await s.call(none, "join"), { error: "no_frame" });
    none.on("join", () => {});
  }
  console.error = error;
  assert.equal(errors.length, 4);
});

test("the frame takes the whole screen where there was a click", async () => {
  const s = site();
  const b = s.bridge();
  const clicked = async (): Promise<void> => void Object.assign(s.element.ownerDocument, { fullscreenElement: s.element });
  Object.assign(s.element, { requestFullscreen: () => Promise.reject(new TypeError("no click")) });
  assert.deepEqual(await s.call(b, "enableFullscreen"), { error: "fullscreen_denied" });
  Object.assign(s.element, { requestFullscreen: clicked });
  for (const [name, want] of [["isFullscreenEnabled", false], ["enableFullscreen", true], ["isFullscreenEnabled", true], ["disableFullscreen", true], ["disableFullscreen", true], ["isFullscreenEnabled", false]] as const) {
    assert.equal(await s.call(b, name), want);
  }
  s.page(); // none of it waited for the page
  await delivered();
});

// Covers GC-A60.
test("each of the 20 events has the fields it is said to have", async () => {
  const s = site({ handle: () => { throw fault("no_such_peer"); } });
  const b = s.bridge();
  const door = s.page();
  await delivered();
  const own = { peerId: "p@1", displayName: "Tom" };
  const participant = { peerId: "q", name: "Bo" };
  const steps: [string, object, [string, unknown][]][] = [
    ["deviceerror", { kind: "mic", code: "mic_busy" }, [["errorGetMic", own]]],
    ["mediachanged", { peerId: "", media, own: true }, []], // the join tells what is on
    ["joined", { peerId: "p@1", name: "Tom", media: { ...media, camera: true }, participants: [] }, [["join", own], ["switchOnMic", own], ["switchOnCamera", own]]],
    ["participantjoined", { participant }, [["newPeer", { peerId: "q", displayName: "Bo" }]]],
    ["mediachanged", { peerId: "q", media, own: false }, []],
    ["mediachanged", { peerId: "p@1", media: { mic: false, camera: false, share: true }, own: true }, [["switchOffMic", own], ["switchOffCamera", own], ["switchOnShare", own]]],
    ["namechanged", { peerId: "q", name: "Bob", own: false }, []],
    ["namechanged", { peerId: "p@1", name: "Tim", own: true }, []],
    ["mediachanged", { peerId: "p@1", media: { mic: false, camera: false, share: false }, own: true }, [["switchOffShare", { peerId: "p@1", displayName: "Tim" }]]],
    ["deviceerror", { kind: "camera", code: "camera_denied" }, [["errorGetCamera", { peerId: "p@1", displayName: "Tim" }]]],
    ["deviceerror", { kind: "share", code: "share_denied" }, [["errorGetShare", { peerId: "p@1", displayName: "Tim" }]]],
    ["soundblocked", {}, [["playingAudioPrevent", {}]]],
    ["pinchanged", { peerId: "q", share: false }, [["switchOnPin", { peerId: "q" }]]],
    ["pinchanged", { peerId: null, share: false }, [["switchOffPin", {}]]],
    ["participantleft", { peerId: "q", name: "Bo", reason: "left" }, [["peerClosed", { peerId: "q", displayName: "Bo" }]]],
    ["error", { code: "rate_limited", message: "" }, [["connectionError", { peerId: "p@1", error: "rate_limited" }]]],
    ["error", { code: "full", message: "no seat" }, [["connectionError", { peerId: "p@1", error: "no seat" }]]],
    ["phasechange", { phase: "reconnecting" }, [["connectionFailed", {}]]],
    ["phasechange", { phase: "live" }, []],
    ["left", { reason: "lost" }, [["disconnected", {}]]],
    ["phasechange", { phase: "reconnecting" }, []], // once is enough
    ["joined", { peerId: "r", name: "Tim", media: { ...media, mic: false }, participants: [] }, [["join", { peerId: "r", displayName: "Tim" }]]],
    ["left", { reason: "superseded" }, [["disconnected", {}]]],
    ["left", { reason: "left" }, [["connectionClosed", {}]]],
    ["speaking", { peerIds: [] }, []],
    ["anew", {}, []],
  ];
  const seen = new Set<string>();
  assert.deepEqual(s.told.splice(0), [["ready", {}], ["readyToJoin", {}]]);
  for (const [event, detail, want] of steps) {
    door.tell(event, detail);
    await delivered();
    const got = s.told.splice(0);
    assert.deepEqual(got, want, event);
    got.forEach(([name]) => seen.add(name));
  }
  assert.deepEqual(await s.call(b, "enablePin", "z"), { error: "no_such_peer" });
  assert.deepEqual(s.told, [["errorGetPin", { peerId: "z" }]]);
  assert.deepEqual([...seen, "errorGetPin", "ready", "readyToJoin"].sort(), [...names].sort());
  assert.ok(eventNames.length > 0);
});

test("what is asked before the page is there waits, also behind a page that was there first", async () => {
  const s = site();
  const early = s.call(s.bridge(), "disableMic");
  s.page();
  assert.equal(await early, true);
  const late = site();
  late.page(); // its waiting has been posted to nobody
  assert.equal(await late.call(late.bridge(), "disableMic"), true);
});

test("a page already in the call is joined to whoever comes late", async () => {
  const s = site({ handle: () => ({ phase: "live", peerId: "p", name: "Ada", media }) });
  s.asked.push(["before", {}]);
  s.page();
  s.bridge();
  await delivered();
  const own = { peerId: "p", displayName: "Ada" };
  assert.deepEqual(s.told, [["ready", {}], ["join", own], ["switchOnMic", own]]);
});

test("a frame that loads anew goes on with the same bridge, or with the one made at its load", async () => {
  const s = site();
  const first = s.bridge();
  s.page();
  assert.equal(await s.call(first, "disableMic"), true);
  s.page();
  s.load();
  await delivered();
  assert.equal(await s.call(first, "disableMic"), true);
  s.told.length = 0;
  const door = s.page();
  const fresh: [string, unknown][] = [];
  s.load(() => s.listen(new MeetIframeBridge({ element: s.element, roomId: "serv1abc" }), fresh));
  await delivered();
  door.tell("soundblocked", {});
  await delivered();
  assert.deepEqual(s.told, []);
  assert.deepEqual(fresh, [["ready", {}], ["playingAudioPrevent", {}]]);
  assert.equal(await s.call(first, "disableMic"), true);
});

test("two bridges of one frame both hear, and one that stops stops alone", async () => {
  const s = site();
  s.bridge();
  const second: [string, unknown][] = [];
  const b = new MeetIframeBridge({ element: s.element, roomId: "serv1abc" });
  const stop = b.on("playingAudioPrevent", () => second.push(["heard", {}]));
  const door = s.page();
  await delivered();
  s.told.length = 0;
  door.tell("soundblocked", {});
  await delivered();
  stop();
  door.tell("soundblocked", {});
  await delivered();
  assert.equal(second.length, 1);
  assert.equal(s.told.length, 2);
});

// Covers GC-A64.
test("another roomId than the frame's is a warning, and the frame is controlled", async () => {
  const { warn } = console;
  const warnings: string[] = [];
  console.warn = (text: string) => void warnings.push(text);
  const s = site();
  const b = s.bridge("serv2else");
  const same = site();
  same.bridge();
  console.warn = warn;
  s.page();
  same.page();
  assert.equal(await s.call(b, "disableMic"), true);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /serv1abc.*serv2else/);
});

// Covers GC-A63.
test("a site that is not listed controls nothing, and another window is not heard", async () => {
  const s = site({ list: "https://elsewhere.example" });
  const b = s.bridge();
  s.page();
  const refused = await s.call(b, "disableMic");
  assert.deepEqual(refused, { error: "origin_not_allowed" });
  assert.deepEqual(s.asked, []);
  const stranger = new Pane();
  s.around.hear(stranger, "https://evil.example", { channel: "meridian-embed", v: 1, type: "waiting" });
  s.around.hear(stranger, PAGE, { name: "join" });
  await delivered();
  assert.deepEqual(s.told.map(([name]) => name), ["connectionError"]);
});
