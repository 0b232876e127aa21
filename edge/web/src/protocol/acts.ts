// What was asked of the room and is not answered yet.

import type { Clock } from "./clock";
import type { Act, ClientMessage } from "./messages";

/** A little longer than the node waits for the room. */
export const ACT_TIMEOUT_MS = 16_000;

export class Acts {
  private readonly open = new Map<string, (code: string) => void>();

  constructor(
    private readonly clock: Clock,
    private readonly newId: () => string,
    private readonly send: (m: ClientMessage) => void,
  ) {}

  /** Resolves to nothing once it is done, or to the code of why not. */
  ask(act: Act): Promise<string> {
    const id = this.newId();
    return new Promise((done) => {
      const timer = this.clock.after(ACT_TIMEOUT_MS, () => this.settled(id, "try_again"));
      this.open.set(id, (code) => {
        this.clock.cancel(timer);
        done(code);
      });
      this.send({ type: "act", id, ...act });
    });
  }

  /** Takes an answer; false when nobody waits for it. */
  settled(id: string, code: string): boolean {
    this.open.get(id)?.(code);
    return this.open.delete(id);
  }
}
