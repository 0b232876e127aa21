// Samples how well this device keeps up with the stage, and says what it may
// still ask: the clock and the counters beside ui/effort.ts.

import { computed, signal, untracked, type ReadonlySignal } from "@preact/signals";
import type { Figures } from "./media/stats";
import { FREE_TILES, judge, rested, steps, type Effort, type Step } from "./ui/effort";

/** From one sample to the next; a sample takes the first second of it, since drawing for its own sake costs something too. */
const EVERY_MS = 3_000;
const SAMPLE_MS = 1_000;

export class Strain {
  private readonly effort = signal<Effort>(rested);
  readonly level = computed(() => this.effort.value.level);
  readonly step = computed<Step>(() => steps[this.level.value] ?? { tiles: Infinity, lines: Infinity });
  /** Frames a second as last sampled; null before. */
  drawn: number | null = null;
  private before = { decoded: 0, received: 0 };

  constructor(
    private readonly figures: ReadonlySignal<Figures>,
    /** How many pictures of others there are room and wishes for, whatever the step. */
    private readonly pictures: () => number,
  ) {
    setInterval(() => void this.sample(), EVERY_MS);
  }

  private async sample(): Promise<void> {
    const pictures = untracked(this.pictures);
    const counted = this.counted();
    if (hidden() || pictures <= FREE_TILES) return this.judge({ drawn: 0, decoded: null, pictures: 0 });
    const drawn = await frames(SAMPLE_MS);
    if (!hidden()) this.judge({ drawn, decoded: counted, pictures });
  }

  private judge(sample: Parameters<typeof judge>[1]): void {
    this.drawn = sample.pictures > 0 ? sample.drawn : null;
    this.effort.value = judge(this.effort.peek(), sample, performance.now());
  }

  /** Of the pictures that came since the last time, the part that was decoded. */
  private counted(): number | null {
    const slots = [...this.figures.peek().slots.values()];
    const now = { decoded: sum(slots.map((s) => s.frames)), received: sum(slots.map((s) => s.received)) };
    const came = now.received - this.before.received;
    const share = came > 0 ? Math.min(1, Math.max(0, (now.decoded - this.before.decoded) / came)) : null;
    this.before = now;
    return share;
  }
}

const hidden = (): boolean => document.visibilityState === "hidden";

const sum = (list: number[]): number => list.reduce((a, b) => a + b, 0);

/** Frames that are drawn in about this time, a second. */
function frames(ms: number): Promise<number> {
  return new Promise((done) => {
    const began = performance.now();
    let n = 0;
    let over = false;
    const count = (): void => {
      n++;
      if (!over) requestAnimationFrame(count);
    };
    requestAnimationFrame(count);
    setTimeout(() => {
      over = true;
      done((n * 1000) / (performance.now() - began));
    }, ms);
  });
}
