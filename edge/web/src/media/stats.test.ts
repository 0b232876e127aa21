import assert from "node:assert/strict";
import { test } from "node:test";
import { Meter } from "./stats";

const report = (bytes: number, lost: number, packets: number, frames: number, type = "host") => [
  { type: "transport", id: "T", selectedCandidatePairId: "P" },
  { type: "candidate-pair", id: "P", localCandidateId: "L", bytesSent: bytes, bytesReceived: bytes * 2, currentRoundTripTime: 0.025 },
  { type: "local-candidate", id: "L", candidateType: type, protocol: "udp", ...(type === "relay" ? { relayProtocol: "tcp" } : {}) },
  { type: "inbound-rtp", id: "I", mid: "5", packetsLost: lost, packetsReceived: packets, framesDecoded: frames, frameWidth: 640, frameHeight: 360, framesPerSecond: 15 },
  { type: "outbound-rtp", id: "O", frameWidth: 1280, frameHeight: 720, framesPerSecond: 30 },
  { type: "remote-inbound-rtp", id: "R", fractionLost: 0.04 },
];

test("rates and losses are those since the report before", () => {
  const m = new Meter();
  const first = m.read(report(1000, 5, 100, 10), 1000);
  assert.deepEqual([first.up, first.down, first.lossDown], [0, 0, 0]);
  const f = m.read(report(126_000, 10, 195, 25), 2000);
  assert.equal(f.up, 1_000_000);
  assert.equal(f.down, 2_000_000);
  assert.equal(f.lossDown, 0.05);
  assert.equal(f.lossUp, 0.04);
  assert.equal(f.rtt, 25);
  assert.deepEqual([f.path, f.protocol], ["direct", "udp"]);
  assert.deepEqual(f.sent, { width: 1280, height: 720, fps: 30 });
  assert.deepEqual(f.received, { width: 640, height: 360, fps: 15 });
});

test("a relay is named with the protocol towards it", () => {
  const f = new Meter().read(report(0, 0, 0, 0, "relay"), 0);
  assert.deepEqual([f.path, f.protocol], ["relay", "tcp"]);
});

test("a slot whose frames stand still grows idle", () => {
  const m = new Meter();
  m.read(report(0, 0, 0, 10), 1000);
  assert.equal(m.read(report(0, 0, 0, 10), 5000).slots.get("5")?.idleMs, 4000);
  assert.equal(m.read(report(0, 0, 0, 11), 6000).slots.get("5")?.idleMs, 0);
});

test("nothing yet, and counters that start over", () => {
  const m = new Meter();
  assert.equal(m.read([], 0).path, null);
  m.read(report(5000, 9, 9, 9), 1000);
  const f = m.read(report(10, 0, 0, 0), 2000);
  assert.deepEqual([f.up, f.lossDown], [0, 0]);
});

test("how long a slot holds media back is that of the last second", () => {
  const m = new Meter();
  const inbound = (jitterBufferDelay: number, jitterBufferEmittedCount: number, estimatedPlayoutTimestamp?: number) => [
    { type: "inbound-rtp", id: "I", mid: "14", jitterBufferDelay, jitterBufferEmittedCount, estimatedPlayoutTimestamp },
  ];
  const first = m.read(inbound(2, 100), 1000).slots.get("14");
  assert.deepEqual([first?.delay, first?.playout], [20, null]);
  const next = m.read(inbound(2 + 48_000 * 0.12, 100 + 48_000, 3_900_000_000_123), 2000).slots.get("14");
  assert.deepEqual([Math.round(next?.delay ?? 0), next?.playout], [120, 3_900_000_000_123]);
  const still = m.read(inbound(2 + 48_000 * 0.12, 100 + 48_000), 3000).slots.get("14");
  assert.deepEqual([Math.round(still?.delay ?? 0), still?.age], [120, null], "nothing played: the last known, and no age");
});

test("a picture is as old as decoding makes it", () => {
  const m = new Meter();
  const video = (jitterBufferDelay: number, totalProcessingDelay: number, jitterBufferEmittedCount: number) => [
    { type: "inbound-rtp", id: "I", kind: "video", mid: "5", jitterBufferDelay, totalProcessingDelay, jitterBufferEmittedCount },
  ];
  m.read(video(1, 1.5, 10), 1000);
  const f = m.read(video(1.6, 2.4, 40), 2000).slots.get("5");
  assert.deepEqual([Math.round(f?.delay ?? 0), Math.round(f?.age ?? 0)], [20, 30]);
});

test("what is sent, encoding by encoding", () => {
  const m = new Meter();
  const outbound = (bytes: number) => [
    { type: "codec", id: "C", mimeType: "video/VP8" },
    { type: "outbound-rtp", id: "F", kind: "video", mid: "1", rid: "f", bytesSent: 0, codecId: "C" },
    { type: "outbound-rtp", id: "S", kind: "video", mid: "3", bytesSent: bytes, frameWidth: 1920, frameHeight: 1080, qualityLimitationReason: "cpu" },
    { type: "outbound-rtp", id: "Q", kind: "video", mid: "1", rid: "q", bytesSent: bytes, frameWidth: 320, frameHeight: 180, codecId: "C", qualityLimitationReason: "none" },
    { type: "outbound-rtp", id: "A", kind: "audio", mid: "0", bytesSent: bytes },
  ];
  m.read(outbound(0), 1000);
  assert.deepEqual(m.read(outbound(18_750), 2000).sending, [
    { mid: "1", rid: "q", width: 320, height: 180, bitrate: 150_000, codec: "vp8", limit: "none" },
    { mid: "1", rid: "f", width: 0, height: 0, bitrate: 0, codec: "vp8", limit: "none" },
    { mid: "3", rid: "", width: 1920, height: 1080, bitrate: 150_000, codec: "", limit: "cpu" },
  ]);
});
