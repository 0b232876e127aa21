import assert from "node:assert/strict";
import { test } from "node:test";
import { receiveAudio, receiveVideo, sendAudio, sendVideo, type Codec } from "./codecs";

const codec = (text: string): Codec => {
  const [mimeType = "", sdpFmtpLine] = text.split(" ");
  return sdpFmtpLine ? { mimeType, sdpFmtpLine } : { mimeType };
};
const list = (codecs: readonly Codec[]): string => codecs.map((c) => [c.mimeType.split("/")[1], c.sdpFmtpLine].filter(Boolean).join(" ")).join(", ");

const h264 = (level: string, mode: number): string => `video/H264 level-asymmetry-allowed=1;packetization-mode=${mode};profile-level-id=${level}`;
const chromium = [
  "video/VP8", "video/rtx", "video/VP9 profile-id=2", "video/VP9 profile-id=0", h264("42001f", 1), h264("42e01f", 0), h264("42e01f", 1), h264("4d001f", 1),
  "video/AV1 level-idx=5;profile=1;tier=0", "video/AV1 level-idx=5;profile=0;tier=0", "video/red", "video/ulpfec", "video/flexfec-03",
].map(codec);
const firefoxWithoutH264 = ["video/VP8 max-fs=12288;max-fr=60", "video/rtx", "video/VP9 max-fs=12288;max-fr=60", "video/AV1", "video/ulpfec", "video/red"].map(codec);
const constrained = "H264 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f";

test("a section sends one codec in the profile that nodes know, with retransmission", () => {
  for (const [wanted, want] of [
    ["vp8", "VP8, rtx"],
    ["vp9", "VP9 profile-id=0, rtx"],
    ["av1", "AV1 level-idx=5;profile=0;tier=0, rtx"],
    ["h264", `${constrained}, rtx`],
  ] as const) {
    const got = sendVideo(chromium, wanted);
    assert.deepEqual([got.codec, list(got.list)], [wanted, want]);
  }
});

test("a codec the browser lacks becomes VP8", () => {
  const got = sendVideo(firefoxWithoutH264, "h264");
  assert.deepEqual([got.codec, list(got.list)], ["vp8", "VP8 max-fs=12288;max-fr=60, rtx"]);
  assert.equal(sendVideo(firefoxWithoutH264, "av1").codec, "av1");
});

test("H.264 that is not constrained baseline in mode 1 is another codec", () => {
  for (const other of [h264("42001f", 1), h264("42e01f", 0), h264("640c1f", 1)]) assert.equal(sendVideo(["video/VP8", other].map(codec), "h264").codec, "vp8");
  assert.equal(sendVideo([h264("42C01F", 1)].map(codec), "h264").codec, "h264");
});

test("a slot takes every codec once, retransmission last, no FEC", () => {
  assert.equal(list(receiveVideo(chromium)), `VP8, VP9 profile-id=0, ${constrained}, AV1 level-idx=5;profile=0;tier=0, rtx`);
  assert.equal(list(receiveVideo(firefoxWithoutH264)), "VP8 max-fs=12288;max-fr=60, VP9 max-fs=12288;max-fr=60, AV1, rtx");
});

test("sound: Opus, with redundancy first only where it is asked for", () => {
  const all = ["audio/opus minptime=10;useinbandfec=1", "audio/red", "audio/G722", "audio/PCMU"].map(codec);
  assert.equal(list(sendAudio(all, false)), "opus minptime=10;useinbandfec=1");
  assert.equal(list(sendAudio(all, true)), "red, opus minptime=10;useinbandfec=1");
  assert.equal(list(sendAudio(all.slice(0, 1), true)), "opus minptime=10;useinbandfec=1");
  assert.equal(list(receiveAudio(all)), "opus minptime=10;useinbandfec=1, red");
});

test("a browser that says nothing is left alone", () => {
  assert.deepEqual([sendVideo([], "vp9").list, receiveVideo([]), sendAudio([], true), receiveAudio([])], [[], [], [], []]);
});
