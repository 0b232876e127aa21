// Microphone, camera and screen of this person: what is chosen, what is on,
// and, when something is missing, why.

import { batch, computed, signal } from "@preact/signals-core";
import type { Media } from "../protocol/messages";
import type { Switch } from "../protocol/rights";
import type { Tracks } from "./peer";

/** Why a device is not there; each has words in every language. */
export type Trouble = "denied" | "frame" | "missing" | "busy" | "insecure" | "unplugged" | "failed";
export type Kind = "mic" | "camera";

/** Something the person should read once. */
export type DeviceNotice = { kind: Kind | "share"; trouble: Trouble };

export interface Memory {
  get(key: string): string | null;
  set(key: string, value: string): void;
}

// The device by name, or it is not the one: Chromium 156 answers { ideal } with
// the system's own choice.
const constraintsOf = {
  mic: (id: string): MediaTrackConstraints => ({
    ...(id ? { deviceId: { exact: id } } : {}),
    echoCancellation: true,
    noiseSuppression: true,
    autoGainControl: true,
  }),
  camera: (id: string): MediaTrackConstraints => ({
    ...(id ? { deviceId: { exact: id } } : {}),
    width: { ideal: 1280 },
    height: { ideal: 720 },
    frameRate: { ideal: 30, max: 30 },
  }),
};

export class Devices {
  readonly micOn = signal(true);
  readonly cameraOn = signal(true);
  readonly mic = signal<MediaStreamTrack | null>(null);
  readonly camera = signal<MediaStreamTrack | null>(null);
  readonly share = signal<MediaStreamTrack | null>(null);
  readonly shareAudio = signal<MediaStreamTrack | null>(null);
  readonly trouble = signal<Record<Kind, Trouble | null>>({ mic: null, camera: null });
  readonly starting = signal(false);
  readonly list = signal<readonly MediaDeviceInfo[]>([]);
  readonly chosen = signal<Record<Kind, string>>({ mic: "", camera: "" });

  /** What others get: a muted microphone stays open here, but nothing of it is sent. */
  readonly tracks = computed<Tracks>(() => ({
    mic: this.micOn.value ? this.mic.value : null,
    camera: this.cameraOn.value ? this.camera.value : null,
    share: this.share.value,
    share_audio: this.shareAudio.value,
  }));
  readonly media = computed<Media>(() => {
    const t = this.tracks.value;
    return { mic: t.mic !== null, camera: t.camera !== null, share: t.share !== null, share_audio: t.share_audio !== null };
  });

  onnotice: (n: DeviceNotice) => void = () => {};
  /** Every time that something wanted is not there; of a share also that the person thought better of it. */
  ontrouble: (kind: Kind | "share", trouble: Trouble) => void = () => {};

  private readonly wanted: Record<Kind, number> = { mic: 0, camera: 0 };
  private started = false;

  constructor(private readonly memory: Memory) {
    this.chosen.value = { mic: memory.get("mic") ?? "", camera: memory.get("camera") ?? "" };
    this.micOn.value = memory.get("mic-off") === null || memory.get("mic-off") === "";
    this.cameraOn.value = memory.get("camera-off") === null || memory.get("camera-off") === "";
    navigator.mediaDevices?.addEventListener?.("devicechange", () => void this.changed());
  }

  get canShare(): boolean {
    return typeof navigator.mediaDevices?.getDisplayMedia === "function" && allowed("display-capture");
  }

