// Pictures of people, from the node that this page is attached to: no third
// party is asked, and an id says nothing of anybody.

import { signal, type ReadonlySignal, type Signal } from "@preact/signals-core";

/** Pictures kept; a crowd has more faces than anybody looks at. */
export const KEPT = 300;
const TIMEOUT_MS = 15_000;

/** Gives a picture's bytes, or null where there is none. */
export type Load = (url: string) => Promise<Blob | null>;

export interface Urls {
  make(picture: Blob): string;
  drop(url: string): void;
}

export class Photos {
  /** By id, in the order in which they were first wanted. */
  private readonly shown = new Map<string, Signal<string | null>>();

  constructor(
    /** Base URL of the node; empty before there is one. */
    private readonly node: () => string,
    private readonly load: Load = fetched,
    private readonly urls: Urls = { make: (picture) => URL.createObjectURL(picture), drop: (url) => URL.revokeObjectURL(url) },
  ) {}

  /** The picture's URL in this page, null while there is none; asking for it loads it. */
  of(id: string): ReadonlySignal<string | null> {
    const known = this.shown.get(id);
    if (known) return known;
    const url = signal<string | null>(null);
    this.shown.set(id, url);
    void this.fill(id, url);
    this.shed();
    return url;
  }

  private async fill(id: string, url: Signal<string | null>): Promise<void> {
    const picture = await this.load(`${this.node()}/api/v1/photo/${encodeURIComponent(id)}`).catch(() => null);
    if (picture && this.shown.get(id) === url) url.value = this.urls.make(picture);
  }

  private shed(): void {
    for (const [id, url] of this.shown) {
      if (this.shown.size <= KEPT) return;
      this.shown.delete(id);
      if (url.value) this.urls.drop(url.value);
    }
  }
}

async function fetched(url: string): Promise<Blob | null> {
  const answer = await fetch(url, { credentials: "omit", referrerPolicy: "no-referrer", signal: AbortSignal.timeout(TIMEOUT_MS) });
  // Of no other kind, whatever an answer calls itself.
  return answer.ok ? new Blob([await answer.arrayBuffer()], { type: "image/jpeg" }) : null;
}
