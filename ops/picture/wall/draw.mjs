// Draws the map and the tables into the document, changing only what has changed, so that
// focus and selection stay where they are.

import { arc, frame, labels, lands, path, proportion, rim, strokes } from "./globe.mjs";
import { pops, popOf, radius, streams, strength, ties, width } from "./shape.mjs";
import { grade, linkWords, millis, nodeWords, people, rate } from "./words.mjs";

/** @typedef {import("./net").Network} Network */
/** @typedef {import("./shape.mjs").Pop} Pop */
/** @typedef {import("./shape.mjs").Tie} Tie */
/** @typedef {{lat: number, lon: number}} Point */
/** @typedef {Element & {about: Pop | Tie}} Pointed an element of the map, with what it shows now */

const svg = "http://www.w3.org/2000/svg";

/**
 * Has one child of parent for each entry, in order; those that stay are the same elements.
 * @template T @param {Element} parent @param {T[]} list @param {(v: T) => string} key @param {() => Element} make @param {(el: any, v: T) => void} update
 */
export function each(parent, list, key, make, update) {
  const focused = document.activeElement;
  const old = new Map([...parent.children].map((el) => [el.getAttribute("data-key"), el]));
  /** @type {Element | null} */
  let before = null;
  for (const v of list) {
    const k = key(v);
    let el = old.get(k);
    old.delete(k);
    if (!el) {
      el = make();
      el.setAttribute("data-key", k);
    }
    /** @type {Element | null} */
    const next = before ? before.nextElementSibling : parent.firstElementChild;
    if (el !== next) parent.insertBefore(el, next);
    update(el, v);
    before = el;
  }
  for (const el of old.values()) el.remove();
  if (focused instanceof SVGElement && focused !== document.activeElement && parent.contains(focused)) focused.focus(); // it was moved
}

/** @param {Element} el @param {Record<string, string | number | undefined>} values */
export function set(el, values) {
  for (const [name, v] of Object.entries(values)) {
    if (v === undefined) el.removeAttribute(name);
    else if (el.getAttribute(name) !== String(v)) el.setAttribute(name, String(v));
  }
}

/** @param {Element | null} el @param {string} text */
export function say(el, text) {
  if (el && el.textContent !== text) el.textContent = text;
}

/** @param {string} name @param {Record<string, string | number>} [values] @param {Element[]} children */
function shape(name, values = {}, ...children) {
  const el = document.createElementNS(svg, name);
  set(el, values);
  el.append(...children);
  return el;
}

/** The height of the row of those that stand nowhere, and the width of its title, in px. */
const shelf = 44, title = 130;
/** Where on its way a flow has its head: behind the middle, as another may come back. */
const headAt = 0.6;

/** The map: its layers, and what it drew last. */
export class Chart {
  /** @param {SVGSVGElement} root @param {import("./net").Ring[]} land @param {(at: Pointed | undefined) => void} look */
  constructor(root, land, look) {
    this.root = root;
    this.land = land.flatMap((ring) => lands(ring.map(([lon, lat]) => ({ lat, lon }))));
    this.look = look;
    /** How the ground was drawn last. */
    this.looks = "";
    this.sea = shape("path", { class: "sea" });
    this.ground = shape("path", { class: "land" });
    this.arcs = shape("g", { "aria-hidden": "true" });
    this.flows = shape("g", { "aria-hidden": "true" });
    this.marks = shape("g", { "aria-hidden": "true" });
    this.note = shape("text", { class: "shelf-note" });
    this.dots = shape("g");
    root.append(this.sea, this.ground, this.arcs, this.flows, this.marks, this.note, this.dots);
  }

  /** The POP that has the keyboard's focus. @returns {Pointed | undefined} */
  get focused() {
    const at = document.activeElement;
    return at && this.dots.contains(at) ? /** @type {Pointed} */ (at) : undefined;
  }

