// The clock of a page that must ping in the background as well: its timers run
// in a worker, and in the page where there is none.

import { realClock, type Clock, type Timer } from "./protocol/clock";

/** The part of Worker that is used; tests give a fake. */
export interface TickerLike {
  onmessage: ((e: { data: unknown }) => void) | null;
  onerror: ((e: never) => void) | null;
  postMessage(m: { id: number; ms: number }): void;
}

export class WakefulClock implements Clock {
  private readonly due = new Map<number, { at: number; run: () => void }>();
  private last = 0;

  constructor(
    private ticker: TickerLike | null,
    private readonly plain: Clock = realClock,
  ) {
    if (!ticker) return;
    ticker.onmessage = (e) => this.fire(e.data as number);
    ticker.onerror = () => this.without();
  }

  now(): number {
    return this.plain.now();
  }

  after(ms: number, run: () => void): Timer {
    const id = ++this.last;
    this.due.set(id, { at: this.now() + ms, run });
    if (this.ticker) this.ticker.postMessage({ id, ms });
    else this.plain.after(ms, () => this.fire(id));
    return id;
  }

  cancel(timer: Timer | undefined): void {
    this.due.delete(timer as number);
  }

  private fire(id: number): void {
    const t = this.due.get(id);
    this.due.delete(id);
    t?.run();
  }

  /** The worker could not be loaded: what waits goes on in the page. */
  private without(): void {
    this.ticker = null;
    for (const [id, t] of this.due) this.plain.after(Math.max(0, t.at - this.now()), () => this.fire(id));
  }
}

/** The worker whose address the page's head has, if there can be one. */
export function ticker(): TickerLike | null {
  const url = document.querySelector<HTMLMetaElement>('meta[name="ticker"]')?.content;
  try {
    return url ? (new Worker(url, { type: "module" }) as unknown as TickerLike) : null;
  } catch {
    return null;
  }
}
