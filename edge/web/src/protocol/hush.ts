// Tells a moderator's switching off from the echo of one's own.

import type { Clock } from "./clock";
import { nothingOn, type Media } from "./messages";
import { fallen, switches, type Switch } from "./rights";

/** Within this time of one's own last change the room may still speak of an older one. */
export const ECHO_MS = 4_000;

export class Hush {
  private wanted: Media = nothingOn;
  private heard: Media = nothingOn;
  private readonly changed = new Map<Switch, number>();

  constructor(
    private readonly clock: Clock,
    /** What was switched off from outside; entering: what did not come in with the person. */
    private readonly off: (sources: Switch[], entering: boolean) => void,
  ) {}

  /** The person switches their media. */
  want(media: Media): void {
    for (const s of switches) if (media[s] !== this.wanted[s]) this.changed.set(s, this.clock.now());
    this.wanted = media;
  }

  /** The room says what it has on of this person. */
  hear(media: Media): void {
    const fell = fallen(this.heard, media);
    this.heard = media;
    const later = fell.filter((s) => this.fresh(s));
    this.report(fell.filter((s) => !later.includes(s)));
    if (later.length > 0) this.clock.after(ECHO_MS, () => this.report(later));
  }

  /** The room answers what was asked of it: what is off there is off. */
  answered(asked: Media, given: Media): void {
    this.heard = given;
    this.report(fallen(asked, given), true);
  }

  private report(sources: Switch[], entering = false): void {
    const off = sources.filter((s) => this.wanted[s] && !this.heard[s]);
    if (off.length > 0) this.off(off, entering);
  }

  private fresh(s: Switch): boolean {
    return this.clock.now() - (this.changed.get(s) ?? -Infinity) < ECHO_MS;
  }
}