  /** @param {Network} net @param {boolean} chosen whether a room is @param {string} origin whose tracks are drawn; "": everybody's */
  draw(net, chosen, origin) {
    const list = pops(net), of = popOf(list), placed = list.filter((p) => p.at), rest = list.filter((p) => !p.at);
    const w = Math.max(this.root.parentElement?.clientWidth ?? 0, 200), h = Math.round(w * proportion);
    const whole = h + (rest.length ? shelf : 0);
    set(this.root, { viewBox: `0 0 ${w} ${whole}`, width: w, height: whole, "data-chosen": chosen ? "" : undefined });
    const place = frame(placed.map((p) => /** @type {Point} */ (p.at)), w, h);
    const looks = `${w} ${place({ lat: 0, lon: 0 }).x} ${place({ lat: 40, lon: 90 }).y}`;
    if (this.looks !== looks) {
      this.sea.setAttribute("d", path([rim()], place, true));
      this.ground.setAttribute("d", path(this.land, place, true));
    }
    this.looks = looks;
    /** @type {Map<string, {x: number, y: number}>} */
    const spots = new Map();
    for (const p of placed) spots.set(p.key, place(/** @type {Point} */ (p.at)));
    rest.forEach((p, i) => spots.set(p.key, { x: title + 14 + i * Math.min(150, (w - title) / rest.length), y: h + shelf / 2 }));
    say(this.note, rest.length ? "No place known" : "");
    set(this.note, { x: 16, y: h + shelf / 2, dy: "0.35em" });
    const line = (/** @type {string} */ from, /** @type {string} */ to) => course(list, from, to, spots, place);
    /** Small maps have small things. */
    const scale = Math.min(1, Math.max(0.6, w / 1000));
    const between = ties(net, of);
    this.#ties(between, line, list, scale);
    this.#streams(streams(net, of, origin), line, scale);
    const boxes = this.#marks(between, w, whole);
    this.#pops(list, spots, net, w, whole, scale, boxes);
  }

