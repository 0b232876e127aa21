// Reads the parameters of a request; what is not as it should be is a fault.

import type { Choice } from "../../embed/src/methods";
import { fault } from "./door";

export type Params = Record<string, unknown>;

/** Bytes would do as well; characters are what a person counts. */
const ID_LIMIT = 256;

export function flag(x: unknown): boolean {
  if (typeof x !== "boolean") throw fault("bad_message");
  return x;
}

export function text(x: unknown, limit: number): string {
  const trimmed = typeof x === "string" ? x.trim() : "";
  if (!trimmed || trimmed.length > limit) throw fault("bad_message");
  return trimmed;
}

/** A peer id, as it is: blanks belong to it. */
export function peer(x: unknown): string {
  if (typeof x !== "string" || x === "" || x.length > ID_LIMIT) throw fault("bad_message");
  return x;
}

/** A device by id or label. */
export function choice(x: Params): Choice {
  const { id, label } = x;
  const part = (v: unknown): string | undefined => (v === undefined || v === "" ? undefined : text(v, ID_LIMIT));
  const c = { id: part(id), label: part(label) };
  if (c.id === undefined && c.label === undefined) throw fault("bad_message");
  return c;
}

export function oneOf<T>(x: unknown, list: readonly T[]): T {
  const found = list.find((each) => each === x);
  if (found === undefined) throw fault("bad_message");
  return found;
}
