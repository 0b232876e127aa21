// The messages of edge/signal/PROTOCOL.md, version 1. Types only: what arrives
// is parsed by parse(), which refuses what is not an object with a type.

import type { pauseReasons, qualityCauses, slotStates, viewPriorities } from "./codes";

export interface Media {
  mic: boolean;
  camera: boolean;
  share: boolean;
  share_audio: boolean;
}

export type Source = keyof Media;

export interface Person {
  peer_id: string;
  name: string;
  /** Id of a picture at the node that this page is attached to. */
  photo?: string;
  role: string;
  /** Is not demoted or removed by others. */
  owner: boolean;
  /** speaker, observer (heard, no camera) or viewer (publishes nothing). */
  mode: string;
  /** When the hand was raised; null while it is down. */
  hand: string | null;
  pop: string;
  joined_at: string;
  state: "present" | "reconnecting";
  media: Media;
  /** What is published, by kind; a muted microphone stays among it. Ids are opaque but for their last part, the kind. */
  tracks: Partial<Record<string, string>>;
  /** How each source was last switched off by somebody else. */
  hushed?: Partial<Record<"mic" | "camera" | "share", { mark: string; by: string }>>;
}

export interface ChatMessage {
  seq: number;
  peer_id: string;
  name: string;
  text: string;
  at: string;
}

export type MuteMode = "free" | "quiet" | "lecture";
export type Audience = "all" | "speakers" | "moderators" | "nobody";

/** The view of a moderator that is everybody's while it is on. */
export interface Stage {
  on: boolean;
  layout?: string;
  /** `person:` or `share:` and a peer id; while it is not on, the spotlight. */
  pinned?: string;
  view?: string;
  /** Peer id of who set it. */
  by?: string;
}

/** What holds for everybody in the room. */
export interface Rules {
  locked: boolean;
  lobby: boolean;
  mute_mode: MuteMode;
  share: Audience;
  chat: Audience;
  hands: Audience;
  /** Bits per second of video of each participant; 0: no bound. */
  bitrate: number;
  stage: Stage;
  /** The https address of what is watched together; missing for nothing. */
  player?: string;
}

/** Who waits to be admitted. */
export interface Guest {
  peer_id: string;
  name: string;
  /** As in Person. */
  photo?: string;
  since: string;
}

/** What a participant asks of the room; PROTOCOL.md says who may. */
export type Act =
  | { verb: "hand" | "lock" | "lobby"; value: boolean }
  | { verb: "react"; value: string }
  | { verb: "mute"; peer_id?: string; value: "mic" | "camera" | "share" }
  | { verb: "ask"; peer_id: string; value: "mic" | "camera" | "share" }
  | { verb: "lower" | "admit" | "reject"; peer_id?: string }
  | { verb: "kick" | "block"; peer_id: string }
  | { verb: "role"; peer_id: string; value: "regular" | "moderator" }
  | { verb: "mode"; peer_id: string; value: "speaker" | "observer" | "viewer" }
  | { verb: "mute_mode"; value: MuteMode }
  | { verb: "share" | "chat" | "hands"; value: Audience }
  | { verb: "bitrate"; value: number }
  | { verb: "stage"; value: Stage }
  | { verb: "player"; value: string }
  | { verb: "end" };

/** A part of the viewers of a webinar, in the order of their names. */
export interface Lookup {
  /** The next of the page before; empty: the first. */
  after: string;
  match: string;
  limit: number;
}

export interface Page {
  type: "people";
  id: string;
  people: Person[] | null;
  next: string;
  total: number;
}

export interface IceServer {
  urls: string[];
  username?: string;
  credential?: string;
}

/** What sections the client sends in, by mid. */
export interface Up {
  mic: string;
  camera: string;
  camera2: string;
  share: string;
  share_audio: string;
}

export interface SlotMids {
  video: string[];
  audio: string[];
}

export interface Assignment {
  video: (string | null)[];
  audio: (string | null)[];
}

export type Priority = (typeof viewPriorities)[number];

/** What a video slot is shown as, in device pixels. */
export interface View {
  width: number;
  height: number;
  priority: Priority;
  visible: boolean;
}

export type SlotState = (typeof slotStates)[number];
export type PauseReason = (typeof pauseReasons)[number];

/** What a video slot gets. */
export interface SlotLayer {
  state: SlotState;
  reason: PauseReason | "";
  /** The layer that is forwarded, -1 for none. */
  spatial: number;
  temporal: number;
  /** How many spatial layers there are, 0 while unknown. */
  layers: number;
  /** Bits per second. */
  bitrate: number;
}

/** How many layers of each own video anyone watches, for those that changed. */
export type EncodeUp = Partial<Record<"camera" | "camera2" | "share", { layers: number } | null>>;

export type QualityCause = (typeof qualityCauses)[number];

/** How well one direction travels, 1 (bad) to 5. */
export interface Score {
  score: number;
  cause: QualityCause;
}

/** What was decided about this person's entry. */
export interface Entry {
  name: string;
  name_locked: boolean;
  /** Before the room: setup, name or empty for none. */
  page: string;
  role: string;
  mode: string;
  /** May write. */
  chat: boolean;
  media: { mic_off: boolean; camera_off: boolean; mic_locked: boolean };
  /** What counts of the attributes that are for the page alone. */
  view: Record<string, string>;
  /** Controls that are configured not to be shown. */
  hidden: string[];
  /** The moderators' PIN would make this person one. */
  pin?: boolean;
  room: RoomFacts;
}

/** What people in a room may pass on about it. */
export interface RoomFacts {
  name?: string;
  /** Digits for dialling in. */
  code?: string;
  dial_in?: string[];
}

