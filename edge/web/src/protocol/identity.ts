// Who joins which room, and what they show for it: at first what was brought,
// then the ticket of the last node.

import type { Joined, JoinMessage } from "./messages";

export interface Identity {
  room: string;
  kind: string;
  /** Whose words the address uses; native where it is missing. */
  source?: string;
  /** Host name of the page; nodes have others. */
  pageHost?: string;
  token: string;
  /** Secret that the token may be bound to. */
  browser?: string;
  name: string;
  peerId: string;
  /** What the page's address says, as it is when the join goes out. */
  attributes?: () => Record<string, string>;
  /** What the person has typed to be let in. */
  secrets?: () => { password?: string; pin?: string };
}

export type Credentials = Pick<JoinMessage, "room" | "kind" | "source" | "page_host" | "token" | "browser" | "name" | "peer_id" | "resume" | "attributes" | "password" | "pin">;

/** joined is where this person was last, ticket what leads back there; empty: nothing does. */
export function credentials({ room, kind, source = "native", pageHost: page_host = "", token, browser = "", name, peerId, attributes, secrets }: Identity, joined: Joined | null, ticket: string): Credentials {
  const peer_id = joined?.peer_id || peerId;
  // The room that was joined may be the token's, not the address's; a ticket is for that one.
  return ticket !== ""
    ? { room: joined?.room.id ?? room, kind, source, page_host, token: "", browser: "", name: "", peer_id, resume: ticket, attributes: {} }
    : { room, kind, source, page_host, token, browser, name, peer_id, resume: "", attributes: attributes?.() ?? {}, ...secrets?.() };
}
