import assert from "node:assert/strict";
import { test } from "node:test";
import { readParams, withoutPerson } from "./params";

test("skipping the page by a partner's other name waits for nobody", () => {
  assert.equal(readParams("/m/r", "?skip_join=true").nameScreenDisabled, false);
  assert.equal(readParams("/m/r", "?skip_join=true").said.nameScreenDisabled, "true");
});

test("the room is in the path or in the query", () => {
  assert.equal(readParams("/m/demo", "").room, "demo");
  assert.equal(readParams("/m/%D1%8F%20b/", "?roomId=other").room, "я b");
  assert.equal(readParams("/call/", "?roomId=a%2Fb").room, "a/b");
  assert.equal(readParams("/call/", "").room, "");
  assert.equal(readParams("/m/%zz", "").room, "%zz");
});

test("attributes and their aliases", () => {
  const p = readParams("/call/", "?roomId=r&token=t&displayName=%20Ann%20&peerID=7&nameScreenDisabled&lang=ru&ice=relay&pop=fra&codec=VP9&red=1");
  assert.deepEqual(p, { room: "r", kind: "call", source: "gcore", fresh: false, token: "t", browser: "", displayName: " Ann ", peerId: "7", nameScreenDisabled: true, lang: "ru", said: { roomId: "r", displayName: " Ann ", peerId: "7", nameScreenDisabled: "", lang: "ru" }, relayOnly: true, pop: "fra", codec: "vp9", redundant: true });
  assert.equal(readParams("/call/", "?peerId=1&peerID=2").peerId, "1");
});

test("a webinar has an address of its own", () => {
  assert.equal(readParams("/webinar/", "?roomId=r").kind, "webinar");
  assert.equal(readParams("/webinar", "?roomId=r").room, "r");
  for (const path of ["/call/", "/m/webinar", "/webinar/x"]) assert.equal(readParams(path, "?roomId=r").kind, "call");
});

// GC-P01 to P22: names are exact there, but for two spellings, and every source has its own words.
test("addresses of G-Core's form are read by its names alone", () => {
  const p = readParams("/call/", "?roomId=r&name=Bea&first_name=Cy&mute=mic&disbleChat=true&accessToken=once&accessUrl=https://a&authorizationAccess=b&apiEvent=https://c&authEvent=d&video=https://v&tokenLifetime=60000&itisparticipant=true");
  assert.deepEqual(p.said, { roomId: "r", disableChat: "true", accessToken: "once", accessUrl: "https://a", authorizationAccess: "b", apiEvent: "https://c", authEvent: "d", video: "https://v", tokenLifetime: "60000", itisparticipant: "true" });
  for (const [path, source] of [["/call", "gcore"], ["/webinar/", "gcore"], ["/m/call", "native"], ["/m/r", "native"], ["/", "native"]] as const) assert.equal(readParams(path, "?roomId=r").source, source, path);
});

test("the camera is VP8 unless a codec we know is named", () => {
  for (const [q, want] of [["", "vp8"], ["?codec=av1", "av1"], ["?codec=h264", "h264"], ["?codec=theora", "vp8"], ["?codec=", "vp8"]] as const) assert.equal(readParams("/m/r", q).codec, want);
  assert.equal(readParams("/m/r", "").redundant, false);
});

// Covers F-086.
test("a link for others says the room and nothing of this person", () => {
  assert.equal(withoutPerson("https://x/m/demo?token=s&displayName=Ann&peerId=7#h"), "https://x/m/demo");
  assert.equal(withoutPerson("https://x/call/?displayName=Ann&roomId=a%2Fb&token=s"), "https://x/call/?roomId=a%2Fb");
  assert.equal(withoutPerson("https://x/call/"), "https://x/call/");
});
