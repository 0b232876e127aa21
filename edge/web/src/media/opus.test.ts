import assert from "node:assert/strict";
import { test } from "node:test";
import { withDtx } from "./opus";

const offer = (...lines: string[]): string => ["v=0", "m=audio 9 UDP/TLS/RTP/SAVPF 111 63", ...lines, ""].join("\r\n");

test("discontinuous transmission is asked for beside what the browser says of Opus", () => {
  const before = offer("a=rtpmap:111 opus/48000/2", "a=rtcp-fb:111 transport-cc", "a=fmtp:111 minptime=10;useinbandfec=1", "a=rtpmap:63 red/48000/2", "a=fmtp:63 111/111");
  const after = withDtx(before);
  assert.equal(after, before.replace("useinbandfec=1", "useinbandfec=1;usedtx=1"));
  assert.equal(withDtx(after), after, "a second time changes nothing");
});

test("every section that has Opus says the same of it", () => {
  const two = offer("a=rtpmap:111 OPUS/48000/2", "a=fmtp:111 useinbandfec=1", "m=audio 9 UDP/TLS/RTP/SAVPF 109", "a=rtpmap:109 opus/48000/2", "a=fmtp:109 maxplaybackrate=48000;stereo=1");
  assert.equal(withDtx(two).match(/usedtx=1/g)?.length, 2);
});

test("what is already said stays, and other codecs are left alone", () => {
  for (const same of [
    offer("a=rtpmap:111 opus/48000/2", "a=fmtp:111 usedtx=0;useinbandfec=1"),
    offer("a=rtpmap:96 VP8/90000", "a=fmtp:96 max-fs=12288"),
    offer("a=rtpmap:111 opus/48000/2"),
    "",
  ])
    assert.equal(withDtx(same), same);
});
