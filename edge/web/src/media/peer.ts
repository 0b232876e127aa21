// The transport of one attachment: a peer connection with a fixed plan of
// sections. Five that send, then the receive slots; what is sent and shown
// changes without another offer.

import type { MediaState, Offer, Transport } from "../protocol/attachment";
import type { EncodeUp, IceServer, SlotMids, Up } from "../protocol/messages";
import type { VideoCodec } from "./codecs";
import { cameraPlan, divide, sharePlan, sparePlan } from "./encodings";
import { withDtx } from "./opus";
import { audioSection, slotSection, videoSection } from "./sections";
import { VideoSender } from "./sender";
import { Serial } from "./serial";

/** To begin with; Attachment.widen adds more. */
export const VIDEO_SLOTS = 9;
export const AUDIO_SLOTS = 3;
/** Reports of the node alone come more often. */
const FLOW_MS = 400;
const LISTEN_MS = 300;
/** Bytes in LISTEN_MS of one voice; less may well be followed by nothing. */
const DENSE = 500;

export type SendSource = "mic" | "camera" | "share" | "share_audio";
export type Tracks = Record<SendSource, MediaStreamTrack | null>;

const order = ["mic", "camera", "camera2", "share", "share_audio"] as const;

/** Switches for diagnosis and tests. */
export interface PeerOptions {
  /** Media by TURN alone. */
  relayOnly: boolean;
  /** What the camera is to be encoded with. */
  codec: VideoCodec;
  /** The voice carries its last packets again (RFC 2198). */
  redundant: boolean;
}

export interface Slot {
  mid: string;
  stream: MediaStream;
}

export class PeerTransport implements Transport {
  readonly pc: RTCPeerConnection;
  readonly video: Slot[] = [];
  readonly audio: Slot[] = [];
  /** What the camera is encoded with: VP8 where the browser lacks the codec that was asked for. */
  readonly codec: VideoCodec;
  /** The sections that send, by mid. */
  up: Partial<Up> = {};
  onstate: (s: MediaState) => void = () => {};
  onslots: () => void = () => {};
  onsilence: () => void = () => {};

  private readonly config: RTCConfiguration;
  private readonly negotiation = new Serial();
  private readonly senders: Record<(typeof order)[number], RTCRtpSender>;
  readonly videos: Record<"camera" | "camera2" | "share", VideoSender>;
  private pendingOffer = "";
  private tracks: Tracks;
  /** What the senders were last told; they take a moment to do it. */
  private readonly attached: Partial<Record<(typeof order)[number], MediaStreamTrack | null>> = { mic: null, camera: null, camera2: null, share: null, share_audio: null };
  private bound = 0;
  private videoSlots = 0;
  private readonly listener: ReturnType<typeof setInterval>;
  private heard = 0;
  private flowed: [number, number] = [0, 0];

  constructor(options: PeerOptions, tracks: Tracks) {
    this.config = { bundlePolicy: "max-bundle", rtcpMuxPolicy: "require", iceTransportPolicy: options.relayOnly ? "relay" : "all" };
    const pc = new RTCPeerConnection(this.config);
    this.pc = pc;
    const mic = audioSection(pc, options.redundant);
    const camera = videoSection(pc, cameraPlan(options.codec), options.codec);
    const camera2 = videoSection(pc, sparePlan, "vp8");
    const share = videoSection(pc, sharePlan, "vp8");
    this.senders = { mic, camera: camera.sender, camera2: camera2.sender, share: share.sender, share_audio: audioSection(pc, false) };
    this.codec = camera.codec;
    this.videos = {
      camera: new VideoSender(camera.sender, cameraPlan(camera.codec), Infinity),
      camera2: new VideoSender(camera2.sender, sparePlan, 0),
      share: new VideoSender(share.sender, sharePlan, Infinity),
    };
    for (; this.videoSlots < VIDEO_SLOTS; this.videoSlots++) slotSection(pc, "video");
    for (let i = 0; i < AUDIO_SLOTS; i++) slotSection(pc, "audio");
    pc.onconnectionstatechange = () => this.changed();
    this.listener = setInterval(() => void this.listen(), LISTEN_MS);
    this.tracks = tracks;
    this.attach();
  }

  /** Sends these tracks from now on; null is silence. No SDP. */
  send(tracks: Tracks): void {
    this.tracks = tracks;
    this.attach();
    this.budget();
  }

  async flows(): Promise<boolean> {
    const before = await this.arrived();
    await new Promise((done) => setTimeout(done, FLOW_MS));
    return (await this.arrived()) > before;
  }

