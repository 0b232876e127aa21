// Tells what somebody else switched off from what the person did: the room says
// of each source how it was last switched off by others, and by whom.

import { nothingOn, type Media, type Person } from "./messages";
import { fallen, switches, type Switch } from "./rights";

/** A source that was switched off. */
export interface Fall {
  source: Switch;
  /** Peer id; empty: the meeting's rules; null: it did not come in with the person. */
  by: string | null;
}

export class Hush {
  private wanted: Media = nothingOn;
  private readonly marks = new Map<Switch, string>();

  constructor(private readonly off: (falls: Fall[]) => void) {}

  /** The person switches their media. */
  want(media: Media): void {
    this.wanted = media;
  }

  /** The room says what it has of this person. */
  hear(me: Person): void {
    this.report(me, this.fresh(me));
  }

  /** The room answers what was asked of it: what is off there is off. */
  answered(asked: Media, me: Person): void {
    const fresh = this.fresh(me);
    const known = fresh.map((f) => f.source);
    this.report(me, [...fresh, ...fallen(asked, me.media).flatMap((source) => (known.includes(source) ? [] : [{ source, by: null }]))]);
  }

  private report(me: Person, falls: Fall[]): void {
    // Who was hushed may have switched it on again meanwhile.
    const off = falls.filter(({ source }) => this.wanted[source] && !me.media[source]);
    if (off.length > 0) this.off(off);
  }

  /** What was switched off since the room spoke last. */
  private fresh(me: Person): Fall[] {
    return switches.flatMap((source) => {
      const hush = me.hushed?.[source];
      if (!hush || this.marks.get(source) === hush.mark) return [];
      this.marks.set(source, hush.mark);
      return [{ source, by: hush.by }];
    });
  }
}
