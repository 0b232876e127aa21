// Which publication feeds which receive slot. Pure and stable: a track that is
// still wanted keeps its slot, so that nothing switches without need.

import { trackOn, type Assignment, type Person } from "./messages";

export interface SlotInput {
  /** In join order; may include oneself. */
  people: readonly Person[];
  self: string;
  speaking: ReadonlySet<string>;
  /** When each peer was last heard speaking, any unit that grows. */
  spoke: ReadonlyMap<string, number>;
  /** What the slots show now; its lengths are the number of slots. */
  current: Assignment;
  /** How many video tiles the page can show; slots beyond it stay empty. */
  videoLimit: number;
}

interface Candidate {
  track: string;
  /** Lower is wanted more; compared element by element. */
  rank: readonly number[];
}

/** Shares first, then recent speakers, then join order; sound of shares first, then whoever speaks, muted people last. */
export function chooseSlots(input: SlotInput): Assignment {
  const others = input.people.filter((p) => p.peer_id !== input.self);
  const video: Candidate[] = [];
  const audio: Candidate[] = [];
  others.forEach((p, joined) => {
    const share = trackOn(p, "share");
    const camera = trackOn(p, "camera");
    const sound = trackOn(p, "share_audio");
    const mic = p.tracks["mic"];
    const last = input.spoke.get(p.peer_id);
    const recency = last === undefined ? 0 : -last;
    const now = input.speaking.has(p.peer_id) ? 0 : 1;
    if (share) video.push({ track: share, rank: [0, joined] });
    if (camera) video.push({ track: camera, rank: [1, last === undefined ? 1 : 0, recency, joined] });
    if (sound) audio.push({ track: sound, rank: [0, joined] });
    // A muted microphone costs nothing in a slot nobody else wants, and its first word is heard.
    if (mic) audio.push({ track: mic, rank: [p.media.mic ? 1 : 2, now, recency, joined] });
  });
  return {
    video: place(input.current.video, best(video, Math.min(input.videoLimit, input.current.video.length))),
    audio: place(input.current.audio, best(audio, input.current.audio.length)),
  };
}

function best(candidates: Candidate[], n: number): string[] {
  return candidates
    .sort((a, b) => compare(a.rank, b.rank))
    .slice(0, Math.max(0, n))
    .map((c) => c.track);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const d = (a[i] ?? 0) - (b[i] ?? 0);
    if (d) return d;
  }
  return 0;
}

/** Puts the wanted tracks into the slots, moving none that is already in one. */
export function place(current: readonly (string | null)[], wanted: readonly string[]): (string | null)[] {
  const want = new Set(wanted);
  const kept = new Set<string>();
  const slots = current.map((t) => {
    if (t === null || !want.has(t) || kept.has(t)) return null;
    kept.add(t);
    return t;
  });
  for (const track of wanted) {
    if (kept.has(track)) continue;
    const free = slots.indexOf(null);
    if (free < 0) break;
    slots[free] = track;
    kept.add(track);
  }
  return slots;
}

export function sameAssignment(a: Assignment, b: Assignment): boolean {
  return same(a.video, b.video) && same(a.audio, b.audio);
}

function same(a: readonly (string | null)[], b: readonly (string | null)[]): boolean {
  return a.length === b.length && a.every((t, i) => t === b[i]);
}

/**
 * The order of tiles on the stage: who is still shown keeps the place, a
 * newcomer takes the place of somebody who went, or the end.
 */
export function arrange(before: readonly string[], wanted: readonly string[]): string[] {
  const want = new Set(wanted);
  const had = new Set(before);
  const fresh = wanted.filter((id) => !had.has(id));
  const out: string[] = [];
  for (const id of before) {
    if (want.has(id)) out.push(id);
    else {
      const next = wanted.length >= before.length ? fresh.shift() : undefined;
      if (next !== undefined) out.push(next);
    }
  }
  return [...out, ...fresh];
}
