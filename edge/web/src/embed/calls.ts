// What the embedding page may ask, method by method. The person's own buttons
// lead to the same functions: a command can do what a click could and no more,
// and the server decides what it would decide for the click.

import { effect } from "@preact/signals-core";
import { Devices, allowed, type Kind } from "../media/devices";
import type { Session } from "../protocol/session";
import { canChooseOutput, type Hearing } from "../hearing";
import { pickLang, setLang } from "../i18n";
import { fault } from "./door";
import type { Device } from "../../embed/src/events";
import { pin, setLayout, type Looking } from "./looking";
import { state } from "./news";
import type { Transport } from "../protocol/attachment";

/** As much of the app as the embedding page reaches. */
export interface Meeting {
  readonly session: Pick<Session<Transport>, "phase" | "verdict" | "roster" | "joined" | "outgoing" | "say" | "self" | "onchange" | "onerror">;
  readonly devices: Pick<Devices, "media" | "trouble" | "mic" | "camera" | "micOn" | "cameraOn" | "toggle" | "startShare" | "stopShare" | "canShare" | "starting" | "choose" | "of" | "speakers">;
  readonly hearing: Pick<Hearing, "volume" | "muted" | "output" | "setVolume" | "setOutput">;
  readonly floor: { readonly bars: { readonly value: Record<Kind | "share", unknown> } };
  readonly look: Looking;
  readonly name: { value: string };
  readonly panel: { value: (typeof panels)[number] | null };
  readonly controlsVisible: { value: boolean };
  shows(control: (typeof panels)[number]): boolean;
  readonly localError: { readonly value: string | null };
  readonly params: { readonly room: string; readonly displayName: string };
  join(name: string): Promise<void>;
  leave(): void;
}

const NAME_LIMIT = 100;
const TEXT_LIMIT = 8192;
const TAG_LIMIT = 35; // of a language tag, RFC 5646 section 4.4.1
const panels = ["chat", "people", "info", "connection", "settings"] as const;
const ID_LIMIT = 256;

export async function call(app: Meeting, method: string, p: Record<string, unknown>): Promise<unknown> {
  switch (method) {
    case "join":
      return join(app, p["name"] === undefined ? undefined : text(p["name"], NAME_LIMIT));
    case "leave":
      return app.leave();
    case "setMicrophone":
      return device(app, "mic", flag(p["on"]));
    case "setCamera":
      return device(app, "camera", flag(p["on"]));
    case "share":
      return share(app, flag(p["on"]));
    case "setName":
      return rename(app, text(p["name"], NAME_LIMIT));
    case "sendMessage":
      return say(app, text(p["text"], TEXT_LIMIT));
    case "setPanel":
      return open(app, panel(p["panel"]));
    case "setControlsVisible":
      return void (app.controlsVisible.value = flag(p["on"]));
    case "setVolume":
      return volume(app, p["volume"]);
    case "muteIncoming":
      return void (app.hearing.muted.value = flag(p["on"]));
    case "devices":
      return devices(app);
    case "setDevice":
      return choose(app, text(p["kind"], ID_LIMIT), text(p["id"], ID_LIMIT));
    case "setLocale":
      return locale(text(p["lang"], TAG_LIMIT));
    case "setLayout":
      return setLayout(app.look, p["layout"]);
    case "pin":
      return pin(app.look, p["peerId"], p["share"]);
    case "state":
      return state(app);
    case "diagnose":
      return findings(app);
    default:
      throw fault("no_such_method");
  }
}

async function join(app: Meeting, name: string | undefined): Promise<unknown> {
  const { phase, verdict } = app.session;
  if (app.localError.value) throw fault(app.localError.value);
  if (phase.value === "idle" || phase.value === "refused" || phase.value === "ended") {
    if (name !== undefined) rename(app, name);
    if (!app.name.value) throw fault("name_missing");
    void app.join(app.name.value);
  }
  await until(() => phase.value !== "joining" && phase.value !== "idle");
  if (phase.value === "refused" || phase.value === "ended") throw fault(verdict.value?.code ?? "internal", verdict.value?.message);
  return state(app);
}

async function device(app: Meeting, kind: Kind, on: boolean): Promise<unknown> {
  const { devices } = app;
  await until(() => !devices.starting.value);
  if (on && app.floor.bars.value[kind]) throw fault("not_allowed");
  if (devices.media.value[kind] !== on && (on || (kind === "mic" ? devices.micOn : devices.cameraOn).value)) await devices.toggle(kind);
  if (on && !devices.media.value[kind]) throw fault(`${kind}_${devices.trouble.value[kind] ?? "failed"}`);
  return state(app).media;
}

