// Where things are on the map: projection, great circles, the frame, and places for
// labels. Pure arithmetic; angles are in degrees.

/** @typedef {{lat: number, lon: number}} Point */
/** @typedef {{x: number, y: number}} Spot */

const rad = Math.PI / 180;

/** The north and south edges of the map: no POP stands beyond them. */
export const north = 80, south = -57;

/**
 * Natural Earth projection (Šavrič, Jenny, Patterson, Petrovič, Hurni 2011), y downwards.
 * @param {Point} p @returns {Spot}
 */
export function project({ lat, lon }) {
  const f = lat * rad, f2 = f * f, f4 = f2 * f2;
  return {
    x: lon * rad * (0.8707 - 0.131979 * f2 + f4 * (-0.013791 + f4 * (0.003971 * f2 - 0.001529 * f4))),
    y: -f * (1.007226 + f2 * (0.015085 + f4 * (-0.044475 + 0.028874 * f2 - 0.005916 * f4))),
  };
}

/**
 * Points of the great circle between two points, both included.
 * @param {Point} a @param {Point} b @param {number} steps @returns {Point[]}
 */
export function arc(a, b, steps) {
  const va = vector(a), vb = vector(b);
  const whole = Math.acos(Math.min(1, Math.max(-1, va[0] * vb[0] + va[1] * vb[1] + va[2] * vb[2])));
  if (whole < 1e-6) return [a, b];
  const list = [];
  for (let i = 0; i <= steps; i++) {
    const u = Math.sin((1 - i / steps) * whole) / Math.sin(whole), v = Math.sin((i / steps) * whole) / Math.sin(whole);
    const x = u * va[0] + v * vb[0], y = u * va[1] + v * vb[1], z = u * va[2] + v * vb[2];
    list.push({ lat: Math.atan2(z, Math.hypot(x, y)) / rad, lon: Math.atan2(y, x) / rad });
  }
  return list;
}

/** @param {Point} p @returns {[number, number, number]} */
function vector({ lat, lon }) {
  return [Math.cos(lat * rad) * Math.cos(lon * rad), Math.cos(lat * rad) * Math.sin(lon * rad), Math.sin(lat * rad)];
}

/**
 * Cuts a line where it leaves the map at one side and comes back at the other.
 * @param {Point[]} line @returns {Point[][]}
 */
export function strokes(line) {
  /** @type {Point[][]} */
  const list = [[]];
  line.forEach((p, i) => {
    const before = line[i - 1];
    if (before && Math.abs(p.lon - before.lon) > 180) {
      const side = before.lon > 0 ? 180 : -180;
      const reach = p.lon + 2 * side - before.lon;
      const lat = before.lat + (reach === 0 ? 0 : (side - before.lon) / reach) * (p.lat - before.lat);
      list.at(-1)?.push({ lat, lon: side });
      list.push([{ lat, lon: -side }]);
    }
    list.at(-1)?.push(p);
  });
  return list;
}

/**
 * Cuts a land where it leaves the map at one side and comes back at the other.
 * @param {Point[]} ring @returns {Point[][]}
 */
export function lands(ring) {
  let turn = 0;
  const whole = ring.map((p, i) => {
    const step = p.lon - (ring[i - 1]?.lon ?? p.lon);
    if (Math.abs(step) > 180) turn -= 360 * Math.sign(step);
    return { lat: p.lat, lon: p.lon + turn };
  });
  const list = [];
  for (const shift of [-360, 0, 360]) {
    const moved = whole.map((p) => ({ lat: p.lat, lon: p.lon + shift }));
    const part = side(side(moved, 180, -1), -180, 1);
    if (part.length > 2) list.push(part);
  }
  return list;
}

/**
 * The part of a ring on one side of a meridian: east of it for 1, west for -1.
 * @param {Point[]} ring @param {number} lon @param {1 | -1} sign @returns {Point[]}
 */
function side(ring, lon, sign) {
  return ring.flatMap((p, i) => {
    const next = ring[(i + 1) % ring.length] ?? p;
    const inside = (p.lon - lon) * sign >= 0, stays = (next.lon - lon) * sign >= 0 === inside;
    const edge = stays ? [] : [{ lat: p.lat + ((lon - p.lon) / (next.lon - p.lon)) * (next.lat - p.lat), lon }];
    return inside ? [p, ...edge] : edge;
  });
}

