// Lookups of viewers that are not answered yet.

import type { Clock } from "./clock";
import type { ClientMessage, Lookup, Page } from "./messages";

/** The node answers from its own copy: who waits longer waits for nothing. */
export const LOOKUP_TIMEOUT_MS = 5_000;

export class Lookups {
  private readonly open = new Map<string, (answer: Page | string) => void>();

  constructor(
    private readonly clock: Clock,
    private readonly newId: () => string,
    private readonly send: (m: ClientMessage) => void,
  ) {}

  /** Resolves to a page, or to the code of why there is none. */
  ask(q: Lookup): Promise<Page | string> {
    const id = this.newId();
    return new Promise((done) => {
      const timer = this.clock.after(LOOKUP_TIMEOUT_MS, () => this.settled(id, "try_again"));
      this.open.set(id, (answer) => {
        this.clock.cancel(timer);
        done(answer);
      });
      this.send({ type: "people", id, ...q });
    });
  }

  /** Takes an answer; false when nobody waits for it. */
  settled(id: string, answer: Page | string): boolean {
    this.open.get(id)?.(answer);
    return this.open.delete(id);
  }
}
