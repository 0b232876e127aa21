// The viewers of a webinar as a moderator looks them up: by pages, by name, and
// only while the list is open. Nobody else has more than their number.

import { batch, computed, signal } from "@preact/signals-core";
import type { Clock } from "./protocol/clock";
import type { Lookup, Page, Person } from "./protocol/messages";

/** What looks up: a page, or the code of why there is none. */
export type Look = (q: Lookup) => Promise<Page | string>;

/** Somebody types; the node is asked when they pause. */
export const TYPING_MS = 250;

export class Crowd {
  readonly match = signal("");
  readonly people = signal<readonly Person[]>([]);
  /** How many match; null while that is not known. */
  readonly total = signal<number | null>(null);
  readonly loading = signal(false);
  /** Why the last lookup failed; empty if it did not. */
  readonly failed = signal("");
  readonly more = computed(() => this.next.value !== "");

  private readonly next = signal("");
  /** Grows with everything that makes an answer stale. */
  private turn = 0;
  private timer: unknown;

  constructor(
    private readonly look: Look,
    private readonly clock: Clock,
  ) {}

  /** Begins with the first page. */
  open(): void {
    void this.ask("");
  }

  close(): void {
    this.turn++;
    this.clock.cancel(this.timer);
    batch(() => {
      this.match.value = this.next.value = this.failed.value = "";
      this.people.value = [];
      this.total.value = null;
      this.loading.value = false;
    });
  }

  search(text: string): void {
    this.match.value = text;
    this.clock.cancel(this.timer);
    this.timer = this.clock.after(TYPING_MS, () => void this.ask(""));
  }

  /** The next page, if there is one and none is on its way. */
  further(): void {
    if (this.more.value && !this.loading.value) void this.ask(this.next.value);
  }

  /** Somebody is no viewer any more, or none that is here. */
  without(id: string): void {
    if (!this.people.value.some((p) => p.peer_id === id)) return;
    this.people.value = this.people.value.filter((p) => p.peer_id !== id);
    this.total.value = Math.max(0, (this.total.value ?? 0) - 1);
  }

  private async ask(after: string): Promise<void> {
    const turn = ++this.turn;
    this.loading.value = true;
    const answer = await this.look({ after, match: this.match.value.trim(), limit: 50 });
    if (turn !== this.turn) return;
    batch(() => {
      this.loading.value = false;
      this.failed.value = typeof answer === "string" ? answer : "";
      if (typeof answer === "string") return;
      const known = new Set(after === "" ? [] : this.people.value.map((p) => p.peer_id));
      const fresh = (answer.people ?? []).filter((p) => !known.has(p.peer_id));
      this.people.value = after === "" ? fresh : [...this.people.value, ...fresh];
      this.total.value = answer.total;
      this.next.value = answer.next;
    });
  }
}
