import assert from "node:assert/strict";
import { test } from "node:test";
import { beginnings, cameraPlan, type Encoding } from "./encodings";
import { VideoSender, type Parameters } from "./sender";

const settle = (): Promise<void> => new Promise((done) => setImmediate(done));

/** Takes parameters as a browser does: only in the version it gave out last, and not at once. */
class FakeSender implements Parameters {
  encodings: Encoding[];
  readonly calls: (boolean | undefined)[][] = [];
  refuses = false;
  private version = 0;

  constructor(encodings: Encoding[] = beginnings(cameraPlan("vp8"))[0] ?? []) {
    this.encodings = encodings.map((e) => ({ active: true, ...e }));
  }
  getParameters(): RTCRtpSendParameters {
    return { transactionId: String(++this.version), encodings: this.encodings.map((e) => ({ ...e })), codecs: [], headerExtensions: [], rtcp: {} };
  }
  async setParameters(p: RTCRtpSendParameters): Promise<void> {
    if (this.refuses) throw new Error("closed");
    assert.equal(p.transactionId, String(this.version), "parameters of an earlier version");
    await settle();
    assert.equal(p.transactionId, String(this.version), "two changes at once");
    this.encodings = p.encodings;
    this.calls.push(p.encodings.map((e) => e.active));
  }
  get active(): (boolean | undefined)[] {
    return this.encodings.map((e) => e.active);
  }
}

test("many changes at once are made one after the other, and those that are stale by then not at all", async () => {
  const fake = new FakeSender();
  const sender = new VideoSender(fake, cameraPlan("vp8"), Infinity);
  await Promise.all([sender.watch(2), sender.watch(0), sender.limit(1_000_000), sender.watch(1), sender.limit(500_000)]);
  assert.deepEqual(fake.active, [true, false, false]);
  assert.equal(fake.calls.length, 1);
});

test("nothing is set while nothing changes", async () => {
  const fake = new FakeSender();
  const sender = new VideoSender(fake, cameraPlan("vp8"), Infinity);
  await sender.negotiated();
  await sender.watch(3);
  await sender.limit(Infinity);
  assert.equal(fake.calls.length, 0);
});

test("layers come back when they are watched again", async () => {
  const fake = new FakeSender();
  const sender = new VideoSender(fake, cameraPlan("vp8"), Infinity);
  await sender.watch(0);
  assert.deepEqual([fake.active, sender.watched, sender.wants], [[false, false, false], false, 0]);
  await sender.watch(2);
  assert.deepEqual([fake.active, sender.watched, sender.wants], [[true, true, false], true, 650_000]);
  assert.deepEqual(["q", "f", "x"].map((rid) => sender.sends(rid)), [true, false, false]);
});

test("a refusal is not the end", async () => {
  const fake = new FakeSender();
  const sender = new VideoSender(fake, cameraPlan("vp8"), Infinity);
  fake.refuses = true;
  await sender.watch(1);
  assert.deepEqual(fake.active, [true, true, true]);
  fake.refuses = false;
  await sender.negotiated();
  assert.deepEqual(fake.active, [true, false, false]);
});

test("an answer without simulcast: the one encoding left is the whole picture", async () => {
  const fake = new FakeSender();
  const sender = new VideoSender(fake, cameraPlan("vp8"), Infinity);
  fake.encodings = fake.encodings.slice(0, 1);
  await sender.negotiated();
  assert.deepEqual(fake.encodings.map((e) => [e.scaleResolutionDownBy, e.maxBitrate]), [[1, 1_500_000]]);
  assert.equal(sender.wants, 1_500_000);
});

test("a browser that ignored the scalability mode keeps one layer", async () => {
  const fake = new FakeSender([{ maxBitrate: 1_500_000, scaleResolutionDownBy: 1 }]);
  const sender = new VideoSender(fake, cameraPlan("av1"), Infinity);
  await sender.watch(1);
  assert.deepEqual(fake.encodings.map((e) => [e.active, e.scaleResolutionDownBy, e.scalabilityMode]), [[true, 1, undefined]]);
});

test("a sender without encodings is left alone", async () => {
  const fake = new FakeSender([]);
  await new VideoSender(fake, cameraPlan("vp8"), Infinity).watch(1);
  assert.equal(fake.calls.length, 0);
});
