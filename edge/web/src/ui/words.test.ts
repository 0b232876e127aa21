import assert from "node:assert/strict";
import { test } from "node:test";
import { setLang } from "../i18n";
import { noFigures } from "../media/stats";
import type { QualityCause, Score } from "../protocol/messages";
import { quality, score } from "./words";

const s = (n: number, cause: QualityCause = "none"): Score => ({ score: n, cause });

test("what the node judges counts where it is worse than what the page measures", () => {
  const rows: [Score, Score, number, string][] = [
    [s(4.5), s(4.4), 0, "good conn.good.why"],
    [s(4.5), s(3.2, "downlink"), 0, "fair conn.narrow"],
    [s(4.5), s(1.8, "downlink"), 0, "poor conn.narrow"],
    [s(3, "cpu"), s(4.5), 0, "fair conn.busy"],
    [s(2, "uplink_loss"), s(3, "downlink"), 0, "poor conn.fair.loss"],
    [s(4.5), s(3.2, "downlink"), 0.2, "poor conn.poor.loss"],
    [s(4.5), s(1, "paused"), 0, "good conn.good.why"],
  ];
  for (const [up, down, lossDown, want] of rows) {
    const q = quality({ ...noFigures, lossDown }, 20, true, { up, down });
    assert.equal(`${q.level} ${q.why}`, want);
  }
});

test("without a judgement the page's own figures count, without a connection nothing does", () => {
  assert.equal(quality(noFigures, 700, true, null).why, "conn.poor.rtt");
  assert.equal(quality(noFigures, 20, false, { up: s(5), down: s(5) }).level, "lost");
});

test("a score is said with its cause, and one from the future without", () => {
  setLang("en");
  assert.equal(score(s(3.24, "downlink")), "3.2 of 5, slow connection");
  assert.equal(score({ score: 4, cause: "toString" as QualityCause }), "4.0 of 5, no trouble");
  assert.equal(score(undefined), "–");
});
