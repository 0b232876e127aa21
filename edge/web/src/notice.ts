// Sentences over the call that go by themselves, and what a button beside one does.

import type { Key } from "./i18n";
import type { DeviceNotice } from "./media/devices";

export interface Notice {
  id: number;
  text: string;
  tone: "info" | "problem";
  act?: Act | undefined;
}

/** The button beside a sentence. */
export interface Act {
  label: Key;
  run: () => void;
}

/** How long it stays, ms: one needs time to reach a button. */
export function stays(act?: Act): number {
  return act ? 12_000 : 5_000;
}

/** What helps against a device's trouble; nothing where only somebody else can. */
export function remedy({ trouble }: DeviceNotice, choosable: boolean): "choose" | "again" | null {
  if (trouble === "frame" || trouble === "insecure") return null;
  return trouble === "unplugged" && choosable ? "choose" : "again";
}
