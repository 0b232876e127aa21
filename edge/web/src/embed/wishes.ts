// With what somebody comes in, as the embedding page wishes: without a device,
// with one, or with a certain one.

import type { Device } from "../../embed/src/events";
import type { Choice, Wish } from "../../embed/src/methods";
import type { Kind } from "../media/devices";
import type { Meeting } from "./calls";
import { fault } from "./door";
import { choice, type Params } from "./read";
import { until } from "./until";

export const kinds = ["mic", "camera", "speaker"] as const satisfies readonly Device["kind"][];

/** What is not there stays as it is. */
export type Wishes = Partial<Record<Kind, Wish>>;

export function wishes(p: Params): Wishes {
  return { mic: wish(p["mic"]), camera: wish(p["camera"]) };
}

function wish(x: unknown): Wish | undefined {
  if (x === undefined || typeof x === "boolean") return x;
  if (typeof x !== "object" || x === null) throw fault("bad_message");
  return choice(x as Params);
}

/** Before the join: what is switched on is opened by the join, in one question to the person. */
export function begin(devices: Meeting["devices"], w: Wishes): void {
  for (const [kind, on] of [["mic", devices.micOn], ["camera", devices.cameraOn]] as const) {
    if (w[kind] === false) devices.yield(kind);
    else if (w[kind] !== undefined) on.value = true;
  }
}

/** In the call: what it did not bring. A device that is not there is told as an event. */
export async function bring(app: Meeting, w: Wishes): Promise<void> {
  const { devices } = app;
  await until(() => !devices.starting.value);
  for (const kind of ["mic", "camera"] as const) {
    const wanted = w[kind];
    if (wanted === undefined || app.floor.bars.value[kind]) continue;
    if (wanted === false) devices.yield(kind);
    else if (!devices.media.value[kind] && !devices.trouble.value[kind]) await devices.toggle(kind);
    if (typeof wanted !== "object") continue;
    const id = find(devices.of(kind).map((d) => ({ kind, id: d.deviceId, label: d.label })), kind, wanted);
    if (id !== undefined && devices.media.value[kind]) await devices.choose(kind, id);
  }
}

/** By id, else by label: ids are the page's own, as browsers make them, labels are the system's. */
export function find(list: readonly Device[], kind: Device["kind"], { id, label }: Choice): string | undefined {
  const of = list.filter((d) => d.kind === kind);
  return (of.find((d) => d.id === id) ?? of.find((d) => label !== undefined && d.label === label))?.id;
}
