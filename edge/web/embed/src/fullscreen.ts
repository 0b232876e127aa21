// The whole screen for a frame. The page around asks, since it has the click; a
// frame that asked by itself stands in full there all the same (Fullscreen,
// section 4: every document around it has the frame as its fullscreen element).

import { MeetingError } from "./channel";

export function isFull(frame: Element): boolean {
  return frame.ownerDocument.fullscreenElement === frame;
}

/** Rejects with `fullscreen_denied`, above all without a click just before. */
export async function setFull(frame: Element, on: boolean): Promise<void> {
  if (isFull(frame) === on) return;
  try {
    await (on ? frame.requestFullscreen() : frame.ownerDocument.exitFullscreen());
  } catch {
    throw new MeetingError("fullscreen_denied", "The browser wants a click just before.");
  }
}
