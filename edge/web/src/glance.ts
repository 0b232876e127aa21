// A glance at somebody who is not on the stage: a slot is taken for one picture
// and given back. What the person at the page sees stays as it is; where all
// slots are full, the picture that is wanted least rests for that moment.

import { computed, effect } from "@preact/signals-core";
import type { Aside } from "./pip";
import type { Transport } from "./protocol/attachment";
import type { Clock } from "./protocol/clock";
import type { Session } from "./protocol/session";

/** For the node to give the slot another track, and that to begin with a whole picture. */
export const GLANCE_MS = 4_000;

/** What is asked of the node: a picture of a camera as it is at its best. */
const SIZE = { width: 1280, height: 720 };

export class Glance {
  /** What the node is to know of it. */
  readonly aside = computed<Aside | null>(() => {
    const track = this.session.glanced.value;
    return track ? { track, ...SIZE, priority: "other" } : null;
  });
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly session: Pick<Session<Transport>, "glanced" | "confirmed">,
    private readonly clock: Clock,
  ) {}

  /**
   * Has a track shown in a slot for as long as use takes of that slot's number,
   * and gives what it gives; nothing where no slot came in time. One track after
   * the other.
   */
  at<R>(track: string, use: (slot: number) => Promise<R>): Promise<R | undefined> {
    const taken = this.last.then(async () => {
      this.session.glanced.value = track;
      try {
        return (await this.shown(track)) ? await use(this.slot(track)) : undefined;
      } finally {
        this.session.glanced.value = "";
      }
    });
    this.last = taken.catch(() => {});
    return taken;
  }

  private slot(track: string): number {
    return this.session.confirmed.value.video.indexOf(track);
  }

  private shown(track: string): Promise<boolean> {
    return new Promise((done) => {
      const timer = this.clock.after(GLANCE_MS, () => (stop(), done(false)));
      const stop = effect(() => {
        if (this.slot(track) < 0) return;
        this.clock.cancel(timer);
        queueMicrotask(() => (stop(), done(true))); // stop is not there yet where it is shown already
      });
    });
  }
}
