// What the embedding page may choose of the view, and what it learns of it.

import { effect } from "@preact/signals-core";
import type { Look, Subject } from "../look";
import { named } from "../look";
import { layouts } from "../ui/layout";
import { fault } from "./door";

/** As much of the view as the embedding page reaches. */
export type Looking = Pick<Look, "layout" | "pinned" | "setLayout" | "pin">;

export function setLayout(look: Looking, word: unknown): void {
  const layout = layouts.find((l) => l === word);
  if (!layout) throw fault("bad_message");
  const refusal = look.setLayout(layout);
  if (refusal) throw fault(refusal);
}

/** Enlarges a person, or the screen they share; null restores. */
export function pin(look: Looking, peerId: unknown, share: unknown): void {
  if (peerId !== null && (typeof peerId !== "string" || !peerId)) throw fault("bad_message");
  const refusal = look.pin(peerId === null ? null : share === true ? `share:${peerId}` : `person:${peerId}`);
  if (refusal) throw fault(refusal);
}

/** Tells of every change from now on, whoever made it. */
export function reportLook(look: Looking, tell: (event: string, detail: object) => void): void {
  let layout = look.layout.peek();
  let pinned: Subject | null = look.pinned.peek();
  effect(() => {
    if (look.layout.value === layout) return;
    tell("layoutchanged", { layout: (layout = look.layout.value) });
  });
  effect(() => {
    if (look.pinned.value === pinned) return;
    pinned = look.pinned.value;
    const { id, source } = pinned && pinned !== "player" ? named(pinned) : { id: null, source: "camera" };
    tell("pinchanged", { peerId: id, share: source === "share" });
  });
}
