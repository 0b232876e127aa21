// What this person has written and the room has not said yet.

import { signal } from "@preact/signals-core";
import { acked, failed, settle, type Outgoing } from "./chat";
import type { ChatMessage, ClientMessage } from "./messages";

export class Outbox {
  readonly outgoing = signal<readonly Outgoing[]>([]);
  private seenBefore = 0;

  constructor(
    private readonly newId: () => string,
    private readonly send: (m: ClientMessage) => void,
  ) {}

  say(text: string): void {
    const id = this.newId();
    this.outgoing.value = [...this.outgoing.value, { id, text, state: "sending" }];
    this.send({ type: "chat", id, text });
  }

  /** Sends what failed once more. */
  sayAgain(id: string): void {
    const o = this.outgoing.value.find((x) => x.id === id);
    if (!o) return;
    this.outgoing.value = this.outgoing.value.filter((x) => x !== o);
    this.say(o.text);
  }

  /** The room has said more. */
  said(chat: readonly ChatMessage[], self: string): void {
    this.outgoing.value = settle(this.outgoing.value, chat, self, this.seenBefore);
    this.seenBefore = chat.at(-1)?.seq ?? 0;
  }

  /** Another node: what the room has not said yet is said again. */
  again(chat: readonly ChatMessage[], self: string): void {
    this.outgoing.value = settle(this.outgoing.value, chat, self, this.seenBefore);
    for (const o of this.outgoing.value) if (o.state === "sending" && o.seq === undefined) this.send({ type: "chat", id: o.id, text: o.text });
  }

  acked(id: string, seq: number, chat: readonly ChatMessage[]): void {
    this.outgoing.value = acked(this.outgoing.value, id, seq, chat);
  }

  /** Takes a refusal; false when it is not of a message. */
  failed(id: string, code: string): boolean {
    if (!this.outgoing.value.some((o) => o.id === id)) return false;
    this.outgoing.value = failed(this.outgoing.value, id, code);
    return true;
  }

  clear(): void {
    this.outgoing.value = [];
  }
}
