// What a peer connection says about itself, once a second, in the few figures
// that the connection panel and the diagnosis object show.

export interface SlotFigures {
  frames: number;
  width: number;
  height: number;
  packets: number;
  /** Sum of squared sound, grows only while something is heard. */
  energy: number;
  /** Milliseconds since the number of frames last grew. */
  idleMs: number;
}

export interface Figures {
  /** Bits per second. */
  up: number;
  down: number;
  /** Share of lost packets in the last second, 0 to 1. */
  lossUp: number;
  lossDown: number;
  /** Round trip of the media path, ms. */
  rtt: number | null;
  path: "direct" | "relay" | null;
  protocol: string;
  sent: { width: number; height: number; fps: number } | null;
  received: { width: number; height: number; fps: number } | null;
  /** By mid. */
  slots: ReadonlyMap<string, SlotFigures>;
}

export const noFigures: Figures = {
  up: 0, down: 0, lossUp: 0, lossDown: 0, rtt: null, path: null, protocol: "", sent: null, received: null, slots: new Map(),
};

interface Totals {
  at: number;
  sentBytes: number;
  receivedBytes: number;
  lost: number;
  packets: number;
}

type Stat = Record<string, unknown> & { type: string; id: string };

const num = (v: unknown): number => (typeof v === "number" && Number.isFinite(v) ? v : 0);
const str = (v: unknown): string => (typeof v === "string" ? v : "");

/** Turns reports into figures; rates come from the difference to the one before. */
export class Meter {
  private before: Totals | undefined;
  private slots = new Map<string, SlotFigures & { at: number }>();

  read(report: Iterable<Stat>, now: number): Figures {
    const all = [...report];
    const byId = new Map(all.map((s) => [s.id, s]));
    const of = (type: string): Stat[] => all.filter((s) => s.type === type);

    const slots = new Map<string, SlotFigures & { at: number }>();
    let lost = 0;
    let packets = 0;
    let received: Figures["received"] = null;
    for (const s of of("inbound-rtp")) {
      lost += num(s["packetsLost"]);
      packets += num(s["packetsReceived"]);
      const mid = str(s["mid"]);
      const old = this.slots.get(mid);
      const frames = num(s["framesDecoded"]);
      const at = old && old.frames === frames ? old.at : now;
      slots.set(mid, {
        frames, at, idleMs: now - at,
        width: num(s["frameWidth"]), height: num(s["frameHeight"]),
        packets: num(s["packetsReceived"]), energy: num(s["totalAudioEnergy"]),
      });
      const size = { width: num(s["frameWidth"]), height: num(s["frameHeight"]), fps: num(s["framesPerSecond"]) };
      if (size.width * size.height > (received ? received.width * received.height : 0) && now - at < 3_000) received = size;
    }
    this.slots = slots;

    let sent: Figures["sent"] = null;
    for (const s of of("outbound-rtp")) {
      const size = { width: num(s["frameWidth"]), height: num(s["frameHeight"]), fps: num(s["framesPerSecond"]) };
      if (size.fps > 0 && size.width * size.height > (sent ? sent.width * sent.height : 0)) sent = size;
    }
    const lossUp = Math.max(0, ...of("remote-inbound-rtp").map((s) => num(s["fractionLost"])));

    const transport = of("transport")[0];
    const pair = byId.get(str(transport?.["selectedCandidatePairId"])) ?? of("candidate-pair").find((s) => s["nominated"] === true && s["state"] === "succeeded");
    const local = byId.get(str(pair?.["localCandidateId"]));
    const totals: Totals = { at: now, sentBytes: num(pair?.["bytesSent"]), receivedBytes: num(pair?.["bytesReceived"]), lost, packets };
    const b = this.before;
    this.before = totals;
    const seconds = b ? (now - b.at) / 1000 : 0;
    const rate = (a: number, c: number): number => (seconds > 0 && a >= c ? ((a - c) * 8) / seconds : 0);
    const newLost = b ? Math.max(0, lost - b.lost) : 0;
    const newPackets = b ? Math.max(0, packets - b.packets) : 0;
    return {
      up: b ? rate(totals.sentBytes, b.sentBytes) : 0,
      down: b ? rate(totals.receivedBytes, b.receivedBytes) : 0,
      lossUp,
      lossDown: newLost + newPackets > 0 ? newLost / (newLost + newPackets) : 0,
      rtt: typeof pair?.["currentRoundTripTime"] === "number" ? num(pair["currentRoundTripTime"]) * 1000 : null,
      path: local ? (local["candidateType"] === "relay" ? "relay" : "direct") : null,
      protocol: str(local?.["relayProtocol"]) || str(local?.["protocol"]),
      sent, received, slots,
    };
  }
}

/** Polls a peer connection until the returned function is called. */
export function watchFigures(pc: RTCPeerConnection, report: (f: Figures) => void, everyMs = 1_000): () => void {
  const meter = new Meter();
  let stopped = false;
  const poll = async (): Promise<void> => {
    try {
      const stats = await pc.getStats();
      const list: Stat[] = [];
      stats.forEach((s: Stat) => list.push(s));
      if (!stopped) report(meter.read(list, performance.now()));
    } catch {
      // A closed connection has nothing to say.
    }
  };
  const timer = setInterval(() => void poll(), everyMs);
  void poll();
  return () => {
    stopped = true;
    clearInterval(timer);
  };
}
