// What this person hears: how loud, whether at all, and from which speakers.
// It is about own ears alone; nobody else learns of it.

import { signal } from "@preact/signals-core";
import type { Store } from "./store";

export class Hearing {
  /** 0 to 100, of what arrives. */
  readonly volume = signal(100);
  readonly muted = signal(false);
  /** Device id of the speakers; empty: those of the system. */
  readonly output = signal("");

  constructor(private readonly store: Store) {
    this.volume.value = percent(Number(store.get("volume") ?? 100));
    this.output.value = store.get("speaker") ?? "";
  }

  /** Beyond 0 and 100 it is 0 and 100. */
  setVolume(volume: number): void {
    this.volume.value = percent(volume);
    this.store.set("volume", String(this.volume.value));
  }

  setOutput(id: string): void {
    this.output.value = id;
    this.store.set("speaker", id);
  }

  /** Gives an element what is set here, now and at every change: call it in an effect. */
  apply(audio: Listening): void {
    audio.volume = this.volume.value / 100;
    audio.muted = this.muted.value;
    const id = this.output.value;
    // Speakers that are gone are no reason to hear nothing: the element keeps those it has.
    if (audio.setSinkId && audio.sinkId !== id) audio.setSinkId(id).catch(() => {});
  }
}

/** As much of an audio element as hearing sets. */
export interface Listening {
  volume: number;
  muted: boolean;
  readonly sinkId?: string;
  setSinkId?: (id: string) => Promise<void>;
}

/** Whether the browser lets a page choose the speakers. */
export function canChooseOutput(): boolean {
  return typeof HTMLMediaElement === "function" && "setSinkId" in HTMLMediaElement.prototype;
}

function percent(v: number): number {
  return Number.isFinite(v) ? Math.round(Math.min(100, Math.max(0, v))) : 100;
}
