// The tokens of an address: ours, and what a partner's server is asked about. They
// leave the address bar, so that a copied link or a screenshot does not carry them;
// the entry of the tab's history keeps them for a reload.

import { trimmed } from "./attributes";
import type { Params } from "./params";

export interface Tokens {
  token?: string;
  /** See Params. */
  browser?: string;
  accessToken?: string;
}

/** Gives the visit back what an entry of the tab's history holds, where the address does not say it. */
export function takeTokens(p: Params, state: unknown): void {
  const kept = (state ?? {}) as Partial<Record<keyof Tokens, unknown>>;
  if (!p.token && typeof kept.token === "string") {
    p.token = kept.token;
    p.browser = typeof kept.browser === "string" ? kept.browser : "";
  }
  if (p.said.accessToken === undefined && typeof kept.accessToken === "string") p.said.accessToken = kept.accessToken;
}

/** What the entry is to hold; null: nothing. */
export function tokensOf({ token, browser, said: { accessToken } }: Params): Tokens | null {
  if (!token && accessToken === undefined) return null;
  return { ...(token && { token, browser }), ...(accessToken !== undefined && { accessToken }) };
}

/** The same address without them. */
export function withoutTokens(href: string): string {
  const url = new URL(href);
  for (const name of [...url.searchParams.keys()]) if (name === "token" || trimmed(name) === "accessToken") url.searchParams.delete(name);
  return url.href;
}
