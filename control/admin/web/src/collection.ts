// The entries of one collection, page by page.

import { batch, signal } from "@preact/signals";
import { Problem, type Item, type Page } from "./api";

export class Collection {
  readonly items = signal<Item[]>([]);
  readonly state = signal<"loading" | "ready" | "failed">("loading");
  readonly problem = signal<unknown>(null);
  readonly more = signal(false);
  private cursor = "";
  private run = 0;

  constructor(private readonly fetch: (cursor: string) => Promise<Page>) {}

  /** Begins anew; an answer to an older question is dropped. */
  async load(): Promise<void> {
    this.cursor = "";
    await this.next(true);
  }

  async next(fresh = false): Promise<void> {
    const run = ++this.run;
    if (fresh && this.items.value.length === 0) this.state.value = "loading";
    try {
      const page = await this.fetch(this.cursor);
      if (run !== this.run) return;
      this.cursor = page.next_cursor ?? "";
      batch(() => {
        this.items.value = fresh ? page.items : [...this.items.value, ...page.items];
        this.more.value = this.cursor !== "";
        this.state.value = "ready";
      });
    } catch (e) {
      if (run !== this.run) return;
      batch(() => {
        this.problem.value = e;
        this.state.value = "failed";
      });
    }
  }

  put(item: Item): void {
    const at = this.items.value.findIndex((i) => i.id === item.id);
    this.items.value = at < 0 ? [item, ...this.items.value] : this.items.value.map((i) => (i.id === item.id ? item : i));
  }

  drop(id: string): void {
    this.items.value = this.items.value.filter((i) => i.id !== id);
  }

  /** Whether it failed because the caller may not read it. */
  get forbidden(): boolean {
    return this.problem.value instanceof Problem && this.problem.value.status === 403;
  }
}
