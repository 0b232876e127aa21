// What of the stage can be seen, and how fine: told to the node as views.

import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import type { PeerTransport } from "./media/peer";
import type { Aside } from "./pip";
import type { Session } from "./protocol/session";
import { describe, type Shown } from "./protocol/views";
import type { Placed } from "./stage";
import type { Step } from "./ui/effort";

/** Tells the node of every change, as long as the page lives; no finer than the step lets it be. aside is what a window of its own shows, glance what is wanted for a moment. */
export function reportViews(session: Session<PeerTransport>, placed: ReadonlySignal<{ tiles: Placed[] }>, step: ReadonlySignal<Step>, aside: ReadonlySignal<Aside | null>, glance: ReadonlySignal<Aside | null>): void {
  const sight = signal<Sight>({ visible: true, density: 1 });
  watchSight((s) => (sight.value = s));
  const before = computed(() => seen(tracksShown(placed.value.tiles), sight.value.visible, aside.value));
  const shown = computed(() => seen(before.value, sight.value.visible || aside.value !== null, glance.value));
  effect(() => {
    const { visible, density } = sight.value;
    session.setViews(describe(session.assigned.value.video, shown.value, density, visible || aside.value !== null || glance.value !== null, step.value.lines));
  });
}

/** How large each track stands on the stage, and how much it is wanted. */
function tracksShown(tiles: readonly Placed[]): ReadonlyMap<string, Shown> {
  const out = new Map<string, Shown>();
  for (const { tile, at, priority } of tiles) {
    if (tile.kind === "self" || tile.track === null) continue;
    out.set(tile.track, { width: at.w, height: at.h, priority });
  }
  return out;
}

/** With what a small window shows: that alone while the page cannot be seen, and of two sizes the larger. */
export function seen(stage: ReadonlyMap<string, Shown>, visible: boolean, aside: Aside | null): ReadonlyMap<string, Shown> {
  if (!aside) return stage;
  const { track, width, height, priority } = aside;
  const was = visible ? stage.get(track) : undefined;
  const both = was ? { width: Math.max(width, was.width), height: Math.max(height, was.height), priority: was.priority === "pinned" ? was.priority : priority } : { width, height, priority };
  return new Map([...(visible ? stage : []), [track, both]]);
}

interface Sight {
  visible: boolean;
  /** Device pixels per CSS pixel; changes with zoom and from screen to screen. */
  density: number;
}

function watchSight(report: (s: Sight) => void): void {
  const tell = (): void => report({ visible: document.visibilityState !== "hidden", density: devicePixelRatio || 1 });
  const watchDensity = (): void => {
    // A query fits one density; once it does not fit any more there is another.
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener("change", () => (tell(), watchDensity()), { once: true });
  };
  document.addEventListener("visibilitychange", tell);
  watchDensity();
  tell();
}
