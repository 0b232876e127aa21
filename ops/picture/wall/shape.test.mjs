import assert from "node:assert/strict";
import { test } from "node:test";
import { pops, popOf, radius, remarks, rows, streams, strength, ties, width } from "./shape.mjs";

/** @param {string} id @param {Partial<import("./net").Node>} [change] @returns {import("./net").Node} */
const node = (id, change) => ({ id, pop: id.replace(/-\d+$/, ""), role: "edge", state: "ok", load: 0, people: 1, tracks: 0, homes: 0, site: { lat: id.length, lon: 8, city: "", said: false }, ...change });

/** @param {Partial<import("./net").Way>} [change] @returns {import("./net").Way} */
const way = (change) => ({ state: "ok", to: "", up: true, rtt_ms: 80, queue_ms: 0, loss: 0, sent: 1e6, available: 1e7, sealed: "up", ...change });

/** @returns {import("./net").Network} */
const network = () => ({
  by: "fra-1", at: "2026-11-22T12:00:00Z", people: 4, rooms: 1,
  nodes: [node("fra-1"), node("fra-2", { state: "draining", people: 2 }), node("iad-1"), node("lab-1", { site: undefined, near: "fra-1" }), node("control-1", { role: "control", site: undefined })],
  links: [
    { a: "fra-1", b: "fra-2", state: "ok", there: way(), back: way() },
    { a: "fra-1", b: "iad-1", state: "ok", there: way(), back: way({ rtt_ms: 90 }) },
    { a: "fra-2", b: "iad-1", state: "cut", there: way({ state: "cut" }), back: null },
  ],
  listed: [{ company: "acme", room: "daily", people: 4, homes: ["fra-1"] }],
});

test("nodes of one POP are one dot, in the state of the worst", () => {
  const list = pops(network());
  assert.deepEqual(list.map((p) => [p.pop, p.nodes.length, p.people, p.state, p.control, Boolean(p.at)]), [
    ["fra", 2, 3, "draining", false, true], ["iad", 1, 1, "ok", false, true], ["control", 1, 1, "ok", true, false], ["lab", 1, 1, "ok", false, false],
  ]);
});

test("nodes of one POP that stand far apart are two dots", () => {
  const net = network();
  net.nodes.push(node("fra-3", { site: { lat: -30, lon: 20, city: "", said: true } }));
  assert.equal(pops(net).filter((p) => p.pop === "fra").length, 2);
});

test("links between POPs are joined, the worst drawn last", () => {
  const net = network(), of = popOf(pops(net)), list = ties(net, of);
  assert.equal(list.length, 1);
  assert.deepEqual([list[0]?.state, list[0]?.links.length, list[0]?.sent, list[0]?.rtt], ["cut", 2, 3e6, 90]);
  net.links.push({ a: "iad-1", b: "lab-1", state: "ok", there: way(), back: null }, { a: "gone-1", b: "iad-1", state: "down", there: null, back: way() });
  assert.deepEqual(ties(net, of).map((t) => t.state), ["ok", "cut"]);
});

test("flows go between POPs, with all their origins", () => {
  const net = network();
  const flow = { tracks: 2, from: "fra-1", to: "iad-1" };
  net.room = { company: "acme", room: "daily", known: true, people: 4, homes: ["fra-1"], leaves: [], trees: [], flows: [{ ...flow, origin: "fra-1" }, { ...flow, origin: "lab-1" }, { ...flow, origin: "fra-1", to: "fra-2" }, { ...flow, origin: "fra-1", to: "gone-1" }] };
  const list = streams(net, popOf(pops(net)), "");
  assert.deepEqual(list.map((s) => [s.tracks, s.origins]), [[4, ["fra-1", "lab-1"]]]);
  assert.deepEqual(streams(net, popOf(pops(net)), "lab-1").map((s) => [s.tracks, s.origins]), [[2, ["lab-1"]]]);
});

test("rows are directions, the worst first", () => {
  assert.deepEqual(rows(network()).map((r) => `${r.from} ${r.to} ${r.way.state}`), ["fra-2 iad-1 cut", "fra-1 fra-2 ok", "fra-1 iad-1 ok", "fra-2 fra-1 ok", "iad-1 fra-1 ok"]);
});

test("what is remarkable is told of nodes, links and rooms", () => {
  const net = network();
  net.listed.push({ company: "acme", room: "split", people: 2, homes: ["fra-1", "iad-1"] });
  assert.deepEqual([...remarks(net).values()].map((r) => `${r.text}: ${r.state}`), ["fra-2: draining", "fra-2 to iad-1: cut", "Room acme/split: two homes"]);
});

test("sizes grow and end", () => {
  assert.ok(width(0) < width(1e6) && width(1e6) < width(1e8) && width(1e13) < 7);
  assert.ok(strength(0) < strength(1e6) && strength(1e13) <= 1);
  assert.ok(radius(0) < radius(10) && radius(1e6) === 18);
});
