// The model of the page "Why can't I connect?": the probes of the browser it
// runs in, and how they stand.

import { signal } from "@preact/signals";
import { allowed, reason, type Devices, type Kind } from "./media/devices";
import { reach, type Way } from "./media/reach";
import { check, report, untried, type Line, type Probe, type Step } from "./protocol/check";
import { realClock } from "./protocol/clock";
import { SUBPROTOCOL } from "./protocol/messages";
import type { SocketLike } from "./protocol/line";
import { Trial, TrialOver } from "./protocol/trial";

const REACH_MS = 5_000;
/** Checks of ICE go on for longer, but a way that takes this long is of no use. */
const MEDIA_MS = 6_000;
/** How long the browser's own question for a device is waited for. */
const ASK_MS = 20_000;

export class Check {
  readonly open = signal(false);
  readonly running = signal(false);
  readonly lines = signal<readonly Line[]>(untried);
  private trial: Trial | undefined;

  constructor(private readonly devices: Pick<Devices, "mic" | "camera">) {}

  /** Shows the check, and makes it. */
  async start(): Promise<void> {
    if (this.running.value) return;
    this.open.value = this.running.value = true;
    this.lines.value = await check(this.probes(), (lines) => (this.lines.value = lines));
    this.trial?.close();
    this.running.value = false;
  }

  /** The result as text for support; about says where and why. */
  text(about: Readonly<Record<string, string>>): string {
    return report(this.lines.value, { time: new Date().toISOString(), page: location.origin + location.pathname, browser: navigator.userAgent, ...about });
  }

  private probes(): Record<Step, Probe> {
    return {
      secure, server, storage, frame,
      socket: () => this.socket(),
      udp: () => this.way("udp"),
      tcp: () => this.way("tcp"),
      relay: () => this.way("relay"),
      mic: () => this.device("mic"),
      camera: () => this.device("camera"),
    };
  }

  private async socket(): Promise<string[]> {
    const url = `${location.origin.replace(/^http/, "ws")}/ws`;
    this.trial = new Trial(url, (u) => new WebSocket(u, SUBPROTOCOL) as unknown as SocketLike, realClock, REACH_MS);
    return (await this.trial.opened) ? [] : ["socket_blocked"];
  }

  private async way(way: Way): Promise<string[] | null> {
    const { trial } = this;
    if (!trial) return null;
    try {
      const through = await reach(way, (offer) => trial.ask(way, offer), MEDIA_MS);
      return through === null ? null : through ? [] : [`${way}_blocked`];
    } catch (e) {
      return e instanceof TrialOver && ["node_full", "node_draining", "try_again"].includes(e.code) ? ["node_busy"] : null;
    }
  }

  private async device(kind: Kind): Promise<string[] | null> {
    if (this.devices[kind].value?.readyState === "live") return [];
    if (!navigator.mediaDevices?.getUserMedia) return [`${kind}_insecure`];
    try {
      const stream = await within(ASK_MS, navigator.mediaDevices.getUserMedia(kind === "mic" ? { audio: true } : { video: true }));
      for (const t of stream?.getTracks() ?? []) t.stop();
      return stream ? [] : null;
    } catch (e) {
      return [`${kind}_${await reason(e, kind)}`];
    }
  }
}

async function secure(): Promise<string[]> {
  return [...(isSecureContext ? [] : ["insecure_context"]), ...(typeof RTCPeerConnection === "function" ? [] : ["no_webrtc"])];
}

async function server(): Promise<string[]> {
  if (navigator.onLine === false) return ["offline"];
  try {
    const res = await fetch("/probe", { cache: "no-store", signal: AbortSignal.timeout(REACH_MS) });
    return res.ok ? [] : ["unreachable"];
  } catch {
    return ["unreachable"];
  }
}

/** Nothing to look at in a page of its own. */
async function frame(): Promise<string[] | null> {
  if (window === window.top) return null;
  const features = ["camera", "microphone", "display-capture", "autoplay"];
  return features.filter((f) => !allowed(f)).map((f) => `frame_lacks_${f.replace("-", "_")}`);
}

async function storage(): Promise<string[]> {
  try {
    localStorage.setItem("storage.check", "1");
    localStorage.removeItem("storage.check");
    return [];
  } catch {
    return ["storage_blocked"];
  }
}

/** Null if it takes longer. */
function within<T>(ms: number, p: Promise<T>): Promise<T | null> {
  return Promise.race([p, new Promise<null>((done) => setTimeout(done, ms, null))]);
}
