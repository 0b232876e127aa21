// What the room watches together: a page of somebody else's with a player, in a
// frame on the stage. What it plays, and when, is between it and each viewer.

import { computed, effect, type ReadonlySignal } from "@preact/signals-core";
import { t } from "./i18n";
import type { Transport } from "./protocol/attachment";
import type { Session } from "./protocol/session";

/** Longest address, in bytes of UTF-8. */
const MAX_ADDRESS = 2 << 10;

/**
 * The address of a player that may be shown on a page of an origin; null for
 * anything else. The page's own origin is not among them: a frame of it could
 * reach out of its sandbox.
 */
export function playable(text: string | undefined, own: string): URL | null {
  if (!text) return null;
  try {
    const url = new URL(text);
    const fits = new TextEncoder().encode(url.href).length <= MAX_ADDRESS;
    return fits && url.protocol === "https:" && !url.username && !url.password && url.origin !== own ? url : null;
  } catch {
    return null;
  }
}

interface PlayerDeps {
  session: Pick<Session<Transport>, "roster" | "phase">;
  /** The page's origin. */
  own: string;
  /** Says aloud what the screen shows by itself. */
  speak: (text: string) => void;
}

export class Player {
  /** What is shown; the same as long as its address is, so that its frame stays as it is. */
  readonly address: ReadonlySignal<string | null>;
  /** Whose it is, for people. */
  readonly site: ReadonlySignal<string>;
  private said: string | null = null;

  constructor(private readonly deps: PlayerDeps) {
    const url = computed(() => playable(deps.session.roster.value.rules.player, deps.own));
    this.address = computed(() => url.value?.href ?? null);
    this.site = computed(() => url.value?.host ?? "");
    effect(() => this.announce(this.address.value));
  }

  private announce(now: string | null): void {
    if (now === this.said) return;
    this.said = now;
    if (this.deps.session.phase.peek() === "live") this.deps.speak(now ? t("player.begun", { site: this.site.peek() }) : t("player.over"));
  }
}
