// The place in a call that this tab returns to when it is loaded anew. It lies
// in the entry of the tab's history, which a frame without storage has as well,
// and ends with the call.

import { effect } from "@preact/signals-core";
import type { Devices } from "./media/devices";
import type { Session } from "./protocol/session";
import type { Transport } from "./protocol/attachment";

export interface Seat {
  room: string;
  peerId: string;
  name: string;
  /** For the node, in the place of token and name. */
  ticket: string;
  /** What was on. A wish does not count: nothing comes on by loading a page anew. */
  mic: boolean;
  camera: boolean;
}

/** The seat in what a history entry holds. */
export function readSeat(state: unknown): Seat | null {
  const s = (state as { seat?: unknown } | null)?.seat as Partial<Seat> | null | undefined;
  if (typeof s !== "object" || s === null) return null;
  const texts = [s.room, s.peerId, s.name, s.ticket].every((x) => typeof x === "string" && x !== "");
  return texts && typeof s.mic === "boolean" && typeof s.camera === "boolean" ? (s as Seat) : null;
}

/** Takes the seat of this tab: after a reload alone, since a copy of the tab or a way back through its history is no wish to be in a call. */
export function takeSeat(): Seat | null {
  const seat = reloaded() ? readSeat(history.state) : null;
  if (!seat) keep(null);
  return seat;
}

/** Keeps the seat while the call lasts. */
export function keepSeat(session: Session<Transport>, devices: Devices, name: () => string): void {
  effect(() => {
    const joined = session.joined.value;
    const phase = session.phase.value;
    if (phase === "ended" || phase === "refused") keep(null);
    else if (joined && (phase === "live" || phase === "reconnecting"))
      keep({ room: joined.room.id, peerId: joined.peer_id, name: joined.self.name || name(), ticket: joined.resume, mic: devices.media.value.mic, camera: devices.media.value.camera });
  });
}

function keep(seat: Seat | null): void {
  const { seat: old, ...rest } = (history.state ?? {}) as { seat?: Seat };
  if (seat || old) history.replaceState(seat ? { ...rest, seat } : rest, "");
}

/** A tab that was put aside to save memory comes back by a reload of the browser's own. */
function reloaded(): boolean {
  const [entry] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return entry?.type === "reload" || (document as { wasDiscarded?: boolean }).wasDiscarded === true;
}
