// One attachment: a line and a transport to one node, from the join to its end.
// It repairs its media with an ICE restart; what it cannot repair it reports
// once, and the session goes on elsewhere.

import type { Node } from "./attach";
import type { Clock, Timer } from "./clock";
import { Line, SILENCE_MS, type LineLoss, type OpenSocket } from "./line";
import type { ClientMessage, EncodeUp, IceServer, Joined, JoinMessage, Refused, ServerMessage, SlotMids, Up } from "./messages";

export type MediaState = "connecting" | "connected" | "disconnected" | "failed";

export interface Offer {
  offer: string;
  up: Up;
}

/** What carries the media; a peer connection in the page, a fake in tests. */
export interface Transport {
  /** Makes the offer of the join and does not set it. */
  offer(): Promise<Offer>;
  /** Makes the offer of an ICE restart and does not set it. */
  restart(): Promise<Offer>;
  /** Makes an offer with this many video slots and does not set it. */
  widen(video: number): Promise<Offer>;
  /** Sets the servers (of a join), the last offer and its answer, in this order. */
  accept(answer: string, servers?: readonly IceServer[]): Promise<void>;
  /** Names the receive slots, by mid, in slot order. */
  slots(mids: SlotMids): void;
  /** Whether anything arrives just now. */
  flows(): Promise<boolean>;
  /** Sends no more of the own videos than anyone watches. */
  encode(up: EncodeUp): void;
  /** Sends at most this of video, bits per second; 0 is no bound. */
  limit(bitrate: number): void;
  onstate: (s: MediaState) => void;
  /** Much came all the time, and now nothing does: everybody mutes, or the path is broken. */
  onsilence: () => void;
  close(): void;
}

/** Is thrown by join when the server said no. */
export class RefusedError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly retryAfter: number,
    readonly said: Pick<Refused, "opens" | "reason" | "contact" | "ask"> = {},
  ) {
    super(message);
  }
}

export type Loss = LineLoss | "timeout" | "transport" | "media";

/** Is thrown by join when the node could not be used. */
export class LostError extends Error {
  constructor(override readonly cause: Loss) {
    super(cause);
  }
}

export const JOIN_TIMEOUT_MS = 6_000;
/** A node that lives takes a line back in two round trips; meanwhile nothing is said. */
export const KEEP_MS = 2_000;
/** The browser has heard nothing for seconds by then; a blink that is over in this time costs nothing. */
export const DISCONNECTED_MS = 2_000;
/** What a busy node and a busy page need beside the round trip. */
export const QUICK_MS = 250;
/** First connection of ICE and DTLS; relayed paths over an ocean take three seconds. */
export const CONNECT_MS = 10_000;
export const ANSWER_TIMEOUT_MS = 4_000;
export const REPAIR_MS = 6_000;

export interface AttachmentDeps<T extends Transport> {
  clock: Clock;
  open: OpenSocket;
  transport: () => T;
  /** Called after each completed SDP exchange. */
  negotiated: () => void;
}

export class Attachment<T extends Transport> {
  readonly transport: T;
  private line: Line;
  private readonly prepared: Promise<Offer>;
  private backlog: ServerMessage[] = [];
  private handler: ((m: ServerMessage) => void) | undefined;
  private waiting: { done: (m: Joined) => void; fail: (e: Error) => void; held: () => void } | undefined;
  private answer: { id: string; done: (m: { answer: string; slots: SlotMids } | undefined) => void } | undefined;
  private over = false;
  private watched = false;
  private repairing = false;
  private widening: Promise<SlotMids | undefined> | undefined;
  private restarts = 0;
  /** Takes an answer that came before the place did. */
  private early: Promise<void> | undefined;
  private mediaTimer: Timer;
  private connectedWaiters: ((ok: boolean) => void)[] = [];
  /** Settles when the socket is open. */
  opened!: Promise<void>;
  /** Whether media was connected at any time. */
  everConnected = false;
  media: MediaState = "connecting";

  /** A moderator must admit this client first; join goes on waiting. */
  onwaiting: () => void = () => {};
  onlost: (cause: Loss) => void = () => {};
  onmedia: (s: MediaState) => void = () => {};
  /** Neither media nor an answer comes any more, perhaps for a moment only. */
  ondoubt: () => void = () => {};

