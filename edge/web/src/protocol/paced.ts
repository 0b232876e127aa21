// Sends the last state of something at once and then at most every so often.

import type { Clock, Timer } from "./clock";

export class Paced<T> {
  private wanted: { value: T } | undefined;
  private timer: Timer;
  private last = -Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly every: number,
    private readonly send: (value: T) => void,
  ) {}

  set(value: T): void {
    this.wanted = { value };
    if (this.timer !== undefined) return;
    const wait = this.last + this.every - this.clock.now();
    if (wait <= 0) this.flush();
    else this.timer = this.clock.after(wait, () => this.flush());
  }

  private flush(): void {
    this.timer = undefined;
    this.last = this.clock.now();
    const { wanted } = this;
    this.wanted = undefined;
    if (wanted) this.send(wanted.value);
  }
}