  /** @param {Tie[]} list @param {(from: string, to: string) => string} line @param {Pop[]} all @param {number} scale */
  #ties(list, line, all, scale) {
    const name = (/** @type {string} */ key) => all.find((p) => p.key === key)?.pop ?? key;
    each(this.arcs, list, (t) => t.key, () => {
      const g = shape("g", {}, shape("path", { class: "tie" }), shape("path", { class: "touch" }));
      g.addEventListener("pointerenter", () => this.look(/** @type {any} */ (g)));
      g.addEventListener("pointerleave", () => this.look(undefined));
      g.addEventListener("click", () => this.look(/** @type {any} */ (g))); // by a finger, which leaves first
      return g;
    }, (g, t) => {
      g.about = t;
      const d = line(t.a, t.b), [tie, touch] = g.children;
      set(g, { "data-link": `${name(t.a)} ${name(t.b)}`, "data-state": t.state, class: grade(t.state) });
      set(tie, { d, "stroke-width": (width(t.sent) * scale).toFixed(2), "stroke-opacity": strength(t.sent).toFixed(2) });
      set(touch, { d });
    });
  }

  /** Words at links that are not well. @param {Tie[]} list @param {number} w @param {number} h @returns {import("./globe.mjs").Box[]} what they cover */
  #marks(list, w, h) {
    const lines = new Map([...this.arcs.children].map((g) => [g.getAttribute("data-key"), /** @type {SVGPathElement} */ (g.firstElementChild)]));
    const boxes = list.filter((t) => t.state !== "ok").flatMap((t) => {
      const on = lines.get(t.key);
      if (!on) return [];
      const long = on.getTotalLength(), at = on.getPointAtLength(long / 2), half = 7 + linkWords[t.state].length * 3.2;
      const x = Math.min(Math.max(at.x, half + 3), w - half - 3), y = Math.min(Math.max(at.y - (long < 2 * half + 30 ? 18 : 0), 11), h - 11); // beside a short link
      return [{ t, x, y, half, left: x - half, right: x + half, top: y - 8, bottom: y + 8 }];
    });
    each(this.marks, boxes, (b) => b.t.key, () => shape("g", {}, shape("rect", { rx: 8, height: 16, y: -8 }), shape("text", { dy: "0.35em", "text-anchor": "middle" })), (g, b) => {
      set(g, { class: `mark ${grade(b.t.state)}`, transform: `translate(${b.x.toFixed(1)} ${b.y.toFixed(1)})` });
      set(g.children[0], { x: -b.half, width: 2 * b.half });
      say(g.children[1], linkWords[b.t.state]);
    });
    return boxes;
  }

  /** @param {import("./shape.mjs").Stream[]} list @param {(from: string, to: string) => string} line @param {number} scale */
  #streams(list, line, scale) {
    each(this.flows, list, (s) => s.key, () => shape("g", {}, shape("path", { class: "flow" }), shape("path", { class: "head", d: "M-6,-6L6,0L-6,6z" })), (g, s) => {
      const [flow, head] = g.children;
      set(g, { "data-flow": s.key.replaceAll(/@\S+/g, "") });
      set(flow, { d: line(s.from, s.to), "stroke-width": ((1.6 + Math.min(3, Math.log2(1 + s.tracks) / 2)) * scale).toFixed(1) });
      const long = flow.getTotalLength(), at = flow.getPointAtLength(long * headAt), next = flow.getPointAtLength(long * headAt + 1);
      set(head, { transform: `translate(${at.x.toFixed(1)} ${at.y.toFixed(1)}) rotate(${((Math.atan2(next.y - at.y, next.x - at.x) * 180) / Math.PI).toFixed(0)}) scale(${scale})` });
    });
  }

  /** @param {Pop[]} list @param {Map<string, {x: number, y: number}>} spots @param {Network} net @param {number} w @param {number} h @param {number} scale @param {import("./globe.mjs").Box[]} boxes */
  #pops(list, spots, net, w, h, scale, boxes) {
    const homes = net.room?.homes ?? [], leaves = new Set(net.room?.leaves.map((l) => l.node) ?? []);
    // What is not well above what is, and small dots above large ones.
    const at = list.map((p) => ({ p, s: spots.get(p.key) ?? { x: 0, y: 0 }, r: size(p, scale) })).sort((a, b) => Number(a.p.state !== "ok") - Number(b.p.state !== "ok") || b.r - a.r);
    const letter = scale < 0.8 ? 6.2 : 7.2;
    const names = labels(at.map(({ p, s, r }) => ({ x: s.x, y: s.y, r, width: 4 + p.name.length * letter, height: 16 })), w, h, boxes);
    each(this.dots, at, ({ p }) => p.key, () => {
      const a = shape("a", {}, shape("circle", { class: "halo" }), shape("circle", { class: "dot" }), shape("rect", { class: "dot" }), shape("text", { class: "sign", dy: "0.36em", "text-anchor": "middle" }), shape("text", { class: "name", dy: "0.34em" }));
      a.addEventListener("pointerenter", () => this.look(/** @type {any} */ (a)));
      for (const other of ["pointerleave", "focus", "blur"]) a.addEventListener(other, () => this.look(undefined));
      return a;
    }, (a, { p, s, r }) => {
      a.about = p;
      const [halo, circle, square, sign, name] = a.children;
      const home = p.nodes.some((n) => homes.includes(n.id)), inside = p.nodes.some((n) => leaves.has(n.id));
      set(a, {
        href: `#node-${p.nodes[0]?.id}`, transform: `translate(${s.x.toFixed(1)} ${s.y.toFixed(1)})`, class: grade(p.state), "data-pop": p.pop, "data-state": p.state,
        "data-role": home ? "home" : inside ? "leaf" : undefined,
        "aria-label": `${p.name === p.pop ? "" : p.name + ", "}${p.pop}: ${nodeWords[p.state]}, ${p.control ? "control" : people(p.people)}${home ? ", home of the room" : inside ? ", in the room" : ""}`,
      });
      set(halo, { r: Math.max(r + 5, 12) });
      set(circle, { r: p.control ? 0 : r });
      set(square, p.control ? { x: -r, y: -r, width: 2 * r, height: 2 * r, rx: 2 } : { width: 0, height: 0 });
      say(sign, signs[p.state]);
      set(name, { class: scale < 0.8 ? "name small" : "name" });
      const l = names[at.findIndex((o) => o.p === p)];
      say(name, l ? p.name : "");
      if (l) set(name, { x: (l.x - s.x).toFixed(1), y: (l.y - s.y).toFixed(1), "text-anchor": l.anchor });
    });
  }
}

