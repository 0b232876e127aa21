// The transport of one attachment: a peer connection with a fixed plan of
// sections. Five that send, then the receive slots; what is sent and shown
// changes without another offer.

import type { MediaState, Offer, Transport } from "../protocol/attachment";
import type { IceServer, SlotMids, Up } from "../protocol/messages";
import { Serial } from "./serial";

export const VIDEO_SLOTS = 9;
export const AUDIO_SLOTS = 3;

/** Upper bounds of what is sent, bits per second. */
const CAMERA_BITRATE = 1_500_000;
const SHARE_BITRATE = 2_500_000;

export type SendSource = "mic" | "camera" | "share" | "share_audio";
export type Tracks = Record<SendSource, MediaStreamTrack | null>;

const order = ["mic", "camera", "camera2", "share", "share_audio"] as const;

export interface Slot {
  mid: string;
  stream: MediaStream;
}

export class PeerTransport implements Transport {
  readonly pc: RTCPeerConnection;
  readonly video: Slot[] = [];
  readonly audio: Slot[] = [];
  onstate: (s: MediaState) => void = () => {};
  onslots: () => void = () => {};

  private readonly config: RTCConfiguration;
  private readonly negotiation = new Serial();
  private readonly senders: Record<(typeof order)[number], RTCRtpSender>;
  private pendingOffer = "";

  constructor(relayOnly: boolean, tracks: Tracks) {
    this.config = { bundlePolicy: "max-bundle", rtcpMuxPolicy: "require", iceTransportPolicy: relayOnly ? "relay" : "all" };
    this.pc = new RTCPeerConnection(this.config);
    const add = (kind: "audio" | "video", init: RTCRtpTransceiverInit): RTCRtpTransceiver => {
      const t = this.pc.addTransceiver(kind, init);
      prefer(t, kind);
      return t;
    };
    this.senders = {
      mic: add("audio", { direction: "sendonly" }).sender,
      camera: add("video", { direction: "sendonly", sendEncodings: [{ maxBitrate: CAMERA_BITRATE, maxFramerate: 30 }] }).sender,
      camera2: add("video", { direction: "sendonly" }).sender,
      share: add("video", { direction: "sendonly", sendEncodings: [{ maxBitrate: SHARE_BITRATE, maxFramerate: 30 }] }).sender,
      share_audio: add("audio", { direction: "sendonly" }).sender,
    };
    for (let i = 0; i < VIDEO_SLOTS; i++) add("video", { direction: "recvonly" });
    for (let i = 0; i < AUDIO_SLOTS; i++) add("audio", { direction: "recvonly" });
    this.pc.onconnectionstatechange = () => this.changed();
    this.send(tracks);
  }

  /** Sends these tracks from now on; null is silence. No SDP. */
  send(tracks: Tracks): void {
    for (const source of ["mic", "camera", "share", "share_audio"] as const) {
      const sender = this.senders[source];
      if (sender.track === tracks[source] || this.pc.signalingState === "closed") continue;
      sender.replaceTrack(tracks[source]).catch(() => {});
    }
  }

  offer(): Promise<Offer> {
    return this.negotiation.run(() => this.create());
  }

  restart(): Promise<Offer> {
    return this.negotiation.run(() => this.create({ iceRestart: true }));
  }

  accept(answer: string, servers?: readonly IceServer[]): Promise<void> {
    return this.negotiation.run(async () => {
      if (servers) this.pc.setConfiguration({ ...this.config, iceServers: servers.map((s) => ({ ...s })) });
      await this.pc.setLocalDescription({ type: "offer", sdp: this.pendingOffer });
      await this.pc.setRemoteDescription({ type: "answer", sdp: answer });
    });
  }

  slots(mids: SlotMids): void {
    const byMid = new Map(this.pc.getTransceivers().map((t) => [t.mid, t.receiver.track]));
    const fill = (into: Slot[], wanted: string[]): void => {
      wanted.forEach((mid, i) => {
        const track = byMid.get(mid);
        if (into[i]?.mid !== mid) into[i] = { mid, stream: new MediaStream(track ? [track] : []) };
      });
      into.length = wanted.length;
    };
    fill(this.video, mids.video);
    fill(this.audio, mids.audio);
    this.onslots();
  }

  close(): void {
    this.pc.onconnectionstatechange = null;
    this.pc.close();
  }

  private async create(options?: RTCOfferOptions): Promise<Offer> {
    const { sdp } = await this.pc.createOffer(options);
    this.pendingOffer = sdp ?? "";
    const mids = [...this.pendingOffer.matchAll(/^a=mid:(.+?)\r?$/gm)].map((m) => m[1] ?? "");
    const up = Object.fromEntries(order.map((source, i) => [source, mids[i] ?? ""])) as unknown as Up;
    return { offer: this.pendingOffer, up };
  }

  private changed(): void {
    const s = this.pc.connectionState;
    if (s === "connected" || s === "disconnected" || s === "failed") this.onstate(s);
  }
}

/** One codec each keeps the offer small; the answerer knows no other anyway. */
function prefer(t: RTCRtpTransceiver, kind: "audio" | "video"): void {
  const wanted = kind === "video" ? "video/vp8" : "audio/opus";
  const codecs = RTCRtpReceiver.getCapabilities?.(kind)?.codecs.filter((c) => c.mimeType.toLowerCase() === wanted);
  if (codecs?.length && "setCodecPreferences" in t) t.setCodecPreferences(codecs);
}
