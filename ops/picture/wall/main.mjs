// The page: asks for the picture once a second while somebody looks, and has it drawn.

import { each, figures, Chart, say, set, table } from "./draw.mjs";
import { remarks, rows } from "./shape.mjs";
import { age, count, grade, linkWords, millis, nodeWords, people, percent, rate } from "./words.mjs";

/** @typedef {import("./net").Network} Network */

/** @template {Element} [T=HTMLElement] @param {string} selector @returns {T} */
function the(selector) {
  const el = document.querySelector(selector);
  if (!el) throw new Error(`no ${selector}`);
  return /** @type {T} */ (/** @type {unknown} */ (el));
}

/** How often the picture is asked for, and how long it may take, in ms. */
const pause = 1000, patience = 5000;
/** How many directions of links the table shows unless it is asked for all. */
const few = 40;

/** @type {Network | undefined} */
let net;
/** @type {Chart | undefined} */
let map;
/** @type {import("./draw.mjs").Pointed | undefined} */
let pointed;
let room = new URLSearchParams(location.search).get("room") ?? "";
/** Whose tracks of the room are drawn; empty: everybody's. */
let origin = "";
let everything = false;
let round = 0;
/** @type {Map<string, {text: string, state: string}>} */
let noted = new Map();

const select = /** @type {HTMLSelectElement} */ (the("#room"));
select.addEventListener("change", () => {
  room = select.value;
  origin = "";
  history.replaceState(null, "", room ? `?room=${encodeURIComponent(room)}` : location.pathname);
  void turn();
});
const of = /** @type {HTMLSelectElement} */ (the("#origin"));
of.addEventListener("change", () => {
  origin = of.value;
  draw();
});
the("#all").addEventListener("click", () => {
  everything = !everything;
  draw();
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) void turn(); });
new ResizeObserver(() => { if (net) map?.draw(net, room !== "", origin); }).observe(the(".map"));

/** Asks and draws, and again after a while; a newer turn takes the place of an older one. */
async function turn() {
  const own = ++round;
  try {
    map ??= new Chart(the("#map"), await ask("land.json"), (at) => { pointed = at; panel(); });
    const answer = await ask(`net.json${room ? `?room=${encodeURIComponent(room)}` : ""}`);
    if (own !== round) return;
    net = answer;
    say(the("#banner"), "");
    draw();
  } catch (e) {
    if (own !== round) return;
    say(the("#banner"), `${net ? "What you see is old: the node" : "The node"} does not answer. ${e instanceof Error ? e.message : e}`);
  }
  the("#banner").hidden = the("#banner").textContent === "";
  document.body.classList.toggle("old", !the("#banner").hidden);
  setTimeout(() => { if (own === round && !document.hidden) void turn(); }, pause);
}

/** @param {string} path @returns {Promise<any>} */
async function ask(path) {
  const res = await fetch(path, { signal: AbortSignal.timeout(patience) });
  if (!res.ok) throw new Error((await res.text()).trim() || res.statusText);
  return res.json();
}

function draw() {
  if (!net) return;
  say(the("#by"), `As ${net.by} sees it, ${new Date(net.at).toLocaleTimeString()}`);
  heads(net);
  choices(net);
  map?.draw(net, room !== "", origin);
  panel();
  chosen(net);
  nodes(net);
  links(net);
  rooms(net);
  tell(remarks(net));
}

/** @param {Network} n */
function heads(n) {
  const edges = n.nodes.filter((node) => node.role === "edge").length;
  /** @type {[string, number][]} */
  const list = [["People", n.people], ["Rooms", n.rooms], ["Edges", edges], ["Links", n.links.length]];
  each(the("#counts"), list, ([name]) => name, () => {
    const div = document.createElement("div");
    div.append(document.createElement("dt"), document.createElement("dd"));
    return div;
  }, (div, [name, value]) => {
    say(div.children[0], name);
    say(div.children[1], value.toLocaleString());
  });
  const bad = [...remarks(n).values()];
  const worst = bad.some((r) => grade(r.state) === "problem") ? "problem" : bad.length ? "notice" : "ok";
  the("#verdict").hidden = false;
  set(the("#verdict"), { class: `verdict ${worst}` });
  say(the("#verdict"), bad.length ? count(bad.length, "thing to look at", "things to look at") : "All well");
}

/** @param {Network} n */
function choices(n) {
  const names = n.listed.map((r) => ({ value: `${r.company}/${r.room}`, text: `${r.company}/${r.room} (${r.people})` }));
  if (room && !names.some((o) => o.value === room)) names.unshift({ value: room, text: room });
  offer(select, [{ value: "", text: "None chosen" }, ...names], room);
}

/** @param {HTMLSelectElement} from @param {{value: string, text: string}[]} list @param {string} value */
function offer(from, list, value) {
  each(from, list, (o) => o.value, () => document.createElement("option"), (el, o) => {
    el.value = o.value;
    say(el, o.text);
  });
  if (document.activeElement !== from && from.value !== value) from.value = value;
}

