// Lets the embedding page in: takes its port once it has shown where it comes
// from, and keeps what comes over the port within bounds. It knows nothing of
// meetings.

import { CHANNEL, REPLY_LIMIT, VERSION, greeting, newNonce, readRequest, type Fault, type Greeting } from "../../embed/src/envelope";
import type { Clock } from "../protocol/clock";
import { allows } from "./origins";

/** Requests at once, and per second in the long run. */
export const BURST = 40;
export const RATE = 20;
/** Too many requests answered so in a row end the channel. */
export const PATIENCE = 200;
/** Requests that are being carried out. */
export const BUSY = 32;
/** Hellos that a page takes in its life; each is a port to hold. */
export const HELLOS = 64;

export interface Surroundings {
  window: Pick<Window, "addEventListener" | "parent">;
  /** Who may command, as origins.ts reads it. */
  list: string;
  clock: Clock;
}

/** Carries out a request; throws a Fault, anything else counts as internal. */
export type Handler = (method: string, params: Record<string, unknown>) => Promise<unknown>;

export class Door {
  onopen: () => void = () => {};

  private readonly page = newNonce();
  private port: MessagePort | null = null;
  private readonly seen = new Set<string>();
  private tokens = BURST;
  private filled = 0;
  private refused = 0;
  private busy = 0;

  constructor(
    private readonly at: Surroundings,
    private readonly handle: Handler,
  ) {
    at.window.addEventListener("message", (e) => this.knock(e));
    // Where the parent comes from is not known yet everywhere; this says nothing that anybody may not hear.
    const waiting: Greeting = { channel: CHANNEL, v: VERSION, type: "waiting", page: this.page };
    at.window.parent.postMessage(waiting, "*");
  }

  /** Tells the embedding page, if it listens. What is too long is not told. */
  tell(event: string, detail: object): void {
    this.send({ v: VERSION, event, detail });
  }

  private knock(e: MessageEvent): void {
    if (e.source !== this.at.window.parent) return; // a sibling, an opener, a frame in here
    const g = greeting(e.data);
    if (g?.type !== "hello") return;
    const port = e.ports[0];
    if (!port || e.ports.length !== 1 || this.seen.has(g.nonce) || this.seen.size >= HELLOS) return e.ports.forEach((p) => p.close());
    this.seen.add(g.nonce);
    if (allows(this.at.list, e.origin)) return this.open(port, g.nonce);
    port.close();
    const no: Greeting = { channel: CHANNEL, v: VERSION, type: "refused", nonce: g.nonce, code: "origin_not_allowed" };
    if (URL.canParse(e.origin)) this.at.window.parent.postMessage(no, e.origin);
  }

  /** The newest port is the channel: a library that is loaded again starts anew. */
  private open(port: MessagePort, nonce: string): void {
    this.port?.close();
    this.port = port;
    this.tokens = BURST;
    this.filled = this.at.clock.now();
    this.refused = 0;
    port.onmessage = (e) => {
      if (port === this.port) void this.request(port, e.data);
    };
    this.tell("ready", { nonce, page: this.page });
    this.onopen();
  }

  private async request(port: MessagePort, data: unknown): Promise<void> {
    if (!this.afford()) return this.tooMany(data);
    const r = readRequest(data);
    if (!r) return;
    if ("bad" in r) return this.send({ v: VERSION, re: r.bad, error: { code: "bad_message", message: "" } });
    if (this.busy >= BUSY) return this.tooMany(data);
    this.busy++;
    let answer: object;
    try {
      answer = { v: VERSION, re: r.id, result: (await this.handle(r.method, r.params)) ?? null };
    } catch (e) {
      answer = { v: VERSION, re: r.id, error: isFault(e) ? { code: e.code, message: e.message } : { code: "internal", message: "" } };
    }
    this.busy--;
    if (port === this.port) this.send(answer);
  }

  private afford(): boolean {
    const now = this.at.clock.now();
    this.tokens = Math.min(BURST, this.tokens + ((now - this.filled) * RATE) / 1000);
    this.filled = now;
    if (this.tokens < 1) return false;
    this.tokens--;
    this.refused = 0;
    return true;
  }

  private tooMany(data: unknown): void {
    if (++this.refused > PATIENCE) {
      this.port?.close();
      this.port = null;
      return;
    }
    const r = readRequest(data);
    if (r && "id" in r) this.send({ v: VERSION, re: r.id, error: { code: "rate_limited", message: "" } });
  }

  private send(m: object): void {
    const text = JSON.stringify(m);
    if (text.length <= REPLY_LIMIT) this.port?.postMessage(text);
    else if ("re" in m) this.port?.postMessage(JSON.stringify({ v: VERSION, re: m.re, error: { code: "too_long", message: "" } }));
  }
}

export function fault(code: string, message = ""): Fault {
  return { code, message };
}

function isFault(e: unknown): e is Fault {
  return typeof e === "object" && e !== null && !(e instanceof Error) && "code" in e;
}
