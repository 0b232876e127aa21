// What of the network stands together on the map: POPs of several nodes, links between
// POPs, flows of a room. Pure.

/** @typedef {import("./net").Network} Network */
/** @typedef {import("./net").Node} Node */
/** @typedef {import("./net").Link} Link */

/** @typedef {{key: string, pop: string, name: string, at?: {lat: number, lon: number}, nodes: Node[], people: number, control: boolean, state: import("./net").NodeState}} Pop */
/** @typedef {{key: string, a: string, b: string, links: Link[], sent: number, rtt: number, state: import("./net").LinkState}} Tie */
/** @typedef {{key: string, from: string, to: string, tracks: number, origins: string[]}} Stream */

/** @type {import("./net").NodeState[]} */
const nodeOrder = ["ok", "full", "draining", "gray", "silent"];
/** @type {import("./net").LinkState[]} */
const linkOrder = ["ok", "detour", "slow", "lossy", "cut", "down"];

/** @template T @param {T[]} order @param {T} a @param {T} b */
const worse = (order, a, b) => (order.indexOf(a) >= order.indexOf(b) ? a : b);

/**
 * The POPs, those on the map first, each in the order of its name.
 * @param {Network} net @returns {Pop[]}
 */
export function pops(net) {
  /** @type {Map<string, Pop>} */
  const all = new Map();
  for (const n of net.nodes) {
    const key = popKey(n);
    const p = all.get(key) ?? { key, pop: n.pop, name: n.site?.city || n.pop, ...(n.site ? { at: { lat: n.site.lat, lon: n.site.lon } } : {}), nodes: [], people: 0, control: true, state: n.state };
    p.nodes.push(n);
    p.people += n.people;
    p.control &&= n.role === "control";
    p.state = worse(nodeOrder, n.state, p.state);
    all.set(key, p);
  }
  return [...all.values()].sort((a, b) => Number(!a.at) - Number(!b.at) || (a.key < b.key ? -1 : 1));
}

/** Nodes of one POP that stand far apart are drawn apart. @param {Node} n */
function popKey(n) {
  return n.site ? `${n.pop}@${Math.round(n.site.lat)},${Math.round(n.site.lon)}` : n.pop;
}

/** @param {Pop[]} list @returns {Map<string, Pop>} by node */
export function popOf(list) {
  return new Map(list.flatMap((p) => p.nodes.map((n) => /** @type {[string, Pop]} */ ([n.id, p]))));
}

/**
 * What POPs have between them, the worst last, so that it is drawn on top.
 * @param {Network} net @param {Map<string, Pop>} of @returns {Tie[]}
 */
export function ties(net, of) {
  /** @type {Map<string, Tie>} */
  const all = new Map();
  for (const l of net.links) {
    const a = of.get(l.a)?.key, b = of.get(l.b)?.key;
    if (!a || !b || a === b) continue;
    const [first, second] = a < b ? [a, b] : [b, a];
    const key = `${first} ${second}`;
    const tie = all.get(key) ?? { key, a: first, b: second, links: [], sent: 0, rtt: 0, state: l.state };
    tie.links.push(l);
    tie.sent += (l.there?.sent ?? 0) + (l.back?.sent ?? 0);
    tie.rtt = Math.max(tie.rtt, l.there?.rtt_ms ?? 0, l.back?.rtt_ms ?? 0);
    tie.state = worse(linkOrder, l.state, tie.state);
    all.set(key, tie);
  }
  return [...all.values()].sort((x, y) => linkOrder.indexOf(x.state) - linkOrder.indexOf(y.state) || (x.key < y.key ? -1 : 1));
}

/**
 * The flows of the chosen room between POPs: of one origin, or of all for "".
 * @param {Network} net @param {Map<string, Pop>} of @param {string} origin @returns {Stream[]}
 */
export function streams(net, of, origin) {
  /** @type {Map<string, Stream>} */
  const all = new Map();
  for (const f of net.room?.flows ?? []) {
    const from = of.get(f.from)?.key, to = of.get(f.to)?.key;
    if (!from || !to || from === to || (origin && f.origin !== origin)) continue;
    const key = `${from} ${to}`;
    const s = all.get(key) ?? { key, from, to, tracks: 0, origins: [] };
    s.tracks += f.tracks;
    if (!s.origins.includes(f.origin)) s.origins.push(f.origin);
    all.set(key, s);
  }
  return [...all.values()].sort((x, y) => (x.key < y.key ? -1 : 1));
}

/** @typedef {{from: string, to: string, way: import("./net").Way, usual: number}} Row */

/**
 * Both directions of all links, the worst first.
 * @param {Network} net @returns {Row[]}
 */
export function rows(net) {
  /** @type {Row[]} */
  const list = net.links.flatMap((l) => [
    ...(l.there ? [{ from: l.a, to: l.b, way: l.there, usual: l.usual_ms ?? 0 }] : []),
    ...(l.back ? [{ from: l.b, to: l.a, way: l.back, usual: l.usual_ms ?? 0 }] : []),
  ]);
  return list.sort((x, y) => linkOrder.indexOf(y.way.state) - linkOrder.indexOf(x.way.state) || (x.from + x.to < y.from + y.to ? -1 : 1));
}

/**
 * What an operator should look at, by a name that stays while it lasts.
 * @param {Network} net @returns {Map<string, {text: string, state: string}>}
 */
export function remarks(net) {
  /** @type {Map<string, {text: string, state: string}>} */
  const all = new Map();
  for (const n of net.nodes) if (n.state !== "ok") all.set(n.id, { text: n.id, state: n.state });
  for (const l of net.links) if (l.state !== "ok") all.set(`${l.a} ${l.b}`, { text: `${l.a} to ${l.b}`, state: l.state });
  for (const r of net.listed) if (r.homes.length > 1) all.set(`${r.company}/${r.room}`, { text: `Room ${r.company}/${r.room}`, state: "two homes" });
  return all;
}

/** How wide a link is drawn, in px. @param {number} sent bit/s */
export const width = (sent) => 1.2 + Math.min(3, 1.1 * Math.log10(1 + sent / 1e5));

/** How strongly a link that is well is drawn, 0 to 1. @param {number} sent bit/s */
export const strength = (sent) => 0.25 + Math.min(0.5, 0.17 * Math.log10(1 + sent / 1e5));

/** How large a POP is drawn, in px. @param {number} people */
export const radius = (people) => Math.min(18, 5.5 + 0.95 * Math.sqrt(people));
