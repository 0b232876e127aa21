import assert from "node:assert/strict";
import { test } from "node:test";
import { arc, frame, labels, lands, path, project, proportion, strokes } from "./globe.mjs";

const fra = { lat: 50.1, lon: 8.7 }, iad = { lat: 38.9, lon: -77.4 }, syd = { lat: -33.9, lon: 151.2 }, lax = { lat: 34, lon: -118.2 };

test("the projection keeps east to the right and north above", () => {
  assert.ok(project(iad).x < project(fra).x && project(fra).x < project(syd).x);
  assert.ok(project(fra).y < project(iad).y && project(iad).y < project(syd).y);
  assert.ok(Math.abs(project({ lat: 0, lon: 0 }).x) < 1e-12);
});

test("a great circle over the Atlantic goes north of both ends", () => {
  const line = arc(fra, iad, 32);
  assert.equal(line.length, 33);
  assert.ok(Math.max(...line.map((p) => p.lat)) > 51);
  assert.ok(Math.abs((line.at(-1)?.lon ?? 0) - iad.lon) < 1e-6);
  assert.deepEqual(arc(fra, fra, 32), [fra, fra]);
});

test("a line over the Pacific leaves at one side and comes back at the other", () => {
  const parts = strokes(arc(lax, syd, 48));
  assert.equal(parts.length, 2);
  assert.equal(parts[0]?.at(-1)?.lon, -180);
  assert.equal(parts[1]?.[0]?.lon, 180);
  for (const part of parts) part.forEach((p, i) => assert.ok(i === 0 || Math.abs(p.lon - (part[i - 1]?.lon ?? 0)) < 30));
  assert.equal(strokes(arc(fra, iad, 48)).length, 1);
});

test("a land across the date line is two", () => {
  const chukotka = [{ lat: 62, lon: 170 }, { lat: 70, lon: 170 }, { lat: 70, lon: -170 }, { lat: 62, lon: -170 }];
  const parts = lands(chukotka);
  assert.equal(parts.length, 2);
  for (const part of parts) {
    const lons = part.map((p) => p.lon);
    assert.equal(Math.max(...lons) - Math.min(...lons), 10);
    assert.ok(Math.max(...lons) <= 180 && Math.min(...lons) >= -180);
  }
  const here = [{ lat: 0, lon: 0 }, { lat: 10, lon: 0 }, { lat: 10, lon: 10 }];
  assert.deepEqual(lands(here), [here]);
});

test("the frame shows all places, of the world or of a part of it", () => {
  const near = [{ lat: 48.9, lon: 2.3 }, fra, { lat: 52.4, lon: 4.9 }];
  for (const points of [[fra, iad, syd], [fra], near, [], [{ lat: -50, lon: -179 }, { lat: 75, lon: 179 }]]) {
    for (const width of [200, 390, 1000, 1840]) {
      const height = width * proportion, place = frame(points, width, height);
      for (const p of points) {
        const s = place(p);
        assert.ok(s.x >= 0 && s.x <= width && s.y >= 0 && s.y <= height, `${JSON.stringify(p)} of ${points.length} in ${width}: ${s.x}, ${s.y}`);
      }
    }
  }
  const apart = (/** @type {typeof near} */ points) => { const place = frame(points, 1000, 440); return place(fra).x - place({ lat: 48.9, lon: 2.3 }).x; };
  assert.ok(apart(near) > 2 * apart([...near, iad, syd]), "a part of the world is drawn larger");
});

test("the whole frame is covered by the world", () => {
  const place = frame([fra, iad, syd], 1000, 1000 * proportion);
  assert.ok(place({ lat: 0, lon: -180 }).x <= 1 && place({ lat: 0, lon: 180 }).x >= 999);
});

test("labels cover neither each other nor dots", () => {
  const wish = { r: 8, width: 60, height: 17 };
  const all = labels([{ ...wish, x: 100, y: 100 }, { ...wish, x: 120, y: 100 }, { ...wish, x: 395, y: 100 }, { ...wish, x: 104, y: 104 }], 400, 200);
  assert.equal(all[0]?.anchor, "end");
  assert.equal(all[1]?.anchor, "start");
  assert.equal(all[2]?.anchor, "end");
  assert.equal(labels([{ ...wish, x: 20, y: 8 }], 40, 16)[0], undefined);
  assert.equal(labels([{ ...wish, x: 200, y: 100 }], 400, 200)[0]?.anchor, "start");
  assert.equal(labels([{ ...wish, x: 200, y: 100 }], 400, 200, [{ left: 210, right: 300, top: 90, bottom: 110 }])[0]?.anchor, "end");
});

test("a path is closed when it is asked to be", () => {
  const place = (/** @type {{lat: number, lon: number}} */ p) => ({ x: p.lon, y: p.lat });
  assert.equal(path([[{ lat: 1, lon: 2 }, { lat: 3, lon: 4 }]], place), "M2.0,1.0L4.0,3.0");
  assert.equal(path([[{ lat: 1, lon: 2 }], [{ lat: 3, lon: 4 }]], place, true), "M2.0,1.0ZM4.0,3.0Z");
});
