// Voices and their pictures, kept together once a second, with the figures.

import { effect, type ReadonlySignal } from "@preact/signals";
import { LipSync, type Pair } from "./media/lipsync";
import type { PeerTransport } from "./media/peer";
import type { Figures } from "./media/stats";
import type { Session } from "./protocol/session";
import { companions } from "./protocol/slots";

export function keepLips(session: Session<PeerTransport>, figures: ReadonlySignal<Figures>): void {
  const lips = new LipSync();
  effect(() => {
    const { slots } = figures.value;
    const transport = session.attachment.peek()?.transport;
    if (!transport) return;
    const captured = transport.captured();
    const playing = new Map([...slots].map(([mid, f]) => [mid, { ...f, playout: captured.get(mid) ?? f.playout }]));
    transport.hold(lips.next(pairs(session, transport), playing));
  });
}

/** Who belongs together, by the slots they come in. */
function pairs(session: Session<PeerTransport>, transport: PeerTransport): Pair[] {
  const shown = session.confirmed.peek();
  return companions(session.roster.peek().people, shown).flatMap(({ audio, video }) => {
    const [heard, seen] = [transport.audio[audio], transport.video[video]];
    return heard && seen ? [{ audio: heard.mid, video: seen.mid, key: `${heard.mid} ${shown.audio[audio]} ${seen.mid} ${shown.video[video]}` }] : [];
  });
}
