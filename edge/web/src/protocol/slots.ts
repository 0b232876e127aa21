// Which publication feeds which video slot. Pure and stable: a track that is
// still wanted keeps its slot, so that nothing switches without need. The
// audio slots are the node's to fill.

import { trackOn, type Assignment, type Person } from "./messages";

export interface SlotInput {
  /** In join order; may include oneself. */
  people: readonly Person[];
  self: string;
  /** The track that stands large; may be empty. */
  large?: string;
  /** The track that is wanted for a moment, shown or not; may be empty. */
  glanced?: string;
  /** Who leads the talk; may be empty. */
  dominant: string;
  /** When each peer was last heard speaking, any unit that grows. */
  spoke: ReadonlyMap<string, number>;
  /** What the slots show now; its length is the number of slots. */
  current: readonly (string | null)[];
  /** How many video tiles the page can show; slots beyond it stay empty. */
  videoLimit: number;
}

interface Candidate {
  track: string;
  /** Lower is wanted more; compared element by element. */
  rank: readonly number[];
}

/** What is glanced at and what stands large first, then shares, then who leads the talk, then recent speakers, then join order. */
export function chooseSlots(input: SlotInput): (string | null)[] {
  const video: Candidate[] = [];
  const first = (track: string): boolean => track === input.large || track === input.glanced;
  input.people.forEach((p, joined) => {
    if (p.peer_id === input.self) return;
    const share = trackOn(p, "share");
    const camera = trackOn(p, "camera");
    const last = input.spoke.get(p.peer_id);
    const recency = last === undefined ? 0 : -last;
    if (share) video.push({ track: share, rank: [first(share) ? -1 : 0, joined] });
    if (camera) video.push({ track: camera, rank: [first(camera) ? -1 : 1, p.peer_id === input.dominant ? 0 : 1, last === undefined ? 1 : 0, recency, joined] });
  });
  return place(input.current, best(video, Math.min(input.videoLimit + (input.glanced ? 1 : 0), input.current.length)));
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

export function sameSlots(a: readonly (string | null)[], b: readonly (string | null)[]): boolean {
  return a.length === b.length && a.every((t, i) => t === b[i]);
}

/** The slots, by number, in which a voice and its own picture come: microphone and camera, sound and picture of a share. */
export function companions(people: readonly Person[], shown: Assignment): { audio: number; video: number }[] {
  return people.flatMap((p) =>
    (
      [
        ["mic", "camera"],
        ["share_audio", "share"],
      ] as const
    ).flatMap(([heard, seen]) => {
      const audio = slotOf(shown.audio, trackOn(p, heard));
      const video = slotOf(shown.video, trackOn(p, seen));
      return audio < 0 || video < 0 ? [] : [{ audio, video }];
    }),
  );
}

function slotOf(slots: readonly (string | null)[], track: string | null): number {
  return track === null ? -1 : slots.indexOf(track);
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

/** Those whose camera is on first, each part in its order. */
export function byVideo(people: readonly Person[]): Person[] {
  const on = (p: Person): boolean => trackOn(p, "camera") !== null;
  return [...people.filter(on), ...people.filter((p) => !on(p))];
}
