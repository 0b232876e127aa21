import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { only } from "../media/reach";
import { check, report, steps, untried, verdict, type Line, type Probe, type Step } from "./check";
import { findings } from "./codes";

/** Runs a check in which only what is named is found. */
async function run(found: Partial<Record<Step, string[] | null>>) {
  const tried: Step[] = [];
  const probe = (step: Step): Probe => async () => (tried.push(step), found[step] === undefined ? [] : found[step]);
  const told: (readonly Line[])[] = [];
  const lines = await check(Object.fromEntries(steps.map((s) => [s, probe(s)])) as Record<Step, Probe>, (l) => told.push(l));
  return { lines, tried, told, outcomes: Object.fromEntries(lines.map((l) => [l.step, l.outcome])) };
}

test("all is well: every step is tried and told", async () => {
  const { lines, tried, told } = await run({});
  assert.deepEqual([...tried].sort(), [...steps].sort());
  assert.ok(lines.every((l) => l.outcome === "good"));
  assert.equal(verdict(lines), "");
  assert.ok(told.every((l) => l.length === steps.length));
});

test("what cannot be tried is skipped, devices never", async () => {
  const server = await run({ server: ["unreachable"] });
  assert.deepEqual(server.tried, ["secure", "server", "mic", "camera", "frame", "storage"]);
  assert.deepEqual([server.outcomes["server"], server.outcomes["udp"], verdict(server.lines)], ["bad", "skipped", "unreachable"]);
  const socket = await run({ socket: ["socket_blocked"] });
  assert.deepEqual([socket.outcomes["tcp"], socket.outcomes["mic"], verdict(socket.lines)], ["skipped", "good", "socket_blocked"]);
});

test("one way of media is enough; without any there is no call", async () => {
  const poorer = await run({ udp: ["udp_blocked"], relay: null });
  assert.deepEqual([poorer.outcomes["udp"], poorer.outcomes["tcp"], poorer.outcomes["relay"], verdict(poorer.lines)], ["poor", "good", "skipped", "udp_blocked"]);
  const spare = await run({ tcp: ["tcp_blocked"], relay: ["relay_blocked"] });
  assert.deepEqual([spare.outcomes["tcp"], verdict(spare.lines)], ["poor", ""]);
  const none = await run({ udp: ["udp_blocked"], tcp: ["tcp_blocked"], relay: null });
  assert.deepEqual([none.outcomes["udp"], none.outcomes["tcp"], none.outcomes["relay"], verdict(none.lines)], ["bad", "bad", "skipped", "media_blocked"]);
});

test("a node without a place for a check blocks nothing", async () => {
  const { lines } = await run({ udp: ["node_busy"], tcp: ["node_busy"], relay: null });
  assert.equal(verdict(lines), "node_busy");
  assert.ok(!lines.some((l) => l.codes.includes("media_blocked")));
});

test("what hinders is named before what makes poorer", async () => {
  assert.equal(verdict((await run({ udp: ["udp_blocked"], tcp: ["tcp_blocked"], relay: ["relay_blocked"], mic: ["mic_denied"] })).lines), "media_blocked");
  assert.equal(verdict((await run({ mic: ["mic_denied"], camera: ["camera_missing"] })).lines), "mic_denied");
});

test("a step that fails by itself stops nothing", async () => {
  const lines = await check({ ...Object.fromEntries(steps.map((s) => [s, async () => []])), mic: () => Promise.reject(new Error("x")) } as unknown as Record<Step, Probe>, () => {});
  assert.deepEqual(lines.find((l) => l.step === "mic"), { step: "mic", outcome: "poor", codes: ["internal"] });
  assert.equal(lines.at(-1)?.outcome, "good");
});

test("the report is a line a step", () => {
  const text = report(untried.map((l) => (l.step === "udp" ? { ...l, outcome: "poor", codes: ["udp_blocked"] } : l)), { node: "fra-1" });
  assert.equal(text.split("\n")[0], "Connection check: udp_blocked");
  assert.match(text, /^node: fra-1$/m);
  assert.match(text, /^udp: poor udp_blocked$/m);
});

test("a description keeps the candidates of one protocol", () => {
  const sdp = ["v=0", "a=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host", "a=candidate:2 1 tcp 2105524479 127.0.0.1 9 typ host tcptype passive", "a=mid:0", ""].join("\r\n");
  assert.deepEqual([only(sdp, "udp").match(/candidate:./g), only(sdp, "tcp").match(/candidate:./g)], [["candidate:1"], ["candidate:2"]]);
  assert.ok(only(sdp, "tcp").endsWith("a=mid:0\r\n"));
});

test("every finding is in the library's README", () => {
  const text = readFileSync("embed/README.md", "utf8");
  for (const code of Object.keys(findings).filter((c) => !/^(mic|camera)_/.test(c))) assert.ok(text.includes(`\`${code}\``), code);
});
