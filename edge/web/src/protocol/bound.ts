// What may be sent of video, bits per second: the room's bound, which a
// moderator sets for all, and one's own. 0 is none.

export const MIN_BITRATE = 30_000;
export const MAX_BITRATE = 100_000_000;

export function isBound(max: number): boolean {
  return max === 0 || (Number.isSafeInteger(max) && max >= MIN_BITRATE && max <= MAX_BITRATE);
}

/** The lesser of two bounds. */
export function lesser(a: number, b: number): number {
  return a > 0 && b > 0 ? Math.min(a, b) : Math.max(a, b);
}

/** The steps that a moderator chooses from: the whole camera, its middle encoding, its lowest. */
export const boundSteps = [
  { name: "none", max: 0 },
  { name: "high", max: 2_500_000 },
  { name: "medium", max: 1_000_000 },
  { name: "low", max: 300_000 },
] as const;

export function isStep(max: number): boolean {
  return boundSteps.some((s) => s.max === max);
}
