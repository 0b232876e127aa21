// The attributes of one person's visit: what the address says, by our names or
// those of partners' links, and what the entry decision makes of it. Signed
// values and settings are the server's to know, so that its word beats the
// address; until it has come, or if it does not, the address holds. The table of
// all names is in DESIGN.md.

import type { Entry } from "./protocol/messages";
import { asLayout, type Layout } from "./ui/layout";

/** What can be left out of the page, by the names of settings and of hideControls. */
export const controls = [
  "mic", "camera", "share", "hand", "reactions", "chat", "people", "muteall", "info", "invite", "settings", "volume",
  "layout", "fullscreen", "pip", "connection", "record", "whiteboard", "leave",
] as const;
export type Control = (typeof controls)[number];

export interface Attributes {
  name: string;
  /** The person cannot change it here. */
  nameLocked: boolean;
  /** What stands before the room: devices and name, a name alone, or nothing. */
  page: "setup" | "name" | "";
  micOff: boolean;
  cameraOff: boolean;
  /** No controls at all, until the embedding page brings them back. */
  bare: boolean;
  hidden: ReadonlySet<Control>;
  /** null: the one that this browser remembers. */
  layout: Layout | null;
  minimizeTiles: boolean;
  videoFirst: boolean;
  fullScreen: boolean;
  observer: boolean;
  /** Only watches: a webinar's, unless the server says otherwise. */
  viewer: boolean;
  /** The language that the link or the token names, be it unknown. */
  lang: string | null;
  /** Where to go after the call, as far as the company allows it; only the server knows that. */
  leaveUrl: string;
}

/** Our names. The server knows them, too: control/entry. */
const names = [
  "roomId", "peerId", "displayName", "itisparticipant", "tokenLifetime", "video", "observer", "micOff", "cameraOff", "lang", "nameScreenDisabled",
  "controlsDisabled", "hideControls", "disableChat", "hideInvite", "layout", "stripLayout", "minimizeTiles", "sortPeers", "startWithFS",
  "autoplayWithoutAudioTrack", "leaveUrl", "accessToken", "accessUrl", "authorizationAccess", "apiEvent", "authEvent",
] as const;
type Name = (typeof names)[number];
export type Said = Partial<Record<Name, string>>;

/** How addresses of G-Core's form spell two of them. */
const spellings: Record<string, Name> = { peerID: "peerId", disbleChat: "disableChat" };

/** What partners' links call the same. */
const aliases: Record<string, Name> = {
  ...spellings, name: "displayName", skip_join: "nameScreenDisabled", view: "layout", strip_layout: "stripLayout",
  after_call_url: "leaveUrl", startWithAudioMuted: "micOff", startWithVideoMuted: "cameraOff", HIDE_INVITE_MORE_HEADER: "hideInvite",
};

/** The longest value that the server takes. */
const LONGEST = 2048;

/** Whose words an address uses. The server decides by whose rules its visitor comes in. */
export type Source = "native" | "gcore";

/** The attributes in an address, by our names; of each the first value, our own name before others. */
export function read(q: URLSearchParams, source: Source = "native"): Said {
  const exact = source === "gcore";
  const given = new Map<string, string>();
  for (const [name, value] of q) {
    const key = exact ? name : trimmed(name);
    if (!given.has(key)) given.set(key, exact ? value : trimmed(value));
  }
  const out: Said = {};
  const put = (name: Name, value: string | undefined): void => {
    if (value !== undefined && out[name] === undefined && new TextEncoder().encode(value).length <= LONGEST) out[name] = value;
  };
  for (const name of names) put(name, given.get(name));
  for (const [alias, name] of Object.entries(exact ? spellings : aliases)) put(name, given.get(alias));
  if (exact && out.lang && wished(source, [out.lang]).length === 0) out.lang = "en";
  if (exact) return out;
  const whole = [given.get("first_name"), given.get("last_name")].filter(Boolean).join(" ");
  if (whole) put("displayName", whole);
  const mute = (given.get("mute") ?? "").split(",").map((x) => x.trim());
  if (mute.includes("mic")) put("micOff", "true");
  if (mute.includes("camera")) put("cameraOff", "true");
  return out;
}

/** Which of the languages somebody wishes count: the guide for G-Core's partners knows two, and their sites are in these (GC-A41). */
export function wished(source: Source, tags: readonly string[]): readonly string[] {
  return source === "gcore" ? tags.filter((tag) => /^(en|ru)(-|$)/i.test(tag)) : tags;
}

/** Without the blanks and quotes that broken lines and word processors leave around names and values. */
export function trimmed(s: string): string {
  return s.replace(/^[\s"'“”‘’]+|[\s"'“”‘’]+$/g, "");
}

/** `true`, `1` and an empty value are true, `false` and `0` false, anything else the default. */
export function flag(value: string | null | undefined, fallback: boolean): boolean {
  if (value === null || value === undefined) return fallback;
  const v = value.toLowerCase();
  if (v === "" || v === "1" || v === "true") return true;
  if (v === "0" || v === "false") return false;
  return fallback;
}

/** What the address alone makes of the page. */
export function attributes(said: Said, kind: string): Attributes {
  return {
    name: said.displayName ?? "",
    nameLocked: Boolean(said.displayName),
    page: flag(said.nameScreenDisabled, false) ? "" : "setup",
    micOff: flag(said.micOff, false),
    cameraOff: flag(said.cameraOff, false) || flag(said.observer, false),
    observer: flag(said.observer, false),
    viewer: kind === "webinar" && !flag(said.itisparticipant, false),
    leaveUrl: "",
    ...look(said, []),
  };
}

/** What the entry decision makes of it. A name that is neither signed nor in the address was typed. */
export function decided(e: Entry, said: Said = {}): Attributes {
  return {
    name: e.name,
    nameLocked: e.name_locked || Boolean(said.displayName && e.name),
    page: e.page === "name" || e.page === "" ? e.page : "setup",
    micOff: e.media.mic_off,
    cameraOff: e.media.camera_off,
    observer: e.mode === "observer",
    viewer: e.mode === "viewer",
    leaveUrl: e.view["leaveUrl"] ?? "",
    ...look(e.view as Said, e.hidden),
  };
}

/** What is for the page alone. */
function look(said: Said, configured: readonly string[]) {
  const hidden = new Set<string>([...configured, ...(said.hideControls ?? "").split(",").map((c) => c.trim().toLowerCase())]);
  if (flag(said.disableChat, false)) hidden.add("chat");
  if (flag(said.hideInvite, false)) hidden.add("invite");
  const strip = flag(said.stripLayout, false);
  return {
    bare: flag(said.controlsDisabled, false),
    hidden: new Set(controls.filter((c) => hidden.has(c))),
    layout: strip ? "strip" : said.layout === undefined ? null : asLayout(said.layout.replaceAll("_", "-")),
    minimizeTiles: flag(said.minimizeTiles, false),
    videoFirst: flag(said.sortPeers, false),
    fullScreen: flag(said.startWithFS, false),
    lang: said.lang || null,
  } as const;
}

/** What the join says of the address: what the person has switched on by hand does not begin switched off. */
export function brought(said: Said, on: { mic: boolean; camera: boolean }): Record<string, string> {
  const { micOff, cameraOff, ...rest } = said;
  return { ...rest, ...(micOff !== undefined && !on.mic ? { micOff } : {}), ...(cameraOff !== undefined && !on.camera ? { cameraOff } : {}) };
}
