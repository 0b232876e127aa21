// Asks, before anything is ready for a join, what it would be answered. No
// answer in time is no matter: the page then goes on with what its address says.

import type { Clock } from "./clock";
import type { Entry, EntryRefusal } from "./messages";

/** A page that waits longer for a word about itself is slow without need. */
export const ENTRY_TIMEOUT_MS = 1_500;

export interface Asked {
  room: string;
  kind: string;
  source: string;
  token: string;
  browser: string;
  name: string;
  attributes: Record<string, string>;
}

/** With a refusal that asks for a password comes what the page needs to ask. */
export type EntryAnswer = { entry: Entry; refusal?: undefined } | { refusal: EntryRefusal; entry?: Entry };

/** Resolves to nothing where nothing sensible came in time; never fails. */
export async function lookAhead(fetcher: typeof fetch, clock: Clock, asked: Asked): Promise<EntryAnswer | null> {
  const abort = new AbortController();
  let timer: ReturnType<Clock["after"]>;
  const late = new Promise<null>((done) => {
    timer = clock.after(ENTRY_TIMEOUT_MS, () => {
      abort.abort();
      done(null);
    });
  });
  const answer = await Promise.race([ask(fetcher, asked, abort.signal), late]);
  clock.cancel(timer);
  return answer;
}

async function ask(fetcher: typeof fetch, asked: Asked, signal: AbortSignal): Promise<EntryAnswer | null> {
  try {
    const res = await fetcher("/api/v1/entry", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(asked),
      signal,
    });
    return res.ok ? answered(await res.json()) : null;
  } catch {
    return null;
  }
}

/** The answer, as far as it is one. */
export function answered(x: unknown): EntryAnswer | null {
  if (!isObject(x)) return null;
  const { refusal } = x;
  const entry = isEntry(x) ? { entry: x } : null;
  if (isObject(refusal)) return typeof refusal["code"] === "string" ? { refusal: refusal as unknown as EntryRefusal, ...entry } : null;
  return entry;
}

function isEntry(x: object): x is Entry {
  const e = x as Partial<Entry>;
  return typeof e.name === "string" && typeof e.page === "string" && isObject(e.media) && isObject(e.view) && Array.isArray(e.hidden) && isObject(e.room);
}

function isObject(x: unknown): x is Record<string, unknown> {
  return typeof x === "object" && x !== null && !Array.isArray(x);
}
