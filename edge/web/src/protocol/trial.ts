// The socket of a check: open it does or does not, and each offer is answered
// by the node or refused (PROTOCOL.md, Checking).

import type { Clock, Timer } from "./clock";
import type { OpenSocket, SocketLike } from "./line";
import type { IceServer } from "./messages";

export interface Answered {
  answer: string;
  ice_servers: readonly IceServer[];
}

/** Is thrown when the node answers no more offers. */
export class TrialOver extends Error {
  /** The code of the refusal; empty if the socket is gone. */
  constructor(readonly code: string) {
    super(code);
  }
}

export class Trial {
  /** Whether the socket opened in time. */
  readonly opened: Promise<boolean>;
  private readonly socket: SocketLike;
  private readonly timer: Timer;
  private readonly asked = new Map<string, { done: (a: Answered) => void; fail: (e: TrialOver) => void }>();
  private over: TrialOver | undefined;

  constructor(url: string, open: OpenSocket, clock: Clock, timeoutMs: number) {
    this.socket = open(url);
    this.opened = new Promise((settle) => {
      this.socket.onopen = () => settle(true);
      this.socket.onclose = () => (settle(false), this.end(""));
    });
    this.timer = clock.after(timeoutMs, () => this.socket.onclose?.({ code: 1006, reason: "" }));
    void this.opened.then(() => clock.cancel(this.timer));
    this.socket.onerror = () => {};
    this.socket.onmessage = (e) => this.receive(e.data);
  }

  ask(id: string, offer: string): Promise<Answered> {
    if (this.over) return Promise.reject(this.over);
    return new Promise((done, fail) => {
      this.asked.set(id, { done, fail });
      this.socket.send(JSON.stringify({ type: "check", v: 1, id, offer }));
    });
  }

  close(): void {
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.end("");
    this.socket.close(1000, "");
  }

  private receive(data: unknown): void {
    const m = read(data);
    if (m?.["type"] === "refused") return this.end(String(m["code"] ?? ""));
    const asked = this.asked.get(String(m?.["id"]));
    if (!asked || m?.["type"] !== "checked" || typeof m["answer"] !== "string") return;
    asked.done({ answer: m["answer"], ice_servers: Array.isArray(m["ice_servers"]) ? (m["ice_servers"] as IceServer[]) : [] });
  }

  private end(code: string): void {
    this.over ??= new TrialOver(code);
    for (const a of this.asked.values()) a.fail(this.over);
    this.asked.clear();
  }
}

function read(data: unknown): Record<string, unknown> | null {
  try {
    return JSON.parse(String(data)) as Record<string, unknown> | null;
  } catch {
    return null;
  }
}
