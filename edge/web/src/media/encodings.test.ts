import assert from "node:assert/strict";
import { test } from "node:test";
import { adjust, beginnings, cameraPlan, divide, feasible, nominal, sameEncodings, sharePlan, sparePlan, spread, type Encoding } from "./encodings";

const simulcast = cameraPlan("vp8");
const svc = cameraPlan("vp9");
const begin = (plan: typeof simulcast, n = 0): Encoding[] => beginnings(plan)[n] ?? [];
const brief = (encodings: readonly Encoding[]) =>
  encodings.map((e) => [e.rid, e.active === false ? "off" : (e.maxBitrate ?? 0) / 1000, e.scaleResolutionDownBy, e.scalabilityMode].filter((x) => x !== undefined).join(" "));

test("a camera begins with three encodings, low to high", () => {
  assert.deepEqual(brief(begin(simulcast)), ["q 150 4 L1T3", "h 500 2 L1T3", "f 1500 1 L1T3"]);
  assert.deepEqual(cameraPlan("h264"), simulcast);
});

test("VP9 and AV1 begin with all layers in one encoding", () => {
  assert.deepEqual(brief(begin(svc)), ["1500 1 L3T3"]);
  assert.deepEqual(cameraPlan("av1"), svc);
});

test("a screen and the spare camera are one encoding each", () => {
  assert.deepEqual(brief(begin(sharePlan)), ["2500 1 L1T3"]);
  assert.deepEqual(brief(begin(sparePlan)), ["600 2 L1T3"]);
});

test("what every browser takes is tried last: no scalability mode", () => {
  for (const plan of [simulcast, svc, sharePlan, sparePlan]) {
    const last = beginnings(plan).at(-1) ?? [];
    assert.equal(last.length, 1);
    assert.equal(last[0]?.scalabilityMode, undefined);
  }
  assert.deepEqual(brief(begin(simulcast, 1)), ["q 150 4", "h 500 2", "f 1500 1"]);
  assert.deepEqual(brief(begin(svc, 1)), ["1500 1 L1T3"]);
});

test("layers that nobody watches are not sent", () => {
  const now = begin(simulcast);
  const rows = [3, 2, 1, 0, Infinity].map((n) => adjust(now, simulcast, n, Infinity).map((e) => e.active));
  assert.deepEqual(rows, [[true, true, true], [true, true, false], [true, false, false], [false, false, false], [true, true, true]]);
});

test("of scalable coding fewer layers are a smaller picture, so that the lowest stays what it was", () => {
  const now = begin(svc);
  const rows = [Infinity, 3, 2, 1, 0].map((n) => brief(adjust(now, svc, n, Infinity)).join());
  assert.deepEqual(rows, ["1500 1 L3T3", "1500 1 L3T3", "500 2 L2T3", "150 4 L1T3", "off 1 L3T3"]);
  const one = adjust(now, svc, 1, Infinity);
  assert.deepEqual(brief(adjust(one, svc, 3, Infinity)), ["1500 1 L3T3"], "and grows again");
});

test("simulcast that was not agreed on leaves one encoding, of the whole picture", () => {
  const left = begin(simulcast).slice(0, 1);
  const plan = feasible(simulcast, left);
  assert.equal(plan.kind, "single");
  assert.deepEqual(brief(adjust(left, plan, Infinity, Infinity)), ["q 1500 1 L1T3"]);
  assert.deepEqual(brief(adjust(left, plan, 1, Infinity)), ["q 1500 1 L1T3"]);
  assert.equal(adjust(left, plan, 0, Infinity)[0]?.active, false);
  assert.equal(feasible(simulcast, begin(simulcast)), simulcast);
});

test("a browser without scalable coding sends one layer, whoever watches", () => {
  for (const n of [1, 2]) {
    const now = begin(svc, n);
    const plan = feasible(svc, now);
    assert.equal(plan.kind, "single");
    assert.deepEqual(brief(adjust(now, plan, 1, Infinity)), brief(now));
  }
  assert.equal(feasible(svc, begin(svc)), svc);
});

test("what a browser adds to an encoding is given back to it", () => {
  const now = begin(simulcast).map((e) => ({ ...e, priority: "low" as const, codecPayloadType: 96 }));
  assert.ok(adjust(now, simulcast, 1, 100_000).every((e) => "codecPayloadType" in e && e.priority === "low"));
});

test("a bound shrinks all layers alike and drops the highest before they turn to mud", () => {
  const rates = [150, 500, 1500];
  const rows = [2150, 1200, 860, 859, 650, 300, 259, 100, 10].map((b) => spread(rates, b).map(Math.round));
  assert.deepEqual(rows, [[150, 500, 1500], [84, 279, 837], [60, 200, 600], [150, 500, 0], [150, 500, 0], [69, 231, 0], [150, 0, 0], [100, 0, 0], [10, 0, 0]]);
  assert.deepEqual(spread([], 100), []);
});

test("no bound is ever passed", () => {
  for (let bound = 10_000; bound < 3_000_000; bound = Math.round(bound * 1.13)) {
    for (const plan of [simulcast, svc, sharePlan]) {
      for (const layers of [1, 2, 3]) {
        const sent = adjust(begin(plan), plan, layers, bound).filter((e) => e.active);
        assert.ok(sent.length > 0 && sent.every((e) => (e.maxBitrate ?? 0) > 0), `${plan.kind} of ${bound}`);
        const used = sent.reduce((n, e) => n + (e.maxBitrate ?? 0), 0);
        assert.ok(used <= bound + sent.length, `${plan.kind} uses ${used} of ${bound}`);
        assert.ok(used <= nominal(plan, layers) + 1);
      }
    }
  }
});

test("a bound for all videos goes by what each wants", () => {
  assert.deepEqual(divide(0, { camera: 1, share: 2 }), { camera: Infinity, share: Infinity });
  assert.deepEqual(divide(900_000, { camera: 1_000_000, share: 2_000_000 }), { camera: 300_000, share: 600_000 });
  assert.deepEqual(divide(900_000, { camera: 1_000_000, share: 0 }), { camera: 900_000, share: Infinity });
  assert.equal(divide(30_000, { camera: 1_000_000 }).camera, 30_000);
});

test("what would change nothing is known", () => {
  const now = adjust(begin(simulcast), simulcast, 3, Infinity);
  assert.ok(sameEncodings(now, adjust(now, simulcast, 3, Infinity)));
  assert.ok(!sameEncodings(now, adjust(now, simulcast, 2, Infinity)));
  assert.ok(!sameEncodings(now, now.slice(1)));
});
