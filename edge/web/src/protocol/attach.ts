// Finding a node: the ranked list of any node, the measured choice among its
// first few, and the list kept for failover. Pure but for the two fetchers,
// which are passed in.

import type { Clock } from "./clock";

export interface Node {
  node: string;
  pop: string;
  url: string;
  ws: string;
  probe: string;
  load: number;
  /** Its POP is what was asked for. */
  asked?: boolean;
}

/** How many of the list are measured. */
export const PROBED = 3;

/** Another node must be faster by both to be preferred to the one that served the page. */
export const MARGIN_MS = 10;
export const MARGIN_SHARE = 0.2;

/** How long a node that failed is passed over. */
export const DEAD_MS = 30_000;

/** Round trips in ms by node name; a node that did not answer is absent. */
export type Trips = ReadonlyMap<string, number>;

/** Reads an attach answer; nodes that lack an address are left out. */
export function readNodes(body: unknown): Node[] {
  const list = (body as { nodes?: unknown } | null)?.nodes;
  if (!Array.isArray(list)) return [];
  return list.filter(
    (n): n is Node =>
      typeof n === "object" && n !== null &&
      typeof n.node === "string" && typeof n.ws === "string" && typeof n.url === "string" && typeof n.probe === "string",
  );
}

/**
 * The list in the order to try: the first of the server's list stays first
 * unless another answered faster by more than the margins; then the measured
 * ones by round trip, then the unmeasured in the server's order. A measured
 * node that did not answer goes last.
 */
export function rank(nodes: readonly Node[], trips: Trips, probed: number = PROBED): Node[] {
  const measured = nodes.slice(0, probed);
  const rest = nodes.slice(probed);
  const alive = measured.filter((n) => trips.has(n.node));
  const silent = measured.filter((n) => !trips.has(n.node));
  const trip = (n: Node): number => trips.get(n.node) ?? Infinity;
  const byTrip = [...alive].sort((a, b) => trip(a) - trip(b));
  const first = nodes[0];
  const fastest = byTrip[0];
  if (!first || !fastest) return [...rest, ...silent];
  let chosen = fastest;
  if (trips.has(first.node)) {
    const gain = trip(first) - trip(fastest);
    if (!(gain > MARGIN_MS && gain > trip(first) * MARGIN_SHARE)) chosen = first;
  }
  return [chosen, ...byTrip.filter((n) => n !== chosen), ...rest, ...silent];
}

/** The list with the nodes first whose POP was asked for: by its own name or, as the server says, by another. */
export function prefer(nodes: readonly Node[], pop: string): Node[] {
  const asked = (n: Node): boolean => n.asked === true || n.pop === pop;
  return [...nodes.filter(asked), ...nodes.filter((n) => !asked(n))];
}

/** What an attach request says: the room, a POP that is asked for, and where one is: by time zone, and by what was measured. */
export function question(room: string, pop: string, trips: Trips): string {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
  return `${new URLSearchParams({ room, pop, tz: zone, trips: [...trips].map(([n, ms]) => `${n}:${ms.toFixed(1)}`).join() })}`;
}

/** The failover list: best first, each failed node passed over for a while. */
export class Nodes {
  private list: Node[] = [];
  private readonly deadUntil = new Map<string, number>();

  get all(): readonly Node[] {
    return this.list;
  }

  get(name: string): Node | undefined {
    return this.list.find((n) => n.node === name);
  }

  /** Takes a new list; what failed lately stays passed over. An empty one is ignored. */
  set(list: readonly Node[]): void {
    if (list.length > 0) this.list = [...list];
  }

  /** A fresh list after a failure: its order, with nodes only the old list knows kept at the end. */
  merge(list: readonly Node[]): void {
    if (list.length === 0) return;
    const names = new Set(list.map((n) => n.node));
    this.list = [...list, ...this.list.filter((n) => !names.has(n.node))];
  }

  failed(name: string, now: number, forMs: number = DEAD_MS): void {
    this.deadUntil.set(name, now + forMs);
  }

  /** What failed before the device's own network changed says nothing any more. */
  forgive(): void {
    this.deadUntil.clear();
  }

  works(name: string): void {
    this.deadUntil.delete(name);
  }

  alive(now: number): Node[] {
    return this.list.filter((n) => (this.deadUntil.get(n.node) ?? 0) <= now);
  }

  /** The next node to try, other than those named. */
  next(now: number, except: ReadonlySet<string> = new Set()): Node | undefined {
    return this.alive(now).find((n) => !except.has(n.node));
  }
}

export type Fetch = (url: string, init: { signal: AbortSignal; cache: "no-store" }) => Promise<{ ok: boolean; status: number; json(): Promise<unknown> }>;

/** Asks one node (its base URL, empty for the page's own) for the list. */
export async function fetchNodes(fetch: Fetch, base: string, query: string, timeoutMs: number): Promise<Node[]> {
  const res = await fetch(`${base}/api/v1/attach?${query}`, { signal: AbortSignal.timeout(timeoutMs), cache: "no-store" });
  if (!res.ok) throw new AttachRefused(res.status);
  return readNodes(await res.json());
}

/** Is thrown when a node answered the attach request with an error status. */
export class AttachRefused extends Error {
  constructor(readonly status: number) {
    super(`attach: status ${status}`);
  }
}

/** Asks several nodes at once; the first list that comes counts. */
export async function fetchAny(fetch: Fetch, bases: readonly string[], query: string, timeoutMs: number): Promise<Node[]> {
  return Promise.any(
    bases.map(async (b) => {
      const nodes = await fetchNodes(fetch, b, query, timeoutMs);
      if (nodes.length === 0) throw new Error("attach: empty list");
      return nodes;
    }),
  );
}

/** After the first answer the others have this long: who is later is not nearer. */
export const PROBE_GRACE_MS = 250;

/** How many requests measure a node; the fastest counts, since what is slower was waiting somewhere. */
const PROBES = 3;

/** Measures the first few: one request warms the connection, the fastest of those after it counts. */
export function measure(fetch: Fetch, nodes: readonly Node[], clock: Clock, timeoutMs: number): Promise<Map<string, number>> {
  const trips = new Map<string, number>();
  const probe = async (n: Node): Promise<void> => {
    const signal = AbortSignal.timeout(timeoutMs);
    await fetch(n.probe, { signal, cache: "no-store" });
    for (let i = 0; i < PROBES; i++) {
      const start = clock.now();
      const res = await fetch(n.probe, { signal, cache: "no-store" });
      if (!res.ok) return;
      trips.set(n.node, Math.min(clock.now() - start, trips.get(n.node) ?? Infinity));
    }
  };
  return new Promise((resolve) => {
    const all = nodes.slice(0, PROBED).map((n) =>
      probe(n).then(
        () => void clock.after(PROBE_GRACE_MS, () => resolve(trips)),
        () => {}, // no answer: the node is absent from the trips
      ),
    );
    void Promise.all(all).then(() => resolve(trips));
  });
}
