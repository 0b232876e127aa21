// Chat as the sender sees it: what is under way, what arrived, what failed.
// Pure; the room's own list is in the roster.

import type { ChatMessage } from "./messages";

export interface Outgoing {
  id: string;
  text: string;
  state: "sending" | "failed";
  /** Of the ack, when it came before the message itself. */
  seq?: number;
  /** Why it failed. */
  code?: string;
}

export function acked(out: readonly Outgoing[], id: string, seq: number, chat: readonly ChatMessage[]): Outgoing[] {
  return settle(out.map((o) => (o.id === id ? { ...o, seq } : o)), chat, "");
}

export function failed(out: readonly Outgoing[], id: string, code: string): Outgoing[] {
  return out.map((o) => (o.id === id ? { ...o, state: "failed", code } : o));
}

/**
 * Takes away what the room's list holds by now. A message whose ack is not
 * here yet is recognised by its text, so that nothing is shown twice.
 */
export function settle(out: readonly Outgoing[], chat: readonly ChatMessage[], self: string, since = 0): Outgoing[] {
  const seqs = new Set(chat.map((m) => m.seq));
  const own = chat.filter((m) => m.peer_id === self && m.seq > since).map((m) => m.text);
  return out.filter((o) => {
    if (o.seq !== undefined) return !seqs.has(o.seq);
    if (o.state !== "sending") return true;
    const i = own.indexOf(o.text);
    if (i < 0) return true;
    own.splice(i, 1);
    return false;
  });
}

export type Piece = { text: string } | { link: string; text: string };

/** Splits a message into text and links; only http and https become links. */
export function linkify(text: string): Piece[] {
  const out: Piece[] = [];
  let at = 0;
  for (const m of text.matchAll(/https?:\/\/[^\s<>"']+/gi)) {
    // Closing punctuation belongs to the sentence, unless the address opened the bracket.
    let raw = m[0].replace(/[.,;:!?…»”]+$/u, "");
    while (/[)\]]$/.test(raw) && count(raw, raw.endsWith(")") ? "(" : "[") < count(raw, raw.slice(-1))) raw = raw.slice(0, -1);
    if (!URL.canParse(raw)) continue;
    if (m.index > at) out.push({ text: text.slice(at, m.index) });
    out.push({ link: new URL(raw).href, text: raw });
    at = m.index + raw.length;
  }
  if (at < text.length) out.push({ text: text.slice(at) });
  return out;
}

function count(s: string, c: string): number {
  return s.split(c).length - 1;
}