  constructor(
    readonly node: Node,
    private readonly deps: AttachmentDeps<T>,
  ) {
    this.transport = deps.transport();
    this.transport.onstate = (s) => this.mediaChanged(s);
    this.transport.onsilence = () => void this.suspect();
    this.prepared = this.transport.offer();
    this.prepared.catch(() => {}); // reported by join
    this.line = this.dial();
  }

  private dial(): Line {
    const line = new Line(this.node.ws, this.deps.open, this.deps.clock);
    this.opened = new Promise((done) => (line.onopen = done));
    line.onmessage = (m) => this.receive(m);
    line.onlost = (cause) => this.lose(cause);
    return line;
  }

  get alive(): boolean {
    return !this.over;
  }

  get rtt(): number | undefined {
    return this.line.rtt;
  }

  async join(m: Omit<JoinMessage, "type" | "v" | "offer" | "up" | "hear">): Promise<Joined> {
    let offer: Offer;
    try {
      offer = await this.prepared;
    } catch {
      throw this.lost("transport");
    }
    if (this.over) throw new LostError("closed");
    const joined = await this.reply({ type: "join", v: 1, ...m, ...offer, hear: "loudest" });
    try {
      await (this.early ?? this.transport.accept(joined.answer, joined.ice_servers ?? []));
      this.transport.slots(joined.slots);
    } catch {
      throw this.lost("transport");
    }
    if (this.over) throw new LostError("closed");
    this.deps.negotiated();
    this.watch(joined.ping_ms);
    if (this.media !== "connected") this.arm(CONNECT_MS, () => void this.repair());
    return joined;
  }

  /** Opens another line in place of one that was lost; the media goes on as it is. */
  async keep(m: Omit<JoinMessage, "type" | "v" | "hear">): Promise<Joined> {
    this.over = this.watched = false;
    this.handler = undefined;
    this.line = this.dial();
    const joined = await this.reply({ type: "join", v: 1, ...m, keep: true, hear: "loudest" }, KEEP_MS);
    this.watch(joined.ping_ms);
    return joined;
  }

  /** Gives the messages of the call to handler, first those that came meanwhile. */
  deliver(handler: (m: ServerMessage) => void): void {
    this.handler = handler;
    const backlog = this.backlog;
    this.backlog = [];
    for (const m of backlog) handler(m);
  }

  send(m: ClientMessage): void {
    if (!this.over) this.line.send(m);
  }

  /**
   * The network may have changed: makes sure that the node hears and media
   * flows. A new socket to the same node takes more round trips to open than an
   * answer: if it is open first, the old one is dead. Mere waiting proves
   * nothing, a busy computer answers late. silent: media is known not to flow.
   */
  async doubt(silent: boolean, rival: () => Promise<unknown>): Promise<void> {
    if (this.over || !this.watched) return;
    const answered = this.line.answers(SILENCE_MS).then((hears) => hears || null); // asked before the rival is
    const first = Promise.race([answered, rival().then(() => false)]);
    const [hears, flows] = await Promise.all([first, !silent && this.transport.flows()]);
    if (hears === false && !flows) this.lose("unreachable");
    else if (hears && !flows && !silent && this.everConnected) void this.repair();
  }

  /** Perhaps: who is answered at once need not doubt. */
  async suspect(): Promise<void> {
    if (this.over || !this.watched) return;
    if (!(await this.line.answers(QUICK_MS + 3 * (this.rtt ?? 0)))) this.ondoubt();
  }

  /** Resolves when media is connected, false when that did not happen in time. */
  connected(timeoutMs: number): Promise<boolean> {
    if (this.media === "connected") return Promise.resolve(true);
    if (this.over) return Promise.resolve(false);
    return new Promise((done) => {
      this.connectedWaiters.push(done);
      this.deps.clock.after(timeoutMs, () => done(false));
    });
  }

  leave(): void {
    this.send({ type: "leave" });
    this.close();
  }

  /** The page goes, perhaps for a moment only. */
  away(): void {
    this.send({ type: "leave", grace: true });
  }

  /** Ends line and transport without a report. */
  close(): void {
    this.hangUp();
    this.transport.close();
  }

  /** Ends the line alone: its media may still flow until another attachment is there. */
  hangUp(): void {
    this.over = true;
    this.deps.clock.cancel(this.mediaTimer);
    this.line.close();
    this.waiting?.fail(new LostError("closed"));
    this.waiting = undefined;
    this.answer?.done(undefined);
    for (const w of this.connectedWaiters.splice(0)) w(false);
  }

