import assert from "node:assert/strict";
import { test } from "node:test";
import { align, LipSync, MOST_MS, unheld, type Playout, type Targets } from "./lipsync";

const at = (playout: number | null, delay = 50): Playout => ({ playout, delay, age: delay });

test("the one that is ahead is held back", () => {
  assert.deepEqual(align(at(1100), at(1000), unheld), { audio: 120, video: 0 });
  assert.deepEqual(align(at(1000), at(1100), unheld), { audio: 0, video: 120 });
});

test("what holds the late one back is let go first", () => {
  assert.deepEqual(align(at(1100), at(1000, 300), { audio: 0, video: 300 }), { audio: 0, video: 230 });
  assert.deepEqual(align(at(1100, 40), at(1000, 50), { audio: 0, video: 50 }), { audio: 60, video: 0 });
});

test("a hold that the network's own delay has outgrown counts as none", () => {
  assert.deepEqual(align(at(1100, 60), at(1000, 400), { audio: 0, video: 100 }), { audio: 130, video: 0 });
});

test("a hold on its way down is not let go at once, though the figures are late", () => {
  assert.deepEqual(align(at(1250, 190), at(1000, 560), { audio: 0, video: 400 }), { audio: 0, video: 225 });
});

test("a buffer that still grows is waited for", () => {
  assert.deepEqual(align(at(1300, 60), at(1000), { audio: 260, video: 0 }), { audio: 260, video: 0 });
});

test("without the time of capture it counts how long ago each arrived", () => {
  assert.deepEqual(align(at(null, 40), at(1000, 140), unheld), { audio: 110, video: 0 });
  assert.deepEqual(align(at(null, 200), at(null, 100), unheld), { audio: 0, video: 170 });
  assert.deepEqual(align(at(null, 100), at(null, 110), unheld), unheld);
});

test("steps are bounded, and so is the hold", () => {
  assert.equal(align(at(3000, 50), at(1000), unheld).audio, 250);
  assert.equal(align(at(3000, 950), at(1000), { audio: 980, video: 0 }).audio, MOST_MS);
});

test("noise, nothing known, and another clock change nothing", () => {
  const now = { audio: 120, video: 0 };
  assert.deepEqual(align(at(1010), at(1000), now), now);
  assert.deepEqual(align({ ...at(1100), age: null }, at(1000), now), now, "silence");
  assert.deepEqual(align(at(1100), { ...at(1000), age: null }, now), now, "a picture that stands still");
  assert.deepEqual(align(at(99_000), at(1000), now), unheld);
});

/** Two jitter buffers: each needs what its network needs, and gets to another target slowly, a picture less so; the figures tell of the second that has passed. */
class Playing {
  delay = { audio: 0, video: 0 };
  private before = { audio: 0, video: 0 };
  constructor(
    readonly needs: { audio: number; video: number },
    private readonly clocked: boolean,
    private readonly noise: () => number,
  ) {
    this.delay = { ...needs };
    this.before = { ...needs };
  }
  /** What a voice is ahead of its picture, ms. */
  get skew(): number {
    return this.delay.video - this.delay.audio;
  }
  pass(t: Targets): void {
    this.before = { ...this.delay };
    for (const kind of ["audio", "video"] as const) {
      const want = Math.max(this.needs[kind], t[kind]);
      const most = kind === "audio" ? 150 : 400;
      this.delay[kind] += Math.max(-most, Math.min(most, want - this.delay[kind]));
    }
  }
  read(kind: "audio" | "video"): Playout {
    // Decoding a picture takes a while that is no delay of the buffer.
    const age = this.delay[kind] + this.noise();
    const held = (this.before[kind] + this.delay[kind]) / 2;
    return { playout: this.clocked ? 1e12 - age : null, age, delay: Math.max(0, held - (kind === "video" ? 25 : 0)) };
  }
}

function random(seed: number): () => number {
  return () => ((seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff) - 0.5;
}

test("voice and picture come together and stay, whatever the networks need", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const r = random(seed);
    const needs = { audio: 20 + (r() + 0.5) * 400, video: 20 + (r() + 0.5) * 600 };
    const world = new Playing(needs, seed % 2 === 0, () => r() * 10);
    let t = unheld;
    for (let second = 0; second < 60; second++) {
      if (second === 30) Object.assign(needs, { audio: 20 + (r() + 0.5) * 300, video: 20 + (r() + 0.5) * 300 });
      t = align(world.read("audio"), world.read("video"), t);
      world.pass(t);
      for (const v of [t.audio, t.video]) assert.ok(v >= 0 && v <= MOST_MS, `seed ${seed}: target ${v}`);
      const settled = second % 30 >= 15;
      assert.ok(!settled || Math.abs(world.skew) < 45, `seed ${seed}, second ${second}: ${Math.round(world.skew)} ms apart`);
    }
    const least = Math.max(needs.audio, needs.video);
    assert.ok(Math.max(world.delay.audio, world.delay.video) < least + 150, `seed ${seed}: nothing is held back for long without need`);
  }
});

test("pairs keep their targets by their tracks, and who is in no pair is free", () => {
  const sync = new LipSync();
  const slots = new Map([["14", at(1100)], ["5", at(1000)], ["6", at(1000)]]);
  const first = sync.next([{ audio: "14", video: "5", key: "ann" }], slots);
  assert.deepEqual([...first], [["14", 120], ["5", 0]]);
  const even = new Map([["14", at(1000)], ["5", at(1000)], ["6", at(1000)]]);
  assert.equal(sync.next([{ audio: "14", video: "5", key: "ann" }], even).get("14"), 120, "aligned: stays");
  assert.equal(sync.next([{ audio: "14", video: "6", key: "bob" }], even).get("14"), 0, "somebody else begins anew");
  assert.equal(sync.next([{ audio: "15", video: "9", key: "who" }], even).size, 0);
  assert.equal(sync.next([], even).size, 0);
});
