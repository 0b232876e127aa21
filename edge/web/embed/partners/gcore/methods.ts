// G-Core Meet's names of what may be asked, each as a method of ours. What the
// values mean and who may ask is decided where it is answered.

import type { Media, State } from "../../src/events";
import { isFull, setFull } from "../../src/fullscreen";
import type { Method, Methods } from "../../src/methods";

/** A method of ours with what goes in. */
export type Asked = { [M in Method]: readonly [M, Partial<Record<keyof Methods[M]["params"], unknown>>] }[Method];

export interface Translation {
  ask: (data: unknown) => Asked;
  /** What the callback gets; true where nothing is said. */
  answer?: (result: never) => unknown;
  /** A person may be asked something meanwhile. */
  patient?: true;
  /** The click just made is handed on. */
  lends?: true;
}

const on = (method: "setMicrophone" | "setCamera" | "share" | "setControlsVisible" | "muteIncoming", on: boolean): Translation => ({ ask: () => [method, { on }] });
const shown = (read: (s: State) => unknown): Translation => ({ ask: () => ["state", {}], answer: read });
const sent = (source: keyof Media): Translation => shown((s) => s.media[source]);
const sources: Record<string, string> = { audio: "mic", video: "camera" };

export const methods: Readonly<Record<string, Translation>> = {
  join: { ask: (data) => ["join", { mic: device(constraints(data)["audio"]), camera: device(constraints(data)["video"]) }], patient: true },
  enableMic: { ...on("setMicrophone", true), patient: true },
  disableMic: on("setMicrophone", false),
  enableWebcam: { ...on("setCamera", true), patient: true },
  disableWebcam: on("setCamera", false),
  enableShare: { ...on("share", true), patient: true, lends: true },
  disableShare: on("share", false),
  changeDisplayName: { ask: (name) => ["setName", { name }] },
  setVolume: { ask: (volume) => ["setVolume", { volume }] },
  getScreenshotByPeerId: { ask: (peerId) => ["screenshot", { peerId, type: "png" }], answer: (url) => url },
  setControlsVisible: { ask: (on) => ["setControlsVisible", { on }] },
  isCameraEnabled: sent("camera"),
  isMicroEnabled: sent("mic"),
  isShareEnabled: sent("share"),
  changeDevice: { ask: (data) => ["setDevice", changed(constraints(data))], patient: true },
  playAudio: { ask: () => ["playSound", {}] },
  muteAudio: on("muteIncoming", true),
  unmuteAudio: on("muteIncoming", false),
  setBitrate: { ask: (max) => ["setBitrate", { max }] },
  enablePin: { ask: (peerId) => ["pin", { peerId: peerId ?? "" }] },
  disablePin: { ask: () => ["pin", { peerId: null }] },
  setLocale: { ask: (lang) => ["setLocale", { lang }] },
  disabledTrackByModerator: { ask: (data) => ["mute", { peerId: record(data)["userPeerId"] ?? "", source: sources[String(record(data)["kind"])] }] },
  disableAllMics: { ask: () => ["mute", { source: "mic" }] },
  disableAllCameras: { ask: () => ["mute", { source: "camera" }] },
};

/** What the page around does with the frame itself. */
export const acts: Readonly<Record<string, (frame: HTMLIFrameElement) => unknown>> = {
  isFullscreenEnabled: isFull,
  enableFullscreen: (frame) => setFull(frame, true),
  disableFullscreen: (frame) => setFull(frame, false),
};

/** One device a call; of several the first that is known counts. */
function changed(c: Record<string, unknown>): { kind?: string; id?: unknown; label?: unknown } {
  const kind = ["audio", "video"].find((k) => c[k] !== undefined);
  return { kind: kind && sources[kind], ...record(device(c[kind ?? ""])) };
}

/** Yes, no, or a device as browsers describe it: ours knows it by id and label. */
function device(wish: unknown): unknown {
  const { deviceId: id, label } = record(wish);
  return typeof wish === "object" && wish !== null ? { id, label } : wish;
}

function constraints(data: unknown): Record<string, unknown> {
  return record(record(data)["constraints"]);
}

function record(x: unknown): Record<string, unknown> {
  return typeof x === "object" && x !== null ? (x as Record<string, unknown>) : {};
}