/**
 * The way between two POPs: a great circle, or straight where one stands nowhere.
 * @param {Pop[]} list @param {string} from @param {string} to @param {Map<string, {x: number, y: number}>} spots @param {(p: Point) => {x: number, y: number}} place
 */
function course(list, from, to, spots, place) {
  const a = list.find((p) => p.key === from), b = list.find((p) => p.key === to);
  if (a?.at && b?.at) return path(strokes(arc(a.at, b.at, 48)), place);
  const s = spots.get(from), t = spots.get(to);
  return s && t ? `M${s.x.toFixed(1)},${s.y.toFixed(1)}L${t.x.toFixed(1)},${t.y.toFixed(1)}` : "";
}

/** A dot has place for its sign. @param {Pop} p @param {number} scale */
const size = (p, scale) => Math.max((p.control ? 6 : radius(p.people)) * scale, p.state === "ok" ? 4.5 : 8);

/** @type {Record<import("./net").NodeState, string>} */
const signs = { ok: "", full: "=", draining: "↓", gray: "!", silent: "?" };

/**
 * What is said about what is pointed at, as pairs of a term and figures.
 * @param {Pop | Tie} about @returns {{title: string, state: string, list: [string, string][]}}
 */
export function figures(about) {
  if ("nodes" in about) {
    return {
      title: about.name === about.pop ? about.pop : `${about.name} · ${about.pop}`, state: nodeWords[about.state],
      list: about.nodes.map((n) => [n.id, n.role === "control" ? "control" : `${people(n.people)}, load ${Math.round(100 * n.load)} %${n.near ? `, ${millis(n.away_ms)} from ${n.near}` : ""}`]),
    };
  }
  /** @type {[string, string][]} */
  const list = [];
  for (const l of about.links) {
    for (const [from, to, way] of /** @type {[string, string, import("./net").Way | null][]} */ ([[l.a, l.b, l.there], [l.b, l.a, l.back]])) {
      list.push([`${from} → ${to}`, way ? `${way.state === "ok" ? "" : linkWords[way.state] + ", "}${millis(way.rtt_ms)}, ${(100 * way.loss).toFixed(1)} % lost, ${rate(way.sent)}` : "says nothing"]);
    }
  }
  return { title: "Link", state: linkWords[about.state], list: list.slice(0, 6) };
}

/**
 * Fills a table's body. A cell is text, or text with the class of a state.
 * @template T @param {Element | null} body @param {T[]} list @param {(v: T) => string} key @param {(v: T) => (string | {text: string, state: string})[]} cells @param {(v: T) => string} [id]
 */
export function table(body, list, key, cells, id) {
  if (!body) return;
  const heads = [...(body.parentElement?.querySelectorAll("th") ?? [])].map((th) => th.className);
  each(body, list, key, () => document.createElement("tr"), (tr, v) => {
    const texts = cells(v);
    while (tr.children.length < texts.length) {
      const td = document.createElement(tr.children.length === 0 ? "th" : "td");
      if (td.tagName === "TH") td.setAttribute("scope", "row");
      td.className = heads[tr.children.length] ?? "";
      td.append(document.createElement("span"));
      tr.append(td);
    }
    if (id) set(tr, { id: id(v) });
    texts.forEach((text, i) => {
      const span = tr.children[i].firstElementChild;
      say(span, typeof text === "string" ? text : text.text);
      set(span, { class: typeof text === "string" ? undefined : `word ${grade(text.state)}` });
    });
  });
}
