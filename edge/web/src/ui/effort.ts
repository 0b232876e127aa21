// How much the stage may ask of this device: fewer and smaller pictures where
// it does not keep up, more again where it does. Pure; the caller samples.

/** What the stage may show. */
export interface Step {
  /** Pictures of people at the most; who has none is among the number of the rest. */
  tiles: number;
  /** Height of a picture that is neither large nor pinned, device pixels. */
  lines: number;
}

/** From all there is to what any device bears. First smaller, then fewer: a face at half the size is still one. */
export const steps: readonly Step[] = [
  { tiles: Infinity, lines: Infinity },
  { tiles: Infinity, lines: 180 },
  { tiles: 16, lines: 180 },
  { tiles: 9, lines: 180 },
  { tiles: 4, lines: 180 },
];

/** So many pictures are never the trouble, whatever keeps the device busy. */
export const FREE_TILES = 4;

/** What was seen since the sample before. */
export interface Sample {
  /** Frames that the page drew, a second. */
  drawn: number;
  /** Of the pictures that came, how many were decoded, 0 to 1; null where none came. */
  decoded: number | null;
  /** Pictures on the stage, oneself left out. */
  pictures: number;
}

/** Below these the device does not keep up; at the others it has something to spare. */
export const LEAST_DRAWN = 20;
const LEAST_DECODED = 0.8;
const EASY_DRAWN = 26;
const EASY_DECODED = 0.95;

/** Two bad samples are no accident. */
const BAD_SAMPLES = 2;
/** A step back is a trial; each that fails doubles the wait for the next. */
export const CALM_MS = 30_000;
const LONGEST_CALM_MS = 480_000;
/** A step down so soon after a step back shows that the trial failed. */
const TRIAL_MS = 20_000;

export interface Effort {
  /** Index of steps. */
  level: number;
  bad: number;
  /** Since when all is easy; null while it is not. */
  easySince: number | null;
  /** When the last step back was tried. */
  triedAt: number;
  calm: number;
}

export const rested: Effort = { level: 0, bad: 0, easySince: null, triedAt: -Infinity, calm: CALM_MS };

/** The effort after a sample at now, ms of a clock that never goes back. */
export function judge(e: Effort, s: Sample, now: number): Effort {
  if (s.pictures === 0) return { ...e, bad: 0, easySince: null }; // nothing was tried
  if (s.drawn < LEAST_DRAWN || (s.decoded ?? 1) < LEAST_DECODED) return strained({ ...e, easySince: null, bad: e.bad + 1 }, s, now);
  if (s.drawn < EASY_DRAWN || (s.decoded ?? 1) < EASY_DECODED) return { ...e, bad: 0, easySince: null };
  return eased({ ...e, bad: 0, easySince: e.easySince ?? now }, now);
}

function strained(e: Effort, s: Sample, now: number): Effort {
  const level = below(e.level, s.pictures);
  if (e.bad < BAD_SAMPLES || level === e.level) return e;
  const failed = now - e.triedAt < TRIAL_MS;
  return { ...e, level, bad: 0, calm: failed ? Math.min(LONGEST_CALM_MS, e.calm * 2) : e.calm };
}

function eased(e: Effort, now: number): Effort {
  if (e.level === 0 || now - (e.easySince ?? now) < e.calm) return e;
  return { ...e, level: e.level - 1, easySince: now, triedAt: now };
}

/** The next step down that changes anything for so many pictures; the same where none does. */
function below(level: number, pictures: number): number {
  if (pictures <= FREE_TILES) return level;
  const now = steps[level];
  const next = steps.findIndex((s, i) => i > level && (s.tiles < pictures || s.lines < (now?.lines ?? 0)));
  return next < 0 ? level : next;
}
