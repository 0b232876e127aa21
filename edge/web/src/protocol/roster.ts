// The client's copy of the room: people in join order, chat in room order, who
// speaks, the rules. Pure: every function returns the next state and what a person should
// hear about the change.

import { defaultRules, nothingOn, type ChatMessage, type Person, type RoomEvent, type Rules } from "./messages";

export interface Roster {
  version: number;
  /** Of a webinar those of whom everybody is told, and oneself. */
  people: readonly Person[];
  /** How many viewers a webinar has. */
  viewers: number;
  chat: readonly ChatMessage[];
  rules: Rules;
  /** Everyone who speaks now. */
  speaking: ReadonlySet<string>;
  /** When each peer was last heard speaking, ms of the caller's clock. */
  spoke: ReadonlyMap<string, number>;
  /** Who leads the talk; empty before anyone has spoken. */
  dominant: string;
}

/** What changed, for announcements; people's own ids are left to the caller. */
export type Change =
  | { kind: "joined"; person: Person }
  | { kind: "left"; person: Person; reason: string }
  | { kind: "shares"; person: Person }
  | { kind: "raised"; person: Person }
  | { kind: "reacted"; person: Person; text: string }
  | { kind: "asked"; source: "mic" | "camera" | "share" }
  | { kind: "said"; message: ChatMessage };

export const emptyRoster: Roster = { version: 0, people: [], viewers: 0, chat: [], rules: defaultRules, speaking: new Set(), spoke: new Map(), dominant: "" };

/** Sequence of messages kept; older ones leave the page, not the room. */
export const CHAT_KEPT = 1000;

function byJoining(a: Person, b: Person): number {
  // RFC 3339 of one server clock may differ in digits of fraction: compare as times first.
  const d = Date.parse(a.joined_at) - Date.parse(b.joined_at);
  if (d) return d;
  return a.peer_id < b.peer_id ? -1 : a.peer_id > b.peer_id ? 1 : 0;
}

function sorted(people: Iterable<Person>): Person[] {
  return [...people].map(whole).sort(byJoining);
}

/** A person with nothing on may come without tracks. */
function whole(p: Person): Person {
  return p.tracks && p.media ? p : { ...p, tracks: p.tracks ?? {}, media: p.media ?? nothingOn };
}

function withSelf(people: readonly Person[], self: Person): Person[] {
  return people.some((p) => p.peer_id === self.peer_id) ? [...people] : [...people, self];
}

/** The whole state anew, after joined or reset. */
export function replace(old: Roster, version: number, people: readonly Person[] | null, chat: readonly ChatMessage[] | null, self?: Person, rules?: Rules, viewers = 0): Roster {
  const all = self ? withSelf(people ?? [], self) : (people ?? []);
  const here = new Set(all.map((p) => p.peer_id));
  return {
    version,
    people: sorted(all),
    viewers,
    chat: mergeChat([], chat ?? []),
    rules: rules ?? old.rules,
    speaking: new Set([...old.speaking].filter((id) => here.has(id))),
    spoke: new Map([...old.spoke].filter(([id]) => here.has(id))),
    dominant: here.has(old.dominant) ? old.dominant : "",
  };
}

/**
 * Applies one update. A version already passed is ignored, so that an update
 * which crosses a reset does no harm; a gap is applied as it is, because the
 * server sends a reset by itself.
 */
export function update(old: Roster, version: number, events: readonly RoomEvent[]): { roster: Roster; changes: Change[] } {
  if (version <= old.version) return { roster: counted(old, events), changes: [] };
  const people = new Map(old.people.map((p) => [p.peer_id, p]));
  const changes: Change[] = [];
  let { chat, rules } = old;
  let spoke = old.spoke;
  let speaking = old.speaking;
  for (const e of events) {
    switch (e.kind) {
      case "join":
        if (!people.has(e.person.peer_id)) changes.push({ kind: "joined", person: e.person });
        people.set(e.person.peer_id, e.person);
        break;
      case "person":
        if (e.person.hand && people.get(e.person.peer_id)?.hand === null) changes.push({ kind: "raised", person: e.person });
        if (e.person.media?.share && people.get(e.person.peer_id)?.media.share === false) changes.push({ kind: "shares", person: e.person });
        people.set(e.person.peer_id, e.person);
        break;
      case "counted":
        people.delete(e.peer_id);
        break;
      case "leave": {
        const person = people.get(e.peer_id);
        if (!person) break;
        people.delete(e.peer_id);
        spoke = new Map([...spoke].filter(([id]) => id !== e.peer_id));
        speaking = new Set([...speaking].filter((id) => id !== e.peer_id));
        changes.push({ kind: "left", person, reason: e.reason });
        break;
      }
      case "chat": {
        const next = mergeChat(chat, [e.message]);
        if (next !== chat) changes.push({ kind: "said", message: e.message });
        chat = next;
        break;
      }
      case "rules":
        rules = e.rules;
        break;
      case "reaction": {
        const person = people.get(e.peer_id);
        if (person) changes.push({ kind: "reacted", person, text: e.text });
        break;
      }
      case "ask":
        changes.push({ kind: "asked", source: e.source });
        break;
    }
  }
  const { viewers } = counted(old, events);
  return { roster: { version, viewers, people: sorted(people.values()), chat, rules, speaking, spoke, dominant: people.has(old.dominant) ? old.dominant : "" }, changes };
}

/** The number of viewers is no part of the room's order: it counts whenever it comes. */
function counted(old: Roster, events: readonly RoomEvent[]): Roster {
  const viewers = events.reduce((n, e) => (e.kind === "viewers" ? e.viewers : n), old.viewers);
  return viewers === old.viewers ? old : { ...old, viewers };
}

/** Applies a speaking message heard at now. */
export function speaking(old: Roster, ids: readonly string[] | null, dominant: string, now: number): Roster {
  const set = new Set(ids ?? []);
  const spoke = new Map(old.spoke);
  for (const id of set) if (!old.speaking.has(id)) spoke.set(id, now);
  // Somebody who has just stopped was heard until now.
  for (const id of old.speaking) if (!set.has(id) && spoke.has(id)) spoke.set(id, now - 1);
  return { ...old, speaking: set, spoke, dominant };
}

/** Adds messages by sequence number, each once. Returns the same array when nothing is new. */
export function mergeChat(have: readonly ChatMessage[], add: readonly ChatMessage[]): readonly ChatMessage[] {
  const seen = new Set(have.map((m) => m.seq));
  const fresh = add.filter((m) => !seen.has(m.seq) && seen.add(m.seq));
  if (fresh.length === 0) return have;
  return [...have, ...fresh].sort((a, b) => a.seq - b.seq).slice(-CHAT_KEPT);
}
