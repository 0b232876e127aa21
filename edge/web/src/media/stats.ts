// What a peer connection says about itself, once a second, in the few figures
// that the connection panel and the diagnosis object show.

export interface SlotFigures {
  /** Decoded. */
  frames: number;
  /** Complete pictures that came, decoded or not; 0 of sound. */
  received: number;
  width: number;
  height: number;
  packets: number;
  /** Sum of squared sound, grows only while something is heard. */
  energy: number;
  /** Milliseconds since the number of frames last grew. */
  idleMs: number;
  /** The sender's time of what plays now, NTP in ms; null while it is not known. */
  playout: number | null;
  /** How long what played last was held back, ms. */
  delay: number;
  /** From its arrival to its playing, decoding included, ms; null while nothing plays. */
  age: number | null;
}

/** One encoding of a video as it is sent. */
export interface SentFigures {
  mid: string;
  rid: string;
  width: number;
  height: number;
  /** Bits per second. */
  bitrate: number;
  codec: string;
  /** What holds it back: none, cpu, bandwidth or other. */
  limit: string;
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
  /** Encodings of the own videos, in the order of their sections. */
  sending: readonly SentFigures[];
  /** By mid. */
  slots: ReadonlyMap<string, SlotFigures>;
}

export const noFigures: Figures = {
  up: 0, down: 0, lossUp: 0, lossDown: 0, rtt: null, path: null, protocol: "", sent: null, received: null, sending: [], slots: new Map(),
};

/** A slot with what the next report is compared to. */
interface Held extends SlotFigures {
  at: number;
  heldSeconds: number;
  emitted: number;
  processedSeconds: number;
}

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

/** The delay of what left the jitter buffer since the report before. */
function held(s: Stat, old: Held | undefined): Pick<Held, "delay" | "age" | "heldSeconds" | "emitted" | "processedSeconds"> {
  const heldSeconds = num(s["jitterBufferDelay"]);
  const emitted = num(s["jitterBufferEmittedCount"]);
  const processedSeconds = num(s["totalProcessingDelay"]);
  const n = emitted - (old?.emitted ?? 0);
  const each = (total: number, before: number | undefined): number => Math.max(0, ((total - (before ?? 0)) * 1000) / n);
  const delay = n > 0 ? each(heldSeconds, old?.heldSeconds) : (old?.delay ?? 0);
  // Sound is decoded as it leaves the buffer; a picture takes a while longer.
  const processed = s["kind"] === "video" ? each(processedSeconds, old?.processedSeconds) : 0;
  return { heldSeconds, emitted, processedSeconds, delay, age: n > 0 ? Math.max(delay, processed) : null };
}

/** Turns reports into figures; rates come from the difference to the one before. */
export class Meter {
  private before: Totals | undefined;
  private slots = new Map<string, Held>();
  private sentBytes = new Map<string, number>();

  read(report: Iterable<Stat>, now: number): Figures {
    const all = [...report];
    const byId = new Map(all.map((s) => [s.id, s]));
    const of = (type: string): Stat[] => all.filter((s) => s.type === type);

    const slots = new Map<string, Held>();
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
        frames, received: num(s["framesReceived"]), at, idleMs: now - at,
        width: num(s["frameWidth"]), height: num(s["frameHeight"]),
        packets: num(s["packetsReceived"]), energy: num(s["totalAudioEnergy"]),
        playout: num(s["estimatedPlayoutTimestamp"]) || null,
        ...held(s, old),
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
    const encodings = of("outbound-rtp").filter((s) => s["kind"] === "video");
    const elapsed = this.before ? (now - this.before.at) / 1000 : 0;
    const sending = encodings.map((s) => sentFigures(s, byId, this.sentBytes.get(s.id), elapsed)).sort(bySection);
    this.sentBytes = new Map(encodings.map((s) => [s.id, num(s["bytesSent"])]));
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
      sent, received, sending, slots,
    };
  }
}

function sentFigures(s: Stat, byId: ReadonlyMap<string, Stat>, before: number | undefined, seconds: number): SentFigures {
  const grown = before === undefined ? 0 : Math.max(0, num(s["bytesSent"]) - before);
  return {
    mid: str(s["mid"]), rid: str(s["rid"]),
    width: num(s["frameWidth"]), height: num(s["frameHeight"]),
    bitrate: seconds > 0 ? Math.round((grown * 8) / seconds) : 0,
    codec: str(byId.get(str(s["codecId"]))?.["mimeType"]).toLowerCase().replace("video/", ""),
    limit: str(s["qualityLimitationReason"]) || "none",
  };
}

/** Rids of one section in the order of its layers. */
const layerOrder = ["q", "h", "f"];

function bySection(a: SentFigures, b: SentFigures): number {
  return Number(a.mid) - Number(b.mid) || layerOrder.indexOf(a.rid) - layerOrder.indexOf(b.rid);
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
