// The methods that are acts of the room. Who may do them the room decides.

import type { Method, Methods, Role, Source } from "../../embed/src/methods";
import type { Act } from "../protocol/messages";
import { flag, oneOf, peer, text, type Params } from "./read";

/** Names that change nothing here but ask the room. */
export type Asking = Extract<Method, "raiseHand" | "react" | "admit" | "reject" | "mute" | "kick" | "block" | "setRole" | "lock" | "endForAll">;

/** Longest reaction, in bytes, is 32; no text of more characters has fewer. */
const REACTION_LIMIT = 32;
const sources = ["mic", "camera", "share"] as const satisfies readonly Source[];
const roles = ["regular", "moderator"] as const satisfies readonly Role[];

export const verbs: { [M in Asking]: (p: Params & Partial<Record<keyof Methods[M]["params"], unknown>>) => Act } = {
  raiseHand: (p) => ({ verb: "hand", value: flag(p.on) }),
  react: (p) => ({ verb: "react", value: text(p.text, REACTION_LIMIT) }),
  admit: (p) => ({ verb: "admit", ...whom(p.peerId) }),
  reject: (p) => ({ verb: "reject", ...whom(p.peerId) }),
  mute: (p) => ({ verb: "mute", ...whom(p.peerId), value: oneOf(p.source, sources) }),
  kick: (p) => ({ verb: "kick", peer_id: peer(p.peerId) }),
  block: (p) => ({ verb: "block", peer_id: peer(p.peerId) }),
  setRole: (p) => ({ verb: "role", peer_id: peer(p.peerId), value: oneOf(p.role, roles) }),
  lock: (p) => ({ verb: "lock", value: flag(p.on) }),
  endForAll: () => ({ verb: "end" }),
};

/** Nobody named is everybody. */
function whom(x: unknown): { peer_id?: string } {
  return x === undefined ? {} : { peer_id: peer(x) };
}
