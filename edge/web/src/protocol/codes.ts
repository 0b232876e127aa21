// What the page does about each code of edge/signal/codes.json. A test checks
// that the lists are the same and that every code has words in every language.

/** What can be done about a refusal. */
export type Remedy =
  | "none" // trying again changes nothing
  | "retry" // the person may try again
  | "auto" // the page tries again by itself, at the same node
  | "elsewhere"; // the page goes to the next node by itself

export const refusals = {
  bad_message: "retry",
  unsupported_version: "retry", // a reload brings the page that fits
  not_found: "none",
  denied: "none",
  token_missing: "none",
  token_malformed: "none",
  token_algorithm: "none",
  token_signature: "none",
  token_expired: "none",
  token_not_yet_valid: "retry",
  token_wrong_company: "none",
  token_wrong_room: "none",
  token_revoked: "none",
  resume_invalid: "retry",
  too_early: "retry",
  locked: "retry",
  full: "retry",
  blocked: "none",
  wrong_password: "none",
  node_full: "elsewhere",
  node_draining: "elsewhere",
  superseded: "retry", // a newer attachment of the same participant is there; only the person decides
  try_again: "auto",
  check_failed: "retry", // the company's own server did not answer
  internal: "retry",
} as const satisfies Record<string, Remedy>;

/** Whether the page resumes by itself after an attachment ended with the code. */
export const ends = {
  superseded: false,
  kicked: false,
  blocked: false,
  room_closed: false,
  node_draining: true,
  slow_consumer: true,
  transport_failed: true,
  internal: true,
} as const satisfies Record<string, boolean>;

export const errors = ["bad_message", "chat_too_long", "no_such_track", "no_such_slot", "not_allowed", "full", "rate_limited", "try_again", "internal"] as const;

export const slotStates = ["live", "paused", "waiting", "empty"] as const;

export const pauseReasons = ["bandwidth", "hidden", "codec", "source", "cap"] as const;

export const viewPriorities = ["share", "pinned", "speaker", "other"] as const;

export const qualityCauses = ["none", "uplink_loss", "downlink", "cpu", "paused"] as const;

export const leaves = ["left", "kicked", "blocked", "superseded", "lost", "room_closed"] as const;

/** What the check of the connection may find; shared with the library for embedding pages. */
export { findings, hinders } from "../../embed/src/findings";

export function remedy(code: string): Remedy {
  return Object.hasOwn(refusals, code) ? refusals[code as keyof typeof refusals] : "retry";
}

export function resumesAfter(code: string): boolean {
  return Object.hasOwn(ends, code) ? ends[code as keyof typeof ends] : false;
}
