// Lips and voice together. A voice and its picture come in different slots, so
// the browser does not align them by itself. Where both say when what they play
// was captured, that is compared; else how long each was held back since it
// arrived, since a node forwards both at once. The one ahead is held back. Pure.

/** What one slot plays. */
export interface Playout {
  /** When what plays now was captured, ms of one clock; null while it is not known. */
  playout: number | null;
  /** How long ago what plays arrived, ms; null while nothing plays. */
  age: number | null;
  /** How long it is held back now, ms. */
  delay: number;
}

/** How long each is to be held back at least, ms; 0 leaves it to the browser. */
export interface Targets {
  audio: number;
  video: number;
}

export const unheld: Targets = { audio: 0, video: 0 };

/** Longer than this nobody can talk. */
export const MOST_MS = 1_000;
/** What nobody notices (ITU-R BT.1359 begins at 45 ms) and what is mere noise of the figures. */
const DEAD_MS = 15;
/** Sound that is stretched faster than this a second is heard to be. */
const STEP_MS = 200;
/** Part of the difference that one step takes away: the figures lag behind the change. */
const GAIN = 0.7;
/** How far a buffer's own figure may be from its target, decoding included. */
const SLACK_MS = 80;
/** More apart than this are two clocks, not one. */
const FOREIGN_MS = 10_000;

/** The targets for the next second, from what plays and the targets until now. */
export function align(audio: Playout, video: Playout, now: Targets): Targets {
  const skew = ahead(audio, video);
  if (skew === null) return now;
  if (Math.abs(skew) > FOREIGN_MS) return unheld;
  if (Math.abs(skew) < DEAD_MS) return now;
  const step = Math.min(Math.abs(skew) * GAIN, STEP_MS);
  if (skew > 0) {
    const [held, released] = shift(audio.delay, now.audio, video.delay, now.video, step);
    return { audio: held, video: released };
  }
  const [held, released] = shift(video.delay, now.video, audio.delay, now.audio, step);
  return { audio: released, video: held };
}

/** How much the voice is ahead of its picture, ms. */
function ahead(audio: Playout, video: Playout): number | null {
  if (audio.age === null || video.age === null) return null;
  return audio.playout !== null && video.playout !== null ? audio.playout - video.playout : video.age - audio.age;
}

/** Lets go of the one behind first; only what is left holds back the one ahead. */
function shift(aheadDelay: number, ahead: number, behindDelay: number, behind: number, step: number): [number, number] {
  // A target below what the network needs anyway holds nothing back. On its way
  // down it is below the last second's delay, too, by the step before this one.
  const effective = behind > behindDelay - SLACK_MS - STEP_MS ? behind : 0;
  const released = Math.min(effective, step);
  const rest = step - released;
  const next = effective - released < DEAD_MS ? 0 : Math.round(effective - released);
  // A buffer that still grows towards its target is not asked for more.
  const growing = ahead > aheadDelay + SLACK_MS;
  if (rest === 0 || growing) return [ahead, next];
  return [Math.min(MOST_MS, Math.round(Math.max(ahead, aheadDelay) + rest)), next];
}

/** A voice and its picture: the slots they are in, by mid, and what is in those. */
export interface Pair {
  audio: string;
  video: string;
  /** Changes with the tracks: what was found out about others does not count. */
  key: string;
}

/** Holds the targets of all pairs from second to second. */
export class LipSync {
  private targets = new Map<string, Targets>();

  /** The targets by mid for the next second; a slot that is not named is left to the browser. */
  next(pairs: readonly Pair[], slots: ReadonlyMap<string, Playout>): Map<string, number> {
    const targets = new Map<string, Targets>();
    const out = new Map<string, number>();
    for (const pair of pairs) {
      const audio = slots.get(pair.audio);
      const video = slots.get(pair.video);
      if (!audio || !video) continue;
      const t = align(audio, video, this.targets.get(pair.key) ?? unheld);
      targets.set(pair.key, t);
      out.set(pair.audio, t.audio).set(pair.video, t.video);
    }
    this.targets = targets;
    return out;
  }
}
