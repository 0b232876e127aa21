// When to try again: at once, then with growing pauses and jitter, so that a
// thousand pages that lost one node do not return in step.

export const FIRST_PAUSE_MS = 300;
export const LONGEST_PAUSE_MS = 8_000;

/** The pause before attempt n (0 is the first retry), random in [half, whole] of the nominal. */
export function pause(attempt: number, random: () => number): number {
  const nominal = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt, 16));
  return nominal * (0.5 + random() / 2);
}