  /** Opens what is switched on, both in one question to the person. */
  async start(): Promise<void> {
    if (this.started) return;
    this.started = true;
    if (!navigator.mediaDevices?.getUserMedia) return this.refuse("insecure");
    const kinds = (["mic", "camera"] as const).filter((k) => this.on(k).value);
    if (kinds.length === 0) return this.enumerate();
    this.starting.value = true;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: kinds.includes("mic") && constraintsOf.mic(this.chosen.value.mic),
        video: kinds.includes("camera") && constraintsOf.camera(this.chosen.value.camera),
      });
      this.take("mic", stream.getAudioTracks()[0]);
      this.take("camera", stream.getVideoTracks()[0]);
    } catch {
      // One of the two may be missing or refused: ask for each alone.
      await Promise.all(kinds.map((k) => this.open(k)));
    }
    this.starting.value = false;
    await this.enumerate();
  }

  async toggle(kind: Kind): Promise<void> {
    const on = this.on(kind);
    if (on.value && this[kind].value) {
      on.value = false;
      this.memory.set(`${kind}-off`, "1");
      if (kind === "camera") this.drop("camera"); // its light goes off
      return;
    }
    on.value = true;
    this.memory.set(`${kind}-off`, "");
    if (!this[kind].value) {
      await this.open(kind);
      const trouble = this.trouble.value[kind];
      if (trouble) this.onnotice({ kind, trouble });
      await this.enumerate();
    }
  }

  /** Tries once more what is switched on and is not there. */
  async retry(): Promise<void> {
    await Promise.all((["mic", "camera"] as const).filter((k) => this.on(k).value && !this[k].value).map((k) => this.open(k)));
    await this.enumerate();
  }

  /** Switches off what somebody else decided about; the next visit begins as the person left it. */
  yield(source: Switch): void {
    if (source === "share") return this.stopShare();
    this.on(source).value = false;
    if (source === "camera") this.drop("camera");
  }

  async choose(kind: Kind, id: string): Promise<void> {
    this.chosen.value = { ...this.chosen.value, [kind]: id };
    this.memory.set(kind, id);
    if (this[kind].value) await this.open(kind);
  }

  /** Resolves to nothing, or to why not; gesture: the browser saw no click in this frame just before. */
  async startShare(): Promise<"" | "denied" | "gesture" | "failed"> {
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({
        video: { frameRate: { ideal: 30, max: 30 } },
        // Voices of the call itself must not return to it. It is no microphone: what cleans voices spoils music.
        audio: { restrictOwnAudio: true, suppressLocalAudioPlayback: false, echoCancellation: false, noiseSuppression: false, autoGainControl: false } as MediaTrackConstraints,
      });
      const [video] = stream.getVideoTracks();
      const [audio] = stream.getAudioTracks();
      if (!video) return "failed";
      video.contentHint = "detail"; // legible text before smooth motion
      video.addEventListener("ended", () => this.stopShare());
      batch(() => {
        this.share.value = video;
        this.shareAudio.value = audio ?? null;
      });
      return "";
    } catch (e) {
      const name = e instanceof DOMException ? e.name : "";
      if (name === "InvalidStateError") return "gesture"; // Screen Capture, section 5.1, step 4
      this.ontrouble("share", name === "NotAllowedError" ? "denied" : "failed");
      if (name === "NotAllowedError") return "denied"; // closing the chooser is an answer, not a fault
      this.onnotice({ kind: "share", trouble: "failed" });
      return "failed";
    }
  }

  stopShare(): void {
    this.share.value?.stop();
    this.shareAudio.value?.stop();
    batch(() => {
      this.share.value = null;
      this.shareAudio.value = null;
    });
  }

  /** Lets go of everything; start opens it again. */
  stop(): void {
    this.stopShare();
    this.drop("mic");
    this.drop("camera");
    this.started = false;
  }

  of(kind: Kind): MediaDeviceInfo[] {
    const type = kind === "mic" ? "audioinput" : "videoinput";
    return this.list.value.filter((d) => d.kind === type && d.deviceId !== "");
  }

  /** Where sound can come out, as far as the browser tells. */
  speakers(): MediaDeviceInfo[] {
    return this.list.value.filter((d) => d.kind === "audiooutput" && d.deviceId !== "");
  }

  private on(kind: Kind) {
    return kind === "mic" ? this.micOn : this.cameraOn;
  }

  private async open(kind: Kind): Promise<void> {
    if (!navigator.mediaDevices?.getUserMedia) return this.refuse("insecure");
    const turn = ++this.wanted[kind];
    try {
      const track = await this.ask(kind, this.chosen.value[kind]);
      if (turn !== this.wanted[kind] || !this.on(kind).value) track?.stop();
      else this.take(kind, track);
    } catch (e) {
      if (turn === this.wanted[kind]) this.setTrouble(kind, await reason(e, kind));
    }
  }

  private async ask(kind: Kind, id: string): Promise<MediaStreamTrack | undefined> {
    const c = constraintsOf[kind](id);
    try {
      const stream = await navigator.mediaDevices.getUserMedia(kind === "mic" ? { audio: c } : { video: c });
      return stream.getTracks()[0];
    } catch (e) {
      // What was chosen once is not here today: then any.
      if (id && (e as { name?: string }).name === "OverconstrainedError") return this.ask(kind, "");
      throw e;
    }
  }

  private take(kind: Kind, track: MediaStreamTrack | undefined): void {
    if (!track) return;
    if (kind === "camera") track.contentHint = "motion";
    const old = this[kind].value;
    track.addEventListener("ended", () => void this.gone(kind, track));
    batch(() => {
      this[kind].value = track;
      this.setTrouble(kind, null);
    });
    old?.stop();
  }

  private drop(kind: Kind): void {
    this.wanted[kind]++;
    this[kind].value?.stop();
    this[kind].value = null;
  }

  /** The device went away by itself, or the permission to use it: say so, and take another if there is one. */
  private async gone(kind: Kind, track: MediaStreamTrack): Promise<void> {
    if (this[kind].value !== track) return;
    this[kind].value = null;
    const trouble = (await withdrawn(kind)) ? "denied" : "unplugged";
    if (this[kind].value) return; // there again
    this.setTrouble(kind, trouble);
    this.onnotice({ kind, trouble });
    await this.enumerate();
    if (trouble === "unplugged" && this.on(kind).value && this.of(kind).length > 0) await this.open(kind);
  }

  private async changed(): Promise<void> {
    await this.enumerate();
    for (const kind of ["mic", "camera"] as const) {
      const t = this.trouble.value[kind];
      if ((t === "unplugged" || t === "missing") && this.on(kind).value && this.of(kind).length > 0) await this.open(kind);
    }
  }

  private async enumerate(): Promise<void> {
    try {
      this.list.value = await navigator.mediaDevices.enumerateDevices();
    } catch {
      this.list.value = [];
    }
  }

  private refuse(trouble: Trouble): void {
    this.trouble.value = { mic: trouble, camera: trouble };
    for (const kind of ["mic", "camera"] as const) if (this.on(kind).value) this.ontrouble(kind, trouble);
  }

  private setTrouble(kind: Kind, trouble: Trouble | null): void {
    if (this.trouble.value[kind] !== trouble) this.trouble.value = { ...this.trouble.value, [kind]: trouble };
    if (trouble) this.ontrouble(kind, trouble);
  }
}

/** Whether the embedding page lets this frame use the feature; unknown counts as yes. */
export function allowed(feature: string): boolean {
  const policy = (document as { featurePolicy?: { allowsFeature(f: string): boolean } }).featurePolicy;
  try {
    return policy?.allowsFeature(feature) ?? true;
  } catch {
    return true;
  }
}

/** Whether the person has taken the permission back; a browser that does not tell counts as no. */
async function withdrawn(kind: Kind): Promise<boolean> {
  try {
    const name = (kind === "mic" ? "microphone" : "camera") as PermissionName;
    return (await navigator.permissions.query({ name })).state === "denied";
  } catch {
    return false;
  }
}

/** What the failure of an attempt to open a device says. */
export async function reason(e: unknown, kind: Kind): Promise<Trouble> {
  switch (e instanceof DOMException ? e.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return allowed(kind === "mic" ? "microphone" : "camera") ? "denied" : "frame";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return "failed";
  }
}
