// Whether media gets through to a node by one way alone: a peer connection with
// one empty slot, which connects or does not.

import type { IceServer } from "../protocol/messages";

export type Way = "udp" | "tcp" | "relay";

/** Answers an offer by a node. */
export type Answerer = (offer: string) => Promise<{ answer: string; ice_servers: readonly IceServer[] }>;

/** True once connected, false if not in time; null if the node has no such way. */
export async function reach(way: Way, answer: Answerer, timeoutMs: number): Promise<boolean | null> {
  const policy = way === "relay" ? "relay" : "all";
  const pc = new RTCPeerConnection({ iceTransportPolicy: policy });
  try {
    pc.addTransceiver("audio", { direction: "recvonly" });
    const offer = await pc.createOffer();
    const got = await answer(offer.sdp ?? "");
    const sdp = way === "relay" ? got.answer : only(got.answer, way);
    if (way === "relay" ? got.ice_servers.length === 0 : !sdp.includes("a=candidate:")) return null;
    if (way === "relay") pc.setConfiguration({ iceTransportPolicy: policy, iceServers: got.ice_servers.map((s) => ({ ...s })) });
    const connected = settled(pc, timeoutMs);
    await pc.setLocalDescription(offer);
    await pc.setRemoteDescription({ type: "answer", sdp });
    return await connected;
  } finally {
    pc.close();
  }
}

/** The description with candidates of one protocol alone (RFC 8839, section 5.1). */
export function only(sdp: string, protocol: "udp" | "tcp"): string {
  const other = (line: string): boolean => line.startsWith("a=candidate:") && line.split(" ")[2]?.toLowerCase() !== protocol;
  return sdp.split("\r\n").filter((line) => !other(line)).join("\r\n");
}

function settled(pc: RTCPeerConnection, timeoutMs: number): Promise<boolean> {
  return new Promise((done) => {
    const timer = setTimeout(() => done(false), timeoutMs);
    pc.addEventListener("connectionstatechange", () => {
      if (pc.connectionState !== "connected" && pc.connectionState !== "failed") return;
      clearTimeout(timer);
      done(pc.connectionState === "connected");
    });
  });
}
