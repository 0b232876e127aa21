// A token that serves once is given up for a session as soon as the page opens:
// it lives for two minutes, and the person may look at the camera for longer.
// Pure but for the fetcher and the clock, which are passed in.

import { sleep, type Clock } from "./clock";

/** What such a token's header has for typ. */
const once = ["meridian-attendee+jwt", "meridian-sso+jwt"];

/** Tries while nobody knows whether the token was used. */
export const EXCHANGE_TRIES = 5;
const PAUSE_MS = 1_000;

export type Exchanged = { token: string } | { code: string; message: string };

/** Whether a token serves once. */
export function servesOnce(token: string): boolean {
  try {
    const head = (token.split(".")[0] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const typ = (JSON.parse(atob(head)) as { typ?: unknown } | null)?.typ;
    return typeof typ === "string" && once.includes(typ);
  } catch {
    return false;
  }
}

/** A secret that a session is bound to: 128 bits. */
export function newBrowser(random: (b: Uint8Array<ArrayBuffer>) => Uint8Array = (b) => crypto.getRandomValues(b)): string {
  return [...random(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
}

/** Gives a token up. The same secret may ask again, so that a lost answer costs nothing. */
export async function exchange(fetcher: typeof fetch, clock: Clock, token: string, browser: string): Promise<Exchanged> {
  for (let tries = 1; ; tries++) {
    const out = await ask(fetcher, token, browser);
    if ("token" in out || out.code !== "try_again" || tries === EXCHANGE_TRIES) return out;
    await sleep(clock, PAUSE_MS);
  }
}

async function ask(fetcher: typeof fetch, token: string, browser: string): Promise<Exchanged> {
  try {
    const res = await fetcher("/api/v1/exchange", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token, browser }),
    });
    const body = (await res.json()) as { token?: unknown; code?: unknown; detail?: unknown } | null;
    if (res.ok && typeof body?.token === "string") return { token: body.token };
    return { code: typeof body?.code === "string" ? body.code : "internal", message: typeof body?.detail === "string" ? body.detail : "" };
  } catch {
    return { code: "try_again", message: "" };
  }
}
