// Rules of choosing a password, and the secret of a password link. No DOM.

import { Problem } from "./api";
import type { Key } from "./i18n";

/** The path to which password links lead. */
export const passwordPath = "/admin/password";

/** Length of a password, as the API has it: characters at least, bytes of UTF-8 at most. */
export const least = 8;
export const most = 256;

/** What follows # in a password link; empty where there is nothing of the kind. */
export function linkToken(hash: string): string {
  const token = hash.replace(/^#/, "");
  return /^mrl_[\w-]{1,196}$/.test(token) ? token : "";
}

/** What is wrong with a password typed twice, and in which field. */
export function wrongPassword(password: string, again: string): { field: "new" | "again"; why: Key } | null {
  if ([...password].length < least) return { field: "new", why: "password.short" };
  if (new TextEncoder().encode(password).length > most) return { field: "new", why: "password.long" };
  return password === again ? null : { field: "again", why: "password.differs" };
}

/** Whether a refusal is about this field of the request. */
export function isAbout(e: unknown, field: string): boolean {
  return e instanceof Problem && e.errors.some((x) => x.field === field || x.field.endsWith(`.${field}`));
}