const world = {
  left: project({ lat: 0, lon: -180 }).x, right: project({ lat: 0, lon: 180 }).x,
  top: project({ lat: north, lon: 0 }).y, bottom: project({ lat: south, lon: 0 }).y,
};

/** How much nearer than the whole world the frame comes at most. */
const nearest = 3;

/**
 * The part of the world that shows all points, as a function from places to pixels.
 * @param {Point[]} points @param {number} width @param {number} height @returns {(p: Point) => Spot}
 */
export function frame(points, width, height) {
  const spots = points.map(project);
  const all = Math.max(width / (world.right - world.left), height / (world.bottom - world.top));
  const xs = spots.map((s) => s.x), ys = spots.map((s) => s.y);
  const box = spots.length === 0 ? world : { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
  const fit = Math.min((width * 0.72) / Math.max(box.right - box.left, 1e-9), (height * 0.6) / Math.max(box.bottom - box.top, 1e-9));
  const scale = Math.min(Math.max(fit, all), all * nearest);
  const x = within((box.left + box.right) / 2, world.left + width / 2 / scale, world.right - width / 2 / scale);
  const y = within((box.top + box.bottom) / 2, world.top + height / 2 / scale, world.bottom - height / 2 / scale);
  return (p) => {
    const s = project(p);
    return { x: width / 2 + (s.x - x) * scale, y: height / 2 + (s.y - y) * scale };
  };
}

/** @param {number} v @param {number} least @param {number} most */
function within(v, least, most) {
  return least > most ? (least + most) / 2 : Math.min(Math.max(v, least), most);
}

/** The edge of the world, where its east meets its west. @returns {Point[]} */
export function rim() {
  const lats = Array.from({ length: 35 }, (_, i) => -85 + i * 5);
  return [...lats.map((lat) => ({ lat, lon: -180 })), ...lats.reverse().map((lat) => ({ lat, lon: 180 }))];
}

/** The proportion of the map. */
export const proportion = (world.bottom - world.top) / (world.right - world.left);

/**
 * An SVG path through points.
 * @param {Point[][]} lines @param {(p: Point) => Spot} place @param {boolean} [closed]
 */
export function path(lines, place, closed = false) {
  return lines.map((line) => "M" + line.map((p) => { const s = place(p); return `${s.x.toFixed(1)},${s.y.toFixed(1)}`; }).join("L") + (closed ? "Z" : "")).join("");
}

/** @typedef {{x: number, y: number, r: number, width: number, height: number}} Wish */
/** @typedef {{x: number, y: number, anchor: "start" | "middle" | "end"}} Label */

/** @typedef {{left: number, right: number, top: number, bottom: number}} Box */

/**
 * Finds a place for each label beside its dot, the first come first; undefined where there
 * is none left. Labels cover neither dots nor each other nor other boxes, and stay on the map.
 * @param {Wish[]} wishes @param {number} width @param {number} height @param {Box[]} [others] @returns {(Label | undefined)[]}
 */
export function labels(wishes, width, height, others = []) {
  /** @type {Box[]} */
  const taken = [...others, ...wishes.map((w) => ({ left: w.x - w.r, right: w.x + w.r, top: w.y - w.r, bottom: w.y + w.r }))];
  return wishes.map((w) => {
    const gap = w.r + 6;
    /** @type {Label[]} */
    const tries = [
      { x: w.x + gap, y: w.y, anchor: "start" }, { x: w.x - gap, y: w.y, anchor: "end" },
      { x: w.x, y: w.y + gap + w.height / 2, anchor: "middle" }, { x: w.x, y: w.y - gap - w.height / 2, anchor: "middle" },
    ];
    for (const t of tries) {
      const left = t.anchor === "start" ? t.x : t.anchor === "end" ? t.x - w.width : t.x - w.width / 2;
      const box = { left, right: left + w.width, top: t.y - w.height / 2, bottom: t.y + w.height / 2 };
      const inside = box.left >= 2 && box.right <= width - 2 && box.top >= 2 && box.bottom <= height - 2;
      if (inside && taken.every((o) => box.right < o.left || box.left > o.right || box.bottom < o.top || box.top > o.bottom)) {
        taken.push(box);
        return t;
      }
    }
    return undefined;
  });
}
