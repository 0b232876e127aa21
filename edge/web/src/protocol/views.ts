// What the page shows its video slots as. The node spends a narrow way on what
// is large, wanted and seen.

import type { Clock, Timer } from "./clock";
import type { Priority, View } from "./messages";

/** What one track looks like on the stage, in CSS pixels. */
export interface Shown {
  width: number;
  height: number;
  priority: Priority;
}

/** Sides beyond this are refused (PROTOCOL.md). */
const MAX_PIXELS = 8192;

/** A track that has a slot and no tile, because it came or went just now. */
const unseen: View = { width: 0, height: 0, priority: "other", visible: false };

/**
 * The views of slots by what is in them and what the stage shows. density is
 * device pixels per CSS pixel; lines bounds the height of what is neither large
 * nor leads the talk.
 */
export function describe(slots: readonly (string | null)[], shown: ReadonlyMap<string, Shown>, density: number, visible: boolean, lines = Infinity): (View | null)[] {
  return slots.map((track) => {
    if (track === null) return null;
    const s = shown.get(track);
    if (!s) return { ...unseen };
    const scale = s.priority === "other" ? Math.min(density, lines / s.height) : density;
    const pixels = (css: number): number => Math.min(MAX_PIXELS, Math.max(0, Math.round(css * scale)));
    return { width: pixels(s.width), height: pixels(s.height), priority: s.priority, visible };
  });
}

/** At most one message in this time: a window that is being dragged changes its size all the while. */
export const VIEWS_MS = 200;

/** Sends what changed, at most every VIEWS_MS, and always what was last. */
export class ViewReport {
  private wanted: readonly (View | null)[] = [];
  private sent = "[]";
  private timer: Timer;
  private last = -Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly send: (video: (View | null)[]) => void,
  ) {}

  set(views: readonly (View | null)[]): void {
    this.wanted = views;
    if (this.timer !== undefined || !this.changed()) return;
    const wait = this.last + VIEWS_MS - this.clock.now();
    if (wait <= 0) this.flush();
    else this.timer = this.clock.after(wait, () => this.flush());
  }

  /** Another node knows nothing yet: tell it all. */
  again(): void {
    this.sent = "[]";
    this.set(this.wanted);
  }

  private changed(): boolean {
    return JSON.stringify(this.wanted) !== this.sent;
  }

  private flush(): void {
    this.timer = undefined;
    if (!this.changed()) return;
    this.last = this.clock.now();
    this.sent = JSON.stringify(this.wanted);
    this.send([...this.wanted]);
  }
}
