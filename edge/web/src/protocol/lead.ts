// Whom a layout with one large tile shows. The node says who leads the talk;
// the stage follows a little slower, so that a cough turns nothing around.

/** Who leads on this page, and since when. */
export interface Lead {
  /** Peer id; empty when there is nobody else. */
  id: string;
  /** Milliseconds of the caller's clock. */
  since: number;
}

export const nobody: Lead = { id: "", since: -Infinity };

/** A new large picture stands at least this long. */
export const HOLD_MS = 2_000;

/**
 * Who leads now, and in how many ms to ask again (null: only on a change).
 * others are those who could, without oneself, in the order of joining; who
 * leads the talk and is not among them, as oneself, changes nothing.
 */
export function follow(lead: Lead, dominant: string, others: readonly string[], now: number): { lead: Lead; again: number | null } {
  const talks = others.includes(dominant) ? dominant : "";
  if (!others.includes(lead.id)) return { lead: { id: talks || (others[0] ?? ""), since: talks ? now : -Infinity }, again: null };
  if (!talks || talks === lead.id) return { lead, again: null };
  const left = lead.since + HOLD_MS - now;
  return left > 0 ? { lead, again: left } : { lead: { id: talks, since: now }, again: null };
}

/** What may stand large, by what each would be. */
export interface Choice {
  pinned: string | null;
  shares: readonly string[];
  /** The speaker; only layouts that have one show it large. */
  lead: string | null;
}

/** The one that does: what is pinned before a share, a share before the speaker. here are those that have a tile. */
export function large({ pinned, shares, lead }: Choice, here: ReadonlySet<string>): string | null {
  return [pinned, ...shares, lead].find((key) => key !== null && here.has(key)) ?? null;
}
