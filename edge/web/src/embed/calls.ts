// What the embedding page may ask, method by method. The person's own buttons
// lead to the same functions: a command can do what a click could and no more,
// and the server decides what it would decide for the click.

import { allowed, type Devices, type Kind } from "../media/devices";
import { t } from "../i18n";
import { trackOn, type Act } from "../protocol/messages";
import type { Session } from "../protocol/session";
import type { Glance } from "../glance";
import { canChooseOutput, type Hearing } from "../hearing";
import { pickLang, setLang } from "../i18n";
import type { Choice, Method, Methods, Panel, Picture } from "../../embed/src/methods";
import { fault } from "./door";
import type { Device, Media, State } from "../../embed/src/events";
import { pin, setLayout, type Looking } from "./looking";
import { state } from "./news";
import { choice, flag, oneOf, peer, text, type Params } from "./read";
import { aside, onStage, screenshot } from "./screenshot";
import { verbs, type Asking } from "./verbs";
import { until } from "./until";
import { begin, bring, find, kinds, wishes, type Wishes } from "./wishes";
import type { Transport } from "../protocol/attachment";

/** As much of the app as the embedding page reaches. */
export interface Meeting {
  readonly session: Pick<Session<Transport>, "phase" | "verdict" | "roster" | "joined" | "outgoing" | "lobby" | "say" | "act" | "setBitrate" | "self" | "onchange" | "onerror">;
  readonly devices: Pick<Devices, "media" | "trouble" | "mic" | "camera" | "micOn" | "cameraOn" | "toggle" | "startShare" | "stopShare" | "canShare" | "starting" | "choose" | "of" | "speakers" | "yield" | "ontrouble">;
  readonly soundBlocked: { readonly value: boolean };
  readonly hearing: Pick<Hearing, "volume" | "muted" | "output" | "setVolume" | "setOutput">;
  /** Set where the browser wants a click in the frame before it shares. */
  readonly shareOffered: { value: boolean };
  readonly floor: { readonly bars: { readonly value: Record<Kind | "share", unknown> } };
  readonly look: Looking;
  readonly glance: Pick<Glance, "at">;
  /** What a video slot shows. */
  streamOf(slot: number): MediaStream;
  readonly name: { readonly value: string };
  readonly panel: { value: Panel | null };
  readonly controlsVisible: { value: boolean };
  shows(control: Panel): boolean;
  readonly localError: { readonly value: string | null };
  readonly params: { readonly room: string; readonly token: string };
  join(name: string): Promise<void>;
  rename(name: string): void;
  playSound(): Promise<boolean>;
  leave(): void;
}

const NAME_LIMIT = 100;
const TEXT_LIMIT = 8192;
const TAG_LIMIT = 35; // of a language tag, RFC 5646 section 4.4.1
const panels = ["chat", "people", "info", "connection", "settings", null] as const;
const pictures = ["jpeg", "png"] as const;

type Done<M extends Method> = Methods[M]["result"] | Promise<Methods[M]["result"]>;

const own: { [M in Exclude<Method, Asking>]: (app: Meeting, p: Params) => Done<M> } = {
  join: (app, p) => join(app, p["name"] === undefined ? undefined : text(p["name"], NAME_LIMIT), wishes(p)),
  leave: (app) => app.leave(),
  setMicrophone: (app, p) => device(app, "mic", flag(p["on"])),
  setCamera: (app, p) => device(app, "camera", flag(p["on"])),
  share: (app, p) => share(app, flag(p["on"])),
  setName: (app, p) => app.rename(text(p["name"], NAME_LIMIT)),
  sendMessage: (app, p) => say(app, text(p["text"], TEXT_LIMIT)),
  setPanel: (app, p) => open(app, oneOf(p["panel"], panels)),
  setControlsVisible: (app, p) => void (app.controlsVisible.value = flag(p["on"])),
  setVolume: (app, p) => volume(app, p["volume"]),
  muteIncoming: (app, p) => void (app.hearing.muted.value = flag(p["on"])),
  devices: (app) => devices(app),
  setDevice: (app, p) => choose(app, oneOf(p["kind"], kinds), choice(p)),
  setLocale: (_, p) => locale(text(p["lang"], TAG_LIMIT)),
  setLayout: (app, p) => setLayout(app.look, p["layout"]),
  pin: (app, p) => pin(app.look, p["peerId"], p["share"]),
  state: (app) => state(app),
  diagnose: (app) => findings(app),
  screenshot: (app, p) => picture(app, peer(p["peerId"]), p["type"] === undefined ? "jpeg" : oneOf(p["type"], pictures)),
  playSound: (app) => playSound(app),
  setBitrate: (app, p) => bitrate(app, p["max"]),
};