/** The panel explains the map, or what is pointed at. */
function panel() {
  const box = the("#panel");
  const at = pointed?.isConnected ? pointed : map?.focused;
  const f = at ? figures(at.about) : undefined;
  /** @type {{key: string, cls: string, title: string, word: string, text: string}[]} */
  const lines = f
    ? [{ key: "title", cls: "title", title: f.title, word: f.state, text: "" }, ...f.list.map(([title, text]) => ({ key: title, cls: "", title, word: "", text }))]
    : legend();
  box.classList.toggle("legend", !f);
  each(box, lines, (l) => l.key, () => {
    const p = document.createElement("p");
    p.append(document.createElement("i"), document.createElement("b"), document.createElement("span"), document.createElement("em"));
    return p;
  }, (p, l) => {
    p.className = l.cls;
    say(p.children[1], l.title);
    say(p.children[2], l.text);
    say(p.children[3], l.word);
  });
}

function legend() {
  const of = (/** @type {string} */ cls, /** @type {string} */ text) => ({ key: cls, cls, title: "", word: "", text });
  return [
    of("l-dot", "POP, larger with more people"), of("l-control", "control node"), of("l-line", "link, wider with more traffic"),
    of("l-notice", "slow or over a third node"), of("l-problem", "lossy, cut or down"),
    ...(room ? [of("l-flow", "tracks of the room")] : []),
  ];
}

/** @param {Network} n */
function chosen(n) {
  const r = n.room;
  the("#chosen").hidden = !r;
  if (!r) return;
  say(the("#chosen-title"), `${r.company}/${r.room}`);
  const where = r.homes.length > 1 ? `two homes, ${r.homes.join(" and ")}: a partition` : r.homes.length ? `home ${r.homes[0]}` : "its home does not answer";
  const seeking = r.trees.filter((t) => t.seeking?.length).length;
  say(the("#chosen-text"), r.known ? `${people(r.people)} (${r.leaves.map((l) => `${l.node} ${l.people}`).join(", ")}), ${where}${seeking ? `; ${count(seeking, "track looks", "tracks look")} for a way` : ""}.` : "No node knows this room now.");
  const origins = [...new Set(r.flows.map((f) => f.origin))].sort();
  if (origin && !origins.includes(origin)) origins.push(origin);
  the("#of").hidden = origins.length < 2;
  offer(of, [{ value: "", text: "everybody" }, ...origins.map((o) => ({ value: o, text: o }))], origin);
  table(the("#flows tbody"), r.flows.filter((f) => !origin || f.origin === origin), (f) => `${f.origin} ${f.from} ${f.to}`, (f) => [f.origin, f.from, f.to, String(f.tracks), f.backup ?? "–"]);
  the("#chosen .scroll").hidden = r.flows.length === 0;
}

/** @param {Network} n */
function nodes(n) {
  table(the("#nodes tbody"), n.nodes, (node) => node.id, (node) => [
    node.id, { text: nodeWords[node.state], state: node.state }, node.site ? (node.site.city ?? "") + (node.site.said ? "" : " (by name)") || `${node.site.lat.toFixed(1)}, ${node.site.lon.toFixed(1)}` : node.near ? `${millis(node.away_ms)} from ${node.near}` : node.role === "control" ? "control" : "–",
    node.role === "control" ? "–" : `${Math.round(100 * node.load)} %`,
    ...[node.people, node.tracks, node.homes].map((v) => (node.role === "control" || node.state === "silent" ? "–" : String(v))), node.version || "–", age(node.started, n.at),
  ], (node) => `node-${node.id}`);
}

/** @param {Network} n */
function links(n) {
  const list = rows(n);
  table(the("#links tbody"), everything ? list : list.slice(0, few), (r) => `${r.from} ${r.to}`, ({ from, to, way, usual }) => [
    from, to + (way.via ? ` over ${way.via}` : ""), { text: linkWords[way.state], state: way.state }, millis(way.rtt_ms), millis(usual),
    way.up ? percent(way.loss) : "–", rate(way.sent), rate(way.available), way.up ? `${way.out ?? 0}${way.shed ? ` (${way.shed} reduced)` : ""}` : "–",
    way.sealed === "none" || !way.sealed ? "–" : way.sealed, age(way.since, n.at),
  ]);
  const more = the("#all");
  more.hidden = list.length <= few;
  say(more, everything ? "Show the worst only" : `Show all ${list.length}`);
}

/** @param {Network} n */
function rooms(n) {
  the("#no-rooms").hidden = n.listed.length > 0;
  the("#rooms .scroll").hidden = n.listed.length === 0;
  table(the("#rooms tbody"), n.listed, (r) => `${r.company}/${r.room}`, (r) => [`${r.company}/${r.room}`, String(r.people), r.homes.length > 1 ? { text: r.homes.join(" and "), state: "two homes" } : r.homes[0] ?? "no answer"]);
}

/** Says to who cannot see what has changed. @param {Map<string, {text: string, state: string}>} now */
function tell(now) {
  const changes = [];
  for (const [key, r] of now) if (noted.get(key)?.state !== r.state) changes.push(`${r.text}: ${word(r.state)}`);
  for (const [key, r] of noted) if (!now.has(key)) changes.push(`${r.text}: ok`);
  noted = now;
  if (changes.length) say(the("#news"), changes.slice(0, 5).join(". "));
}

/** @param {string} state */
const word = (state) => /** @type {Record<string, string>} */ ({ ...nodeWords, ...linkWords })[state] ?? state;

void turn();