  /** Long before ICE calls a path broken: much came all the time, and now nothing does. */
  private async listen(): Promise<void> {
    if (this.pc.connectionState !== "connected") return void (this.flowed = [0, 0]);
    const heard = await this.arrived();
    const flow = heard - this.heard;
    // The last time may have been cut short: what counts is the one before it as well.
    if (flow === 0 && Math.max(...this.flowed) > DENSE) this.onsilence();
    this.heard = heard;
    this.flowed = [this.flowed[1], flow];
  }

  private async arrived(): Promise<number> {
    let sum = 0;
    // Consent of ICE counts as well: a room may be silent (RFC 7675).
    for (const s of (await this.pc.getStats()).values()) if (s.type === "candidate-pair") sum += (s.bytesReceived ?? 0) + (s.responsesReceived ?? 0);
    return sum;
  }

  encode(up: EncodeUp): void {
    for (const source of ["camera", "camera2", "share"] as const) {
      const layers = up[source]?.layers;
      if (typeof layers === "number") void this.videos[source].watch(layers);
    }
    this.attach();
    this.budget();
  }

  limit(bitrate: number): void {
    this.bound = Math.max(0, bitrate);
    this.budget();
  }

  /** When what a slot plays now was captured, ms by mid, for those that say so. */
  captured(): Map<string, number> {
    const now = performance.timeOrigin + performance.now();
    const out = new Map<string, number>();
    for (const { mid, receiver } of this.pc.getTransceivers()) {
      // Of the W3C's WebRTC extensions: the time of capture of what was played at timestamp.
      const source: (RTCRtpSynchronizationSource & { captureTimestamp?: number }) | undefined = receiver.getSynchronizationSources?.()[0];
      if (mid !== null && source?.captureTimestamp) out.set(mid, source.captureTimestamp + now - source.timestamp);
    }
    return out;
  }

  /** Holds slots back, ms by mid; one that is not named plays as soon as it can. */
  hold(targets: ReadonlyMap<string, number>): void {
    for (const { mid, receiver } of this.pc.getTransceivers()) {
      if (!("jitterBufferTarget" in receiver)) return;
      const target = targets.get(mid ?? "") || null;
      if (receiver.jitterBufferTarget !== target) receiver.jitterBufferTarget = target;
    }
  }

  offer(): Promise<Offer> {
    return this.negotiation.run(() => this.create());
  }

  restart(): Promise<Offer> {
    return this.negotiation.run(() => this.create({ iceRestart: true }));
  }

  widen(video: number): Promise<Offer> {
    return this.negotiation.run(() => {
      for (; this.videoSlots < video; this.videoSlots++) slotSection(this.pc, "video");
      return this.create();
    });
  }

  accept(answer: string, servers?: readonly IceServer[]): Promise<void> {
    return this.negotiation.run(async () => {
      if (servers) this.pc.setConfiguration({ ...this.config, iceServers: servers.map((s) => ({ ...s })) });
      await this.pc.setLocalDescription({ type: "offer", sdp: this.pendingOffer });
      await this.pc.setRemoteDescription({ type: "answer", sdp: answer });
      for (const video of Object.values(this.videos)) void video.negotiated();
      this.budget();
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
    clearInterval(this.listener);
    this.pc.close();
  }

  private async create(options?: RTCOfferOptions): Promise<Offer> {
    const { sdp } = await this.pc.createOffer(options);
    this.pendingOffer = sdp ?? "";
    const mids = [...this.pendingOffer.matchAll(/^a=mid:(.+?)\r?$/gm)].map((m) => m[1] ?? "");
    const up = Object.fromEntries(order.map((source, i) => [source, mids[i] ?? ""])) as unknown as Up;
    this.up = up;
    // The node sees what it is to answer; here the offer stays as the browser made it.
    return { offer: withDtx(this.pendingOffer), up };
  }

  /** What a section is to send; a second encoder runs only while somebody needs it. */
  private wanted(source: (typeof order)[number]): MediaStreamTrack | null {
    if (source !== "camera2") return this.tracks[source];
    return this.codec !== "vp8" && this.videos.camera2.watched ? this.tracks.camera : null;
  }

  private attach(): void {
    if (this.pc.signalingState === "closed") return;
    for (const source of order) {
      const track = this.wanted(source);
      if (this.attached[source] === track) continue;
      this.attached[source] = track;
      this.senders[source].replaceTrack(track).catch(() => {});
    }
  }

  /** Divides the bound among the videos that are sent. */
  private budget(): void {
    const wants = (source: keyof typeof this.videos): number => (this.wanted(source) ? this.videos[source].wants : 0);
    const parts = divide(this.bound, { camera: wants("camera"), camera2: wants("camera2"), share: wants("share") });
    for (const source of ["camera", "camera2", "share"] as const) void this.videos[source].limit(parts[source]);
  }

  private changed(): void {
    const s = this.pc.connectionState;
    if (s === "connected" || s === "disconnected" || s === "failed") this.onstate(s);
  }
}
