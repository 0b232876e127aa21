// The search for a node: the list of those that may take this person, measured
// once, and a newer list from whoever answers. It opens no connection.

import { signal } from "@preact/signals-core";
import { fetchAny, measure, Nodes, prefer, question, rank, type Fetch, type Node } from "./attach";
import type { Clock } from "./clock";

const ATTACH_TIMEOUT_MS = 2_500;
const PROBE_TIMEOUT_MS = 1_500;

export interface SearchDeps {
  clock: Clock;
  fetch: Fetch;
  /** Where the page came from: base URL and WebSocket of the node that served it. */
  origin: { url: string; ws: string };
  /** The POP that was asked for, by any of its names; empty: the nearest. */
  pop: string;
}

export class Search {
  readonly nodes = new Nodes();
  readonly trips = signal<ReadonlyMap<string, number>>(new Map());
  private found: Promise<void> | undefined;

  constructor(
    private readonly deps: SearchDeps,
    private readonly room: () => string,
  ) {}

  /** Finds and measures nodes; who asks again gets what was found. */
  once(): Promise<void> {
    return (this.found ??= this.find());
  }

  /** Makes the next once measure anew. */
  forget(): void {
    this.found = undefined;
  }

  /** A fresh list from any node that answers; without one, the page's own node. */
  async refresh(): Promise<void> {
    const bases = new Set([this.deps.origin.url, ...this.nodes.all.map((n) => n.url)]);
    try {
      this.nodes.merge(await fetchAny(this.deps.fetch, [...bases], question(this.room(), this.deps.pop, this.trips.value), ATTACH_TIMEOUT_MS));
    } catch {
      if (this.nodes.all.length > 0) return;
      const { url, ws } = this.deps.origin;
      this.nodes.set([{ node: url, pop: "", url, ws, probe: `${url}/probe`, load: 0 }]);
    }
  }

  /** In a later round also nodes that failed lately are tried: there is nothing better to do. */
  pick(round: number, tried: ReadonlySet<string>): Node | undefined {
    return this.nodes.next(this.deps.clock.now(), tried) ?? (round > 0 ? this.nodes.all.find((n) => !tried.has(n.node)) : undefined);
  }

  private async find(): Promise<void> {
    await this.refresh();
    const trips = await measure(this.deps.fetch, this.nodes.all, this.deps.clock, PROBE_TIMEOUT_MS);
    this.trips.value = trips;
    this.nodes.set(prefer(rank(this.nodes.all, trips), this.deps.pop));
  }
}
