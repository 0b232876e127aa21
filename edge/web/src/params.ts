// What the address says. Attribute names are those of the partner pages; they
// are exact but for the listed aliases.

import { videoCodecs, type VideoCodec } from "./media/codecs";

export interface Params {
  room: string;
  kind: string;
  token: string;
  /** Secret that the token may be bound to; never from the address. */
  browser: string;
  /** Given by the partner: the person cannot change it here. */
  displayName: string;
  peerId: string;
  nameScreenDisabled: boolean;
  lang: string | null;
  /** ?ice=relay: media goes by TURN only, to find out whether that works. */
  relayOnly: boolean;
  /** ?pop=fra: that POP while it lives, however near; empty: the nearest. */
  pop: string;
  /** ?codec=vp9: what the camera is encoded with. */
  codec: VideoCodec;
  /** ?red=1: the voice carries its last packets again. */
  redundant: boolean;
}

/** `true`, `1` and an empty value are true, `false` and `0` false, anything else the default. */
export function flag(value: string | null, fallback: boolean): boolean {
  if (value === null) return fallback;
  const v = value.toLowerCase();
  if (v === "" || v === "1" || v === "true") return true;
  if (v === "0" || v === "false") return false;
  return fallback;
}

export function readParams(path: string, search: string): Params {
  const q = new URLSearchParams(search);
  const segment = /^\/m\/([^/]+)\/?$/.exec(path)?.[1];
  return {
    room: segment !== undefined ? decode(segment) : (q.get("roomId") ?? ""),
    kind: /^\/webinar\/?$/.test(path) ? "webinar" : "call",
    token: q.get("token") ?? "",
    browser: "",
    displayName: (q.get("displayName") ?? "").trim(),
    peerId: q.get("peerId") ?? q.get("peerID") ?? "",
    nameScreenDisabled: flag(q.get("nameScreenDisabled"), false),
    lang: q.get("lang"),
    relayOnly: q.get("ice") === "relay",
    pop: q.get("pop") ?? "",
    codec: videoCodecs.find((c) => c === q.get("codec")?.toLowerCase()) ?? "vp8",
    redundant: flag(q.get("red"), false),
  };
}

/** The same address without the token, for the address bar and copied links. */
export function withoutToken(href: string): string {
  const url = new URL(href);
  url.searchParams.delete("token");
  return url.href;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
