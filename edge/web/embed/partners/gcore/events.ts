// Our events as G-Core Meet's. Theirs are about the person in the frame, and
// begin with the join; of others they say who comes and who goes.

import type { Events, Media, State } from "../../src/events";

/** An event of theirs with its payload. */
export type Told = readonly [name: string, payload: Record<string, unknown>];

const nothing: Media = { mic: false, camera: false, share: false };
const names = { mic: "Mic", camera: "Camera", share: "Share" } as const;

export class Translator {
  private inCall = false;
  private media = nothing;

  /** peerId and name are the person's, as far as they are known before the join. */
  constructor(
    private peerId: string,
    private name: string,
  ) {}

  hear<K extends keyof Events>(event: K, detail: Events[K]): Told[];
  hear(event: string, detail: never): Told[];
  hear(event: string, detail: never): Told[] {
    return Object.hasOwn(this.heard, event) ? this.heard[event as keyof typeof this.heard](detail) : [];
  }

  /** What the page is as the channel opens. */
  found(s: State): Told[] {
    if (s.phase === "idle") return [["readyToJoin", {}]];
    return !this.inCall && (s.phase === "live" || s.phase === "reconnecting") ? this.heard.joined(s) : [];
  }

  /** An enlargement that was refused. */
  pinFailed(peerId: unknown): Told[] {
    return [["errorGetPin", { peerId }]];
  }

  private readonly heard = {
    ready: (): Told[] => {
      this.inCall = false;
      return [["ready", {}]];
    },
    phasechange: ({ phase }: Events["phasechange"]): Told[] => (phase === "reconnecting" && this.inCall ? [["connectionFailed", {}]] : []),
    joined: (e: Pick<Events["joined"], "peerId" | "name" | "media">): Told[] => {
      this.peerId = e.peerId;
      this.name = e.name;
      this.inCall = true;
      this.media = nothing;
      return [["join", this.own()], ...this.changed(e.media)];
    },
    left: ({ reason }: Events["left"]): Told[] => {
      this.inCall = false;
      return [[reason === "left" ? "connectionClosed" : "disconnected", {}]];
    },
    participantjoined: ({ participant: { peerId, name } }: Events["participantjoined"]): Told[] => [["newPeer", { peerId, displayName: name }]],
    participantleft: ({ peerId, name }: Events["participantleft"]): Told[] => [["peerClosed", { peerId, displayName: name }]],
    mediachanged: ({ media, own }: Events["mediachanged"]): Told[] => (own && this.inCall ? this.changed(media) : []),
    namechanged: ({ name, own }: Events["namechanged"]): Told[] => {
      if (own) this.name = name;
      return [];
    },
    deviceerror: ({ kind }: Events["deviceerror"]): Told[] => [[`errorGet${names[kind]}`, this.own()]],
    soundblocked: (): Told[] => [["playingAudioPrevent", {}]],
    pinchanged: ({ peerId }: Events["pinchanged"]): Told[] => [peerId === null ? ["switchOffPin", {}] : ["switchOnPin", { peerId }]],
    error: ({ code, message }: Events["error"]): Told[] => [["connectionError", { peerId: this.peerId, error: message || code }]],
  };

  private own(): { peerId: string; displayName: string } {
    return { peerId: this.peerId, displayName: this.name };
  }

  private changed(now: Media): Told[] {
    const was = this.media;
    this.media = now;
    return (["mic", "camera", "share"] as const).filter((s) => was[s] !== now[s]).map((s) => [`switch${now[s] ? "On" : "Off"}${names[s]}`, this.own()]);
  }
}