export async function call(app: Meeting, method: string, p: Params): Promise<unknown> {
  if (has(own, method)) return own[method](app, p);
  if (has(verbs, method)) return act(app, verbs[method](p));
  throw fault("no_such_method");
}

function has<T extends object>(table: T, name: PropertyKey): name is keyof T {
  return Object.hasOwn(table, name);
}

async function act(app: Meeting, what: Act): Promise<void> {
  const { phase } = app.session;
  if (phase.value !== "live" && phase.value !== "reconnecting") throw fault("not_in_call");
  const asked = app.session.act(what);
  // Who ends the meeting hears its end before, or instead of, the answer.
  const code = await (what.verb === "end" ? Promise.race([asked, until(() => phase.value === "ended").then(() => "")]) : asked);
  if (code) throw fault(code);
}

/** From the stage, or by a glance at who is not there. */
async function picture(app: Meeting, peerId: string, type: Picture): Promise<string> {
  const { session } = app;
  const person = session.roster.value.people.find((p) => p.peer_id === peerId);
  if (!person) throw fault("no_such_peer");
  const self = peerId === session.self;
  const track = self ? null : trackOn(person, "camera");
  const shown = onStage(self ? "self" : `person:${peerId}`);
  if (shown || track === null) return screenshot(shown, type);
  const taken = await app.glance.at(track, async (slot) => {
    const video = await aside(app.streamOf(slot));
    try {
      return screenshot(video, type);
    } finally {
      if (video) video.srcObject = null;
    }
  });
  return taken ?? screenshot(null, type);
}

async function join(app: Meeting, name: string | undefined, wished: Wishes): Promise<State> {
  const { phase, verdict } = app.session;
  if (app.localError.value) throw fault(app.localError.value);
  if (phase.value === "idle" || phase.value === "refused" || phase.value === "ended") {
    if (name !== undefined) app.rename(name);
    begin(app.devices, wished);
    // A token may name its bearer; what is given here then does not count.
    if (!app.name.value && !app.params.token) throw fault("name_missing");
    void app.join(app.name.value || t("guest"));
  }
  await until(() => phase.value !== "joining" && phase.value !== "idle");
  if (phase.value === "refused" || phase.value === "ended") throw fault(verdict.value?.code ?? "internal", verdict.value?.message);
  void bring(app, wished);
  return state(app);
}

async function device(app: Meeting, kind: Kind, on: boolean): Promise<Media> {
  const { devices } = app;
  await until(() => !devices.starting.value);
  if (on && app.floor.bars.value[kind]) throw fault("not_allowed");
  if (devices.media.value[kind] !== on && (on || (kind === "mic" ? devices.micOn : devices.cameraOn).value)) await devices.toggle(kind);
  if (on && !devices.media.value[kind]) throw fault(`${kind}_${devices.trouble.value[kind] ?? "failed"}`);
  return state(app).media;
}

async function share(app: Meeting, on: boolean): Promise<Media> {
  const { devices } = app;
  if (on && app.session.phase.value !== "live") throw fault("not_in_call");
  if (on && app.floor.bars.value.share) throw fault("not_allowed");
  if (on && !devices.canShare) throw fault("share_unavailable");
  if (!on) devices.stopShare();
  else if (!devices.media.value.share) {
    // A click on the page around counts there, and here only where browsers hand it on.
    if ((await devices.startShare()) === "gesture") app.shareOffered.value = true;
    if (!devices.media.value.share) throw fault("share_denied", app.shareOffered.value ? "The browser wants a click in the meeting itself; it shows a button for it." : "");
  }
  return state(app).media;
}

/** What the page does not show does not open either. */
function open(app: Meeting, panel: Panel | null): void {
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
async function choose(app: Meeting, kind: Device["kind"], c: Choice): Promise<void> {
  const id = find(devices(app), kind, c);
  if (id === undefined) throw fault("no_such_device");
  if (kind === "speaker") return app.hearing.setOutput(id);
  await app.devices.choose(kind, id);
  const trouble = app.devices.trouble.value[kind];
  if (trouble) throw fault(`${kind}_${trouble}`);
}

async function playSound(app: Meeting): Promise<void> {
  if (!(await app.playSound())) throw fault("sound_blocked");
}

async function bitrate(app: Meeting, max: unknown): Promise<void> {
  if (typeof max !== "number") throw fault("bad_message");
  const { session } = app;
  if (session.phase.value !== "live" && session.phase.value !== "reconnecting") throw fault("not_in_call");
  const code = await session.setBitrate(max);
  if (code) throw fault(code);
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
