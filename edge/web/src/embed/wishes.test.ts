import assert from "node:assert/strict";
import { test } from "node:test";
import { signal } from "@preact/signals-core";
import type { Meeting } from "./calls";
import { begin, bring, find, wishes } from "./wishes";

const list = (kind: string) => [{ deviceId: `${kind}-1`, label: "Built in" }, { deviceId: `${kind}-2`, label: "Front" }];

/** Devices of which the camera opens when it is switched on. */
function fake() {
  const done: string[] = [];
  const media = signal({ mic: true, camera: false });
  const devices = {
    micOn: signal(true), cameraOn: signal(false), starting: signal(false), media, trouble: signal({ mic: null, camera: null as string | null }),
    yield: (kind: string) => done.push(`${kind} off`),
    toggle: async (kind: string) => void (done.push(`${kind} on`), (media.value = { ...media.value, [kind]: true })),
    choose: async (kind: string, id: string) => void done.push(`${kind} ${id}`),
    of: list,
  };
  const bars = signal<Record<string, unknown>>({});
  return { app: { devices, floor: { bars } } as unknown as Meeting, devices, bars, done };
}

test("wishes are yes, no, a device, or nothing at all", () => {
  assert.deepEqual(wishes({}), { mic: undefined, camera: undefined });
  assert.deepEqual(wishes({ mic: false, camera: { id: "", label: " Front " } }), { mic: false, camera: { id: undefined, label: "Front" } });
  for (const bad of ["yes", 1, null, {}, { id: 7 }, { id: "x".repeat(257) }]) assert.throws(() => wishes({ mic: bad }), { code: "bad_message" });
});

// Covers GC-A51.
test("before the join what is wished is on or off, and the rest as it is", () => {
  const { devices, app, done } = fake();
  begin(app.devices, { mic: false, camera: true });
  assert.deepEqual([done, devices.cameraOn.value, devices.micOn.value], [["mic off"], true, true]);
  begin(app.devices, {});
  assert.deepEqual(done, ["mic off"]);
});

test("in the call what is missing is opened, by the name that was said", async () => {
  const { app, done } = fake();
  await bring(app, { mic: { label: "Front" }, camera: { id: "of another site", label: "Front" } });
  assert.deepEqual(done, ["mic mic-2", "camera on", "camera camera-2"]);
});

test("what the room bars or the browser refused is not opened", async () => {
  const { app, devices, bars, done } = fake();
  bars.value = { camera: "viewer" };
  await bring(app, { mic: true, camera: true });
  bars.value = {};
  devices.trouble.value = { mic: null, camera: "denied" };
  await bring(app, { camera: { label: "Front" } });
  assert.deepEqual(done, []);
});

test("an id goes before a label, and a device before one of another kind", () => {
  const all = (["mic", "camera"] as const).flatMap((kind) => list(kind).map((d) => ({ kind, id: d.deviceId, label: d.label })));
  for (const [choice, want] of [[{ id: "camera-1", label: "Front" }, "camera-1"], [{ id: "mic-1", label: "Front" }, "camera-2"], [{ id: "mic-1" }, undefined], [{ label: "" }, undefined]] as const) {
    assert.equal(find(all, "camera", choice), want);
  }
});
