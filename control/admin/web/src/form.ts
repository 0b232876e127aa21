// Forms without a screen: what a form begins with, and the body it makes.

import type { Item } from "./api";
import type { Field } from "./sections";

export type Value = string | boolean | string[];
export type Values = Record<string, Value>;

export function valueAt(item: Item | null, name: string): unknown {
  let at: unknown = item;
  for (const part of name.split(".")) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Record<string, unknown>)[part];
  }
  return at;
}

/** What the fields show at first: of the item, or nothing. */
export function begin(fields: readonly Field[], item: Item | null): Values {
  const out: Values = {};
  for (const f of fields) {
    const v = valueAt(item, f.name);
    switch (f.kind) {
      case "switch":
        out[f.name] = v === undefined ? f.on === true : v === true;
        break;
      case "scopes":
        out[f.name] = Array.isArray(v) ? (v as string[]) : [];
        break;
      case "choice":
        out[f.name] = typeof v === "string" ? v : (f.choices?.[0]?.value ?? "");
        break;
      case "password":
        out[f.name] = "";
        break;
      default:
        out[f.name] = typeof v === "string" ? v : "";
    }
  }
  return out;
}

/**
 * The body of a request: of a new thing what was filled in, of one that exists
 * what differs from it, null where something was emptied.
 */
export function bodyOf(fields: readonly Field[], item: Item | null, values: Values): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  const before = begin(fields, item);
  for (const f of fields) {
    const v = values[f.name];
    if (v === undefined || (item !== null && f.once)) continue;
    if (same(v, before[f.name]) && (item !== null || f.kind !== "choice" || empty(v))) continue;
    put(body, f.name, empty(v) ? null : typeof v === "string" && f.kind !== "password" ? v.trim() : v);
  }
  return body;
}

const empty = (v: Value): boolean => v === "" || (Array.isArray(v) && v.length === 0);

function same(a: Value, b: Value | undefined): boolean {
  return Array.isArray(a) && Array.isArray(b) ? a.length === b.length && a.every((x) => b.includes(x)) : a === b;
}

function put(body: Record<string, unknown>, name: string, value: unknown): void {
  const parts = name.split(".");
  const last = parts.pop() as string;
  let at = body;
  for (const p of parts) at = (at[p] ??= {}) as Record<string, unknown>;
  at[last] = value;
}

/** Fields that must be filled and are not. */
export function missing(fields: readonly Field[], item: Item | null, values: Values): string[] {
  return fields.filter((f) => f.required && !(item !== null && f.once) && typeof values[f.name] === "string" && (values[f.name] as string).trim() === "").map((f) => f.name);
}

const day = 86_400_000; // ms

/** The end of something that lives some days from now, to the second. */
export function inDays(days: number, now: number): string {
  return new Date(now + days * day).toISOString().replace(/\.\d+Z$/, "Z");
}

/** The scopes without those that another one includes: writing includes reading. */
export function tidyScopes(scopes: readonly string[]): string[] {
  return scopes.filter((s) => !(s.endsWith(":read") && scopes.includes(s.replace(":read", ":write")))).sort();
}
