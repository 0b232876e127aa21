// The sections of the offer: which way media goes in each, what may be in it,
// and nothing more, since each of seventeen says all of it again.

import { receiveAudio, receiveVideo, sendAudio, sendVideo, type VideoCodec } from "./codecs";
import { beginnings, type Plan } from "./encodings";

const CAPTURE_TIME = "abs-capture-time";

/** Header extensions that nodes use, by how their URIs end. Without video-orientation the browser turns a picture before it sends it. */
const extensions = ["sdes:mid", "rtp-stream-id", "ssrc-audio-level", "transport-wide-cc-extensions-01", "dependency-descriptor-rtp-header-extension"];

/** A section that sends a video, and the codec it got. */
export function videoSection(pc: RTCPeerConnection, plan: Plan, wanted: VideoCodec): { sender: RTCRtpSender; codec: VideoCodec } {
  const t = addVideo(pc, plan);
  const { codec, list } = sendVideo(capabilities("sender", "video"), wanted);
  prefer(t, list);
  slim(t);
  return { sender: t.sender, codec };
}

export function audioSection(pc: RTCPeerConnection, redundant: boolean): RTCRtpSender {
  const t = pc.addTransceiver("audio", { direction: "sendonly" });
  prefer(t, sendAudio(capabilities("sender", "audio"), redundant));
  slim(t);
  return t.sender;
}

export function slotSection(pc: RTCPeerConnection, kind: "audio" | "video"): void {
  const t = pc.addTransceiver(kind, { direction: "recvonly" });
  prefer(t, (kind === "video" ? receiveVideo : receiveAudio)(capabilities("receiver", kind)));
  slim(t, CAPTURE_TIME); // lips and voice: lipsync.ts
}

/** The best beginning of the plan that the browser takes. */
function addVideo(pc: RTCPeerConnection, plan: Plan): RTCRtpTransceiver {
  for (const sendEncodings of beginnings(plan)) {
    try {
      return pc.addTransceiver("video", { direction: "sendonly", sendEncodings });
    } catch {
      // It does not know the scalability mode, or simulcast: the next one asks for less.
    }
  }
  return pc.addTransceiver("video", { direction: "sendonly" });
}

function capabilities(of: "sender" | "receiver", kind: "audio" | "video"): RTCRtpCodec[] {
  const side = of === "sender" ? RTCRtpSender : RTCRtpReceiver;
  return side.getCapabilities?.(kind)?.codecs ?? [];
}

/** Narrows a section to these codecs; a browser that cannot offers all, and the node chooses. */
function prefer(t: RTCRtpTransceiver, codecs: RTCRtpCodec[]): void {
  if (codecs.length === 0 || !("setCodecPreferences" in t)) return;
  try {
    t.setCodecPreferences(codecs);
  } catch {
    // Some browsers take only what they can receive as well.
  }
}

interface Extension {
  uri: string;
  direction: RTCRtpTransceiverDirection;
}

/** Not every browser can leave header extensions out of its offer. */
interface Slimming {
  getHeaderExtensionsToNegotiate?(): Extension[];
  setHeaderExtensionsToNegotiate?(list: Extension[]): void;
}

/** Offers the extensions that nodes use, and one more that is not offered by itself. */
function slim(t: RTCRtpTransceiver, more = ""): void {
  const s = t as RTCRtpTransceiver & Slimming;
  const used = (e: Extension): boolean => extensions.some((end) => e.uri.endsWith(end));
  const direction = (e: Extension): RTCRtpTransceiverDirection => (more && e.uri.endsWith(more) ? "sendrecv" : used(e) ? e.direction : "stopped");
  try {
    const all = s.getHeaderExtensionsToNegotiate?.();
    if (all) s.setHeaderExtensionsToNegotiate?.(all.map((e) => ({ ...e, direction: direction(e) })));
  } catch {
    // Then the offer is longer.
  }
}