export interface EntryRefusal {
  code: string;
  message: string;
  opens?: string;
  closed?: string;
  /** A password is wanted, and none was given. */
  ask?: boolean;
}

export interface JoinMessage {
  type: "join";
  v: 1;
  room: string;
  kind: string;
  source: string;
  page_host: string;
  token: string;
  browser: string;
  name: string;
  peer_id: string;
  resume: string;
  /** Only the socket was lost: the attachment goes on as it is, without an offer. */
  keep?: true;
  /** Media connects first, and the place is taken then. */
  ahead?: true;
  offer?: string;
  up?: Up;
  media: Media;
  /** The node fills the audio slots. */
  hear: "loudest";
  /** What the page's address says. */
  attributes: Record<string, string>;
  /** What the person typed to be let in. */
  password?: string;
  pin?: string;
}

export interface Joined {
  type: "joined";
  peer_id: string;
  answer: string;
  ice_servers: IceServer[] | null;
  /** "kept": nothing has to be negotiated. */
  media?: string;
  resume: string;
  node: { id: string; pop: string };
  /** kind is missing in a call. */
  room: { id: string; version: number; home: string; kind?: string };
  self: Person;
  people: Person[] | null;
  /** Of a webinar, listed or not; missing for none. */
  viewers?: number;
  chat: ChatMessage[] | null;
  rules: Rules;
  /** For moderators. */
  lobby?: Guest[];
  slots: SlotMids;
  assigned: Assignment;
  /** Missing after a resume: what was said before holds. */
  entry?: Entry;
  ping_ms: number;
  trace: string;
}

export type RoomEvent =
  | { kind: "join"; person: Person }
  | { kind: "person"; person: Person }
  | { kind: "leave"; peer_id: string; reason: string; by?: string }
  | { kind: "chat"; message: ChatMessage }
  | { kind: "rules"; rules: Rules }
  | { kind: "reaction"; peer_id: string; text: string }
  | { kind: "ask"; source: "mic" | "camera" | "share" }
  | { kind: "counted"; peer_id: string }
  | { kind: "viewers"; viewers: number };

export interface Refused {
  type: "refused";
  code: string;
  message: string;
  retry_after?: number;
  /** A password is wanted, and none was given. */
  ask?: boolean;
  /** When to come back, RFC 3339. */
  opens?: string;
  /** What the company's own server says: plain text. */
  reason?: string;
  contact?: string;
}

/** The company's own server is asked about who joins. */
export interface Checking {
  type: "checking";
  ping_ms: number;
}

export interface Ended {
  type: "ended";
  code: string;
  message: string;
  /** Peer id of who decided it. */
  by?: string;
}

export type ServerMessage =
  | Joined
  | Refused
  | Ended
  | { type: "update"; version: number; events: RoomEvent[] }
  | { type: "reset"; version: number; people: Person[] | null; viewers?: number; chat: ChatMessage[] | null; rules: Rules }
  | Page
  | Checking
  | { type: "connect"; answer: string; ice_servers: IceServer[] | null; ping_ms: number }
  | { type: "waiting"; ping_ms: number }
  | { type: "lobby"; waiting: Guest[] }
  | { type: "speaking"; peer_ids: string[] | null; dominant?: string }
  | { type: "heard"; audio: (string | null)[] | null }
  | { type: "layers"; video: (SlotLayer | null)[] | null }
  | { type: "encode"; up: EncodeUp | null }
  | { type: "bitrate"; up: number }
  | { type: "quality"; up: Score; down: Score }
  | { type: "subscribed"; seq: number; failed: { track: string; code: string }[] | null }
  | { type: "answer"; id: string; answer: string; slots: SlotMids }
  | { type: "ack"; id: string; seq?: number }
  | { type: "error"; id?: string; code: string; message: string }
  | { type: "move"; code: string }
  | { type: "pong"; t: number };

export type ClientMessage =
  | JoinMessage
  | { type: "subscribe"; seq: number; video: (string | null)[] }
  | { type: "views"; video: (View | null)[] }
  | ({ type: "media" } & Media)
  | { type: "rename"; name: string }
  | { type: "chat"; id: string; text: string }
  | ({ type: "act"; id: string } & Act)
  | ({ type: "people"; id: string } & Lookup)
  | { type: "offer"; id: string; offer: string; up: Up }
  | { type: "ping"; t: number }
  | { type: "leave"; grace?: boolean };

/** Subprotocol of the WebSocket. */
export const SUBPROTOCOL = "meeting.v1";

/** Longest chat message, in bytes of UTF-8. */
export const MAX_CHAT = 8 << 10;

/** Reads one frame; undefined for what is no message at all. */
export function parse(data: unknown): ServerMessage | undefined {
  if (typeof data !== "string") return undefined;
  try {
    const m: unknown = JSON.parse(data);
    if (typeof m !== "object" || m === null || typeof (m as { type?: unknown }).type !== "string") return undefined;
    return m as ServerMessage;
  } catch {
    return undefined;
  }
}

/** The track of a source that is on; what is published but off is nothing to show. */
export function trackOn(p: Person, source: Source): string | null {
  return p.media[source] ? (p.tracks[source] ?? null) : null;
}

export const nothingOn: Media = { mic: false, camera: false, share: false, share_audio: false };

/** What holds in a room for which nothing is configured. */
export const defaultRules: Rules = {
  locked: false, lobby: false, mute_mode: "free", share: "speakers", chat: "speakers", hands: "speakers", bitrate: 0, stage: { on: false },
};