  private reply(m: JoinMessage, within = m.ahead ? 2 * JOIN_TIMEOUT_MS : JOIN_TIMEOUT_MS): Promise<Joined> {
    return new Promise((resolve, reject) => {
      const timer = this.deps.clock.after(within, () => reject(this.lost("timeout")));
      const settle = (): void => {
        this.deps.clock.cancel(timer);
        this.waiting = undefined;
      };
      this.waiting = {
        done: (joined) => (settle(), resolve(joined)),
        fail: (e) => (settle(), reject(e)),
        held: () => this.deps.clock.cancel(timer), // a person decides, and takes their time
      };
      this.line.send(m);
    });
  }

  private receive(m: ServerMessage): void {
    if (m.type === "joined") this.waiting?.done(m);
    else if (m.type === "checking") this.held(m.ping_ms);
    else if (m.type === "connect") this.early = this.transport.accept(m.answer, m.ice_servers ?? []);
    else if (m.type === "waiting") {
      this.held(m.ping_ms);
      this.onwaiting();
    }
    else if (m.type === "refused") this.waiting?.fail(new RefusedError(m.code, m.message, m.retry_after ?? 0, m));
    else if (m.type === "answer" && m.id === this.answer?.id) this.answer.done(m);
    else if (m.type === "error" && m.id !== undefined && m.id === this.answer?.id) this.answer.done(undefined);
    else if (this.handler) this.handler(m);
    else this.backlog.push(m);
  }

  private held(pingMs: number): void {
    if (!this.waiting) return;
    this.waiting.held();
    this.watch(pingMs);
  }

  /** From the first answer on, silence of the node is noticed. */
  private watch(pingMs: number): void {
    if (!this.watched) this.line.watch(pingMs || 2_000);
    this.watched = true;
  }

  private mediaChanged(s: MediaState): void {
    if (this.over || s === this.media) return;
    this.media = s;
    switch (s) {
      case "connected":
        this.deps.clock.cancel(this.mediaTimer);
        this.everConnected = true;
        this.repairing = false;
        for (const w of this.connectedWaiters.splice(0)) w(true);
        break;
      case "disconnected":
        void this.suspect();
        if (!this.repairing) this.arm(DISCONNECTED_MS, () => void this.repair());
        break;
      case "failed":
        void this.suspect();
        if (!this.repairing) void this.repair();
        break;
    }
    this.onmedia(s);
  }

  /** Asks for this many video slots; resolves to all there are, or to nothing where it did not work. */
  widen(video: number): Promise<SlotMids | undefined> {
    if (this.over || this.repairing || this.widening) return Promise.resolve(undefined);
    const widening = this.exchange(this.transport.widen(video)).catch(() => undefined);
    this.widening = widening;
    return widening.finally(() => (this.widening = undefined));
  }

  /** Only media broke and the line lives: restart ICE on the same node, once. */
  private async repair(): Promise<void> {
    if (this.over || this.repairing) return;
    this.repairing = true;
    this.arm(REPAIR_MS, () => this.lose("media"));
    try {
      await this.widening; // one question at a time
      await this.exchange(this.transport.restart());
    } catch {
      this.lose("media");
    }
  }

  private async exchange(prepared: Promise<Offer>): Promise<SlotMids | undefined> {
    const answer = await this.ask(await prepared);
    if (this.over) return undefined;
    if (!answer) throw new LostError("timeout");
    await this.transport.accept(answer.answer);
    if (answer.slots) this.transport.slots(answer.slots);
    this.deps.negotiated();
    return answer.slots;
  }

  private ask(offer: Offer): Promise<{ answer: string; slots: SlotMids } | undefined> {
    const id = `o${++this.restarts}`;
    return new Promise((resolve) => {
      const timer = this.deps.clock.after(ANSWER_TIMEOUT_MS, () => this.answer?.done(undefined));
      this.answer = {
        id,
        done: (m) => {
          this.deps.clock.cancel(timer);
          this.answer = undefined;
          resolve(m);
        },
      };
      this.line.send({ type: "offer", id, ...offer });
    });
  }

  private arm(ms: number, run: () => void): void {
    this.deps.clock.cancel(this.mediaTimer);
    this.mediaTimer = this.deps.clock.after(ms, run);
  }

  private lost(cause: Loss): LostError {
    this.lose(cause);
    return new LostError(cause);
  }

  private lose(cause: Loss): void {
    if (this.over) return;
    const waiting = this.waiting;
    this.waiting = undefined;
    this.hangUp();
    waiting?.fail(new LostError(cause));
    this.onlost(cause);
  }
}
