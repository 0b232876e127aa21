import assert from "node:assert/strict";
import { test } from "node:test";
import { AttachRefused, DEAD_MS, fetchAny, fetchNodes, measure, Nodes, prefer, question, rank, readNodes, type Fetch, type Node } from "./attach";
import { realClock } from "./clock";

export const node = (name: string): Node => ({ node: name, pop: name.slice(0, 3), url: `http://${name}`, ws: `ws://${name}/ws`, probe: `http://${name}/probe`, load: 0 });
const order = (nodes: readonly Node[]): string => nodes.map((n) => n.node).join(" ");

test("the nearest node: measured, with hysteresis for the one that served the page", () => {
  const steps: { trips: [string, number][]; want: string; why: string }[] = [
    { trips: [["a", 30], ["b", 25], ["c", 90]], want: "a b c d", why: "5 ms are not worth a change" },
    { trips: [["a", 30], ["b", 19], ["c", 90]], want: "b a c d", why: "11 ms and more than 20 %" },
    { trips: [["a", 100], ["b", 85], ["c", 90]], want: "a b c d", why: "15 ms but only 15 %" },
    { trips: [["a", 11], ["b", 1], ["c", 5]], want: "a b c d", why: "91 % but only 10 ms" },
    { trips: [["a", 200], ["b", 150], ["c", 40]], want: "c b a d", why: "the fastest, not the first that is faster" },
    { trips: [["b", 60], ["c", 50]], want: "c b d a", why: "the first did not answer and goes last" },
    { trips: [], want: "d a b c", why: "none answered: the unmeasured one first" },
  ];
  for (const s of steps) assert.equal(order(rank(["a", "b", "c", "d"].map(node), new Map(s.trips))), s.want, s.why);
});

test("an attach answer is read as far as it can be", () => {
  assert.deepEqual(readNodes(null), []);
  assert.deepEqual(readNodes({ nodes: "x" }), []);
  assert.deepEqual(readNodes({ nodes: [null, 3, { node: "x" }, node("a")] }), [node("a")]);
});

test("a node that failed is passed over for a while", () => {
  const nodes = new Nodes();
  nodes.set([node("a"), node("b")]);
  nodes.failed("a", 1000);
  assert.equal(nodes.next(1001)?.node, "b");
  assert.equal(nodes.next(1001, new Set(["b"])), undefined);
  assert.equal(nodes.next(1000 + DEAD_MS)?.node, "a");
  nodes.failed("a", 1000);
  nodes.works("a");
  assert.equal(nodes.next(1001)?.node, "a");
});

test("a fresh list keeps what only the old one knew, at the end", () => {
  const nodes = new Nodes();
  nodes.set([node("a"), node("b")]);
  nodes.merge([node("c"), node("b")]);
  assert.equal(order(nodes.all), "c b a");
  nodes.merge([]);
  nodes.set([]);
  assert.equal(order(nodes.all), "c b a");
});

const answering = (table: Record<string, unknown>): Fetch => async (url) => {
  const hit = Object.entries(table).find(([base]) => url.startsWith(base));
  if (!hit) throw new TypeError("unreachable");
  return typeof hit[1] === "number" ? { ok: false, status: hit[1], json: async () => ({}) } : { ok: true, status: 200, json: async () => hit[1] };
};

test("the list comes from any living node", async () => {
  const fetch = answering({ "http://b/": { nodes: [node("b")] }, "http://c/": 503, "http://d/": { nodes: [] } });
  assert.equal(order(await fetchAny(fetch, ["http://a", "http://c", "http://d", "http://b"], "x y", 1000)), "b");
  await assert.rejects(fetchAny(fetch, ["http://a", "http://c"], "x", 1000));
  await assert.rejects(fetchNodes(fetch, "http://c", "x", 1000), (e: unknown) => e instanceof AttachRefused && e.status === 503);
});

test("a request says the room, where one wants to be, where one is, and what was measured", async () => {
  let asked = "";
  const trips = new Map([["fra-1", 12.34], ["iad-1", 90]]);
  await fetchNodes(async (url) => ((asked = url), { ok: true, status: 200, json: async () => ({}) }), "http://a", question("a/b?c&ü", "nanomeet-eu", trips), 1000);
  const url = new URL(asked);
  assert.equal(url.pathname, "/api/v1/attach");
  assert.deepEqual(Object.fromEntries(url.searchParams), { room: "a/b?c&ü", pop: "nanomeet-eu", tz: Intl.DateTimeFormat().resolvedOptions().timeZone, trips: "fra-1:12.3,iad-1:90.0" });
});

test("the first request of a probe does not count, and a silent node holds nobody up", async () => {
  const asked: string[] = [];
  const fetch: Fetch = (url) => {
    asked.push(url);
    if (url.includes("//b/")) return new Promise(() => {});
    return Promise.resolve({ ok: !url.includes("//c/"), status: 204, json: async () => null });
  };
  const trips = await measure(fetch, ["a", "b", "c", "d"].map(node), realClock, 60_000);
  assert.deepEqual([...trips.keys()], ["a"]);
  assert.equal(asked.filter((u) => u.includes("//a/")).length, 4);
  assert.ok(!asked.some((u) => u.includes("//d/")), "only the first three are measured");
});

test("the fastest of a node's probes counts", async () => {
  const took = [90, 30, 8, 50];
  let now = 0;
  const fetch: Fetch = async () => {
    now += took.shift() ?? 0;
    return { ok: true, status: 204, json: async () => null };
  };
  const trips = await measure(fetch, [node("a")], { ...realClock, now: () => now }, 60_000);
  assert.equal(trips.get("a"), 8);
});

test("a POP that was asked for comes first while it is listed", () => {
  assert.equal(order(prefer(["fra-1", "iad-1", "syd-1", "iad-2"].map(node), "iad")), "iad-1 iad-2 fra-1 syd-1");
  assert.equal(order(prefer(["fra-1", "iad-1"].map(node), "gru")), "fra-1 iad-1");
  assert.equal(order(prefer([node("fra-1"), { ...node("iad-1"), asked: true }, node("gru-1")], "americas")), "iad-1 fra-1 gru-1");
});