async function share(app: Meeting, on: boolean): Promise<unknown> {
  const { devices } = app;
  if (on && app.session.phase.value !== "live") throw fault("not_in_call");
  if (on && app.floor.bars.value.share) throw fault("not_allowed");
  if (on && !devices.canShare) throw fault("share_unavailable");
  if (!on) devices.stopShare();
  else if (!devices.media.value.share) await devices.startShare();
  if (on && !devices.media.value.share) throw fault("share_denied");
  return state(app).media;
}

function rename(app: Meeting, name: string): void {
  const { phase } = app.session;
  if (phase.value === "live" || phase.value === "reconnecting" || phase.value === "joining" || phase.value === "waiting") throw fault("in_call");
  if (app.params.displayName && name !== app.params.displayName) throw fault("name_fixed");
  app.name.value = name;
}

/** What the page does not show does not open either. */
function open(app: Meeting, panel: (typeof panels)[number] | null): void {
  if (panel && !app.shows(panel)) throw fault("not_allowed");
  app.panel.value = panel;
}

async function say(app: Meeting, words: string): Promise<void> {
  const { session } = app;
  if (session.phase.value !== "live" && session.phase.value !== "reconnecting") throw fault("not_in_call");
  session.say(words);
  const id = session.outgoing.value.at(-1)?.id;
  const own = () => session.outgoing.value.find((o) => o.id === id);
  await until(() => own()?.state !== "sending" || session.phase.value === "ended");
  const left = own();
  if (left?.state === "failed") throw fault(left.code ?? "internal");
  if (left && left.seq === undefined) throw fault("not_in_call");
}

/** Settles with the volume that is set, within 0 and 100. */
function volume(app: Meeting, v: unknown): number {
  if (typeof v !== "number" || Number.isNaN(v)) throw fault("bad_message");
  app.hearing.setVolume(v);
  return app.hearing.volume.value;
}

/** What the browser lets the page name; without permission that is nothing. */
function devices(app: Meeting): Device[] {
  const named = (kind: Device["kind"], list: MediaDeviceInfo[]): Device[] => list.map((d) => ({ kind, id: d.deviceId, label: d.label }));
  const { devices } = app;
  return [...named("mic", devices.of("mic")), ...named("camera", devices.of("camera")), ...(canChooseOutput() ? named("speaker", devices.speakers()) : [])];
}

/** Changes one device; the other kinds go on as they are. */
async function choose(app: Meeting, kind: string, id: string): Promise<void> {
  if (!devices(app).some((d) => d.kind === kind && d.id === id)) throw fault("no_such_device");
  if (kind === "speaker") return app.hearing.setOutput(id);
  if (kind !== "mic" && kind !== "camera") throw fault("bad_message");
  await app.devices.choose(kind, id);
  const trouble = app.devices.trouble.value[kind];
  if (trouble) throw fault(`${kind}_${trouble}`);
}

/** As the address would: a language that is not spoken here is English. It is not the person's choice, so it is not remembered. */
async function locale(tag: string): Promise<string> {
  const lang = pickLang(tag, []);
  if (!(await setLang(lang))) throw fault("language_unavailable");
  return lang;
}

/** What the frame lacks, as far as only the page in it can tell. */
async function findings(app: Meeting): Promise<string[]> {
  const out: string[] = [];
  if (app.localError.value === "unsupported_browser") out.push("no_webrtc");
  if (!navigator.mediaDevices) out.push("no_media_devices");
  for (const [kind, feature] of [["mic", "microphone"], ["camera", "camera"]] as const) {
    const trouble = app.devices.trouble.value[kind];
    if (!allowed(feature)) out.push(`frame_lacks_${feature}`);
    else if (trouble) out.push(`${kind}_${trouble}`);
  }
  if (!allowed("display-capture")) out.push("frame_lacks_display_capture");
  if (!allowed("autoplay")) out.push("frame_lacks_autoplay");
  if (app.session.phase.value === "reconnecting") out.push("reconnecting");
  const code = app.session.phase.value === "refused" ? app.session.verdict.value?.code : undefined;
  if (code) out.push(`refused_${code}`);
  return out;
}

/** Settles once what the signals in ok say is true. */
function until(ok: () => boolean): Promise<void> {
  return new Promise((done) => {
    let stop: (() => void) | undefined;
    let over = false;
    stop = effect(() => {
      if (over || !ok()) return;
      over = true;
      done();
      queueMicrotask(() => stop?.());
    });
  });
}

function flag(x: unknown): boolean {
  if (typeof x !== "boolean") throw fault("bad_message");
  return x;
}

function text(x: unknown, limit: number): string {
  const trimmed = typeof x === "string" ? x.trim() : "";
  if (!trimmed || trimmed.length > limit) throw fault("bad_message");
  return trimmed;
}

function panel(x: unknown): (typeof panels)[number] | null {
  const found = panels.find((p) => p === x);
  if (x !== null && !found) throw fault("bad_message");
  return found ?? null;
}
