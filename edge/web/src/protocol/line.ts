// One signalling connection: frames in and out, pings, and the decision that
// nobody is there any more. It is lost once, with a cause, and never comes back.

import type { Clock, Timer } from "./clock";
import { parse, type ClientMessage, type ServerMessage } from "./messages";

/** The part of WebSocket that is used; tests give a fake. */
export interface SocketLike {
  onopen: ((e: never) => void) | null;
  onmessage: ((e: { data: unknown }) => void) | null;
  onclose: ((e: { code: number; reason: string }) => void) | null;
  onerror: ((e: never) => void) | null;
  send(data: string): void;
  close(code?: number, reason?: string): void;
}

export type OpenSocket = (url: string) => SocketLike;

/** A node that does not complete a WebSocket in this time is taken for dead: a black hole sends no RST. */
export const OPEN_TIMEOUT_MS = 2_500;

/** Nothing heard for this long ends the attachment (PROTOCOL.md, ping). */
export const SILENCE_MS = 5_000;

/** How often silence is looked for. */
const WATCH_MS = 500;

/** Close codes: the first tells the server that the participant left, the second (IANA: timeout) that they may come back. */
const CLOSED = 1000;
const GIVEN_UP = 3008;

export type LineLoss = "unreachable" | "closed" | "silent";

export class Line {
  private readonly socket: SocketLike;
  private opened = false;
  private over = false;
  private queue: ClientMessage[] = [];
  private heard: number;
  private asking: ((heard: boolean) => void)[] = [];
  private openTimer: Timer;
  private pingTimer: Timer;
  private watchTimer: Timer;
  /** Round trip of the last answered ping, ms. */
  rtt: number | undefined;

  onmessage: (m: ServerMessage) => void = () => {};
  onopen: () => void = () => {};
  onlost: (cause: LineLoss) => void = () => {};

  constructor(
    url: string,
    open: OpenSocket,
    private readonly clock: Clock,
  ) {
    this.heard = clock.now();
    this.socket = open(url);
    this.openTimer = clock.after(OPEN_TIMEOUT_MS, () => this.lose("unreachable"));
    this.socket.onopen = () => this.open();
    this.socket.onmessage = (e) => this.receive(e.data);
    this.socket.onclose = () => this.lose(this.opened ? "closed" : "unreachable");
    this.socket.onerror = () => {};
  }

  get alive(): boolean {
    return !this.over;
  }

  /** Sends now or, while the socket opens, as soon as it is open. */
  send(m: ClientMessage): void {
    if (this.over) return;
    if (!this.opened) this.queue.push(m);
    else this.socket.send(JSON.stringify(m));
  }

  /** Starts pinging and watching for silence. */
  watch(pingMs: number): void {
    this.heard = this.clock.now();
    const ping = (): void => {
      this.send({ type: "ping", t: this.clock.now() });
      this.pingTimer = this.clock.after(pingMs, ping);
    };
    let last = this.clock.now();
    const look = (): void => {
      const now = this.clock.now();
      if (now - last > WATCH_MS + SILENCE_MS / 2) {
        // The timer itself was late: the machine slept. Ask before judging.
        this.heard = Math.max(this.heard, now - SILENCE_MS / 2);
        this.send({ type: "ping", t: now });
      }
      last = now;
      if (now - this.heard > SILENCE_MS) this.lose("silent");
      else this.watchTimer = this.clock.after(WATCH_MS, look);
    };
    ping();
    look();
  }

  /** Asks at once: true as soon as anything is heard, false if not in time. */
  answers(ms: number): Promise<boolean> {
    if (this.over) return Promise.resolve(false);
    this.send({ type: "ping", t: this.clock.now() });
    return new Promise((done) => {
      this.asking.push(done);
      this.clock.after(ms, () => done(false));
    });
  }

  close(): void {
    this.end(CLOSED);
  }

  private open(): void {
    if (this.over) return;
    this.opened = true;
    this.clock.cancel(this.openTimer);
    this.heard = this.clock.now();
    const queue = this.queue;
    this.queue = [];
    for (const m of queue) this.send(m);
    this.onopen();
  }

  private receive(data: unknown): void {
    if (this.over) return;
    this.heard = this.clock.now();
    for (const done of this.asking.splice(0)) done(true);
    const m = parse(data);
    if (!m) return;
    if (m.type === "pong") this.rtt = this.clock.now() - m.t;
    this.onmessage(m);
  }

  private lose(cause: LineLoss): void {
    if (this.over) return;
    this.end(GIVEN_UP);
    this.onlost(cause);
  }

  private end(code: number): void {
    if (this.over) return;
    this.over = true;
    for (const t of [this.openTimer, this.pingTimer, this.watchTimer]) this.clock.cancel(t);
    this.socket.onopen = this.socket.onmessage = this.socket.onclose = null;
    this.socket.close(code, "");
  }
}
