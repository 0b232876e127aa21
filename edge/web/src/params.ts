// What the address says: the room, the token, the person's attributes and
// switches for diagnosis.

import { flag, read, type Said, type Source } from "./attributes";
import { videoCodecs, type VideoCodec } from "./media/codecs";

export interface Params {
  room: string;
  kind: string;
  /** Whose words the address uses. */
  source: Source;
  /** The page is to make a room that nobody has used. */
  fresh: boolean;
  token: string;
  /** Secret that the token may be bound to; never from the address. */
  browser: string;
  /** Given by the partner: the person cannot change it here. */
  displayName: string;
  peerId: string;
  /** By this very name: in a frame, the page around says when to join. */
  nameScreenDisabled: boolean;
  lang: string | null;
  /** All attributes, as they were spelt, by our names. */
  said: Said;
  /** ?ice=relay: media goes by TURN only, to find out whether that works. */
  relayOnly: boolean;
  /** ?pop=fra: that POP while it lives, however near; empty: the nearest. */
  pop: string;
  /** ?codec=vp9: what the camera is encoded with. */
  codec: VideoCodec;
  /** ?red=1: the voice carries its last packets again. */
  redundant: boolean;
}

export function readParams(path: string, search: string): Params {
  const q = new URLSearchParams(search);
  const source = /^\/(call|webinar)\/?$/.test(path) ? "gcore" : "native";
  const said = read(q, source);
  const segment = /^\/m\/([^/]+)\/?$/.exec(path)?.[1];
  return {
    room: segment !== undefined ? decode(segment) : (said.roomId ?? ""),
    kind: /^\/webinar\/?$/.test(path) ? "webinar" : "call",
    source,
    fresh: /^\/new\/?$/.test(path),
    token: q.get("token") ?? "",
    browser: "",
    displayName: said.displayName ?? "",
    peerId: said.peerId ?? "",
    nameScreenDisabled: flag(q.get("nameScreenDisabled"), false),
    lang: said.lang ?? null,
    said,
    relayOnly: q.get("ice") === "relay",
    pop: q.get("pop") ?? "",
    codec: videoCodecs.find((c) => c === q.get("codec")?.toLowerCase()) ?? "vp8",
    redundant: flag(q.get("red"), false),
  };
}

/** Of an address what somebody else may have: the room, and nothing of this person. */
export function withoutPerson(href: string): string {
  const url = new URL(href);
  const room = url.searchParams.get("roomId");
  return `${url.origin}${url.pathname}${/^\/m\//.test(url.pathname) || room === null ? "" : `?${new URLSearchParams({ roomId: room })}`}`;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
