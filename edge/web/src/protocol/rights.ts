// What the rules, the mode and the role let a person do, so that the page can
// say it before the room refuses it. The room decides; see PROTOCOL.md, Acts.

import type { Audience, Media, Person, Rules } from "./messages";

/** A source that is switched on and off as one; a share has its sound with it. */
export type Switch = "mic" | "camera" | "share";

/** Why something may not be; each has words in every language. */
export type Bar = "viewer" | "observer" | "lecture" | "moderators" | "nobody";

type Who = Pick<Person, "role" | "mode">;

/** Why a person may not have a source on, null if they may. */
export function barred(p: Who, rules: Rules, source: Switch): Bar | null {
  if (p.mode === "viewer") return "viewer";
  if (source === "mic") return rules.mute_mode === "lecture" && p.role !== "moderator" ? "lecture" : null;
  if (p.mode === "observer") return "observer";
  return source === "share" ? outside(p, rules.share) : null;
}

/** Why a person is not of an audience, null if they are. */
export function outside(p: Who, audience: Audience): Bar | null {
  if (p.role === "moderator") return audience === "nobody" ? "nobody" : null;
  switch (audience) {
    case "all":
      return null;
    case "speakers":
      return p.mode === "viewer" ? "viewer" : null;
    case "moderators":
      return "moderators";
    default:
      return "nobody";
  }
}

export const switches = ["mic", "camera", "share"] as const satisfies readonly Switch[];

/** What was on before and is off after. */
export function fallen(before: Media, after: Media): Switch[] {
  return switches.filter((s) => before[s] && !after[s]);
}

/** People whose hand is up, who raised it first first. */
export function handsUp(people: readonly Person[]): Person[] {
  return people
    .filter((p) => p.hand !== null)
    .sort((a, b) => Date.parse(a.hand ?? "") - Date.parse(b.hand ?? "") || (a.peer_id < b.peer_id ? -1 : 1));
}
