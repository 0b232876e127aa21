// A clock, a network of nodes and a transport for tests: they behave as the
// real ones do, silence included, and nothing waits for real time.

import type { Fetch, Node } from "./attach";
import type { MediaState, Offer, Transport } from "./attachment";
import type { Clock, Timer } from "./clock";
import type { SocketLike } from "./line";
import type { ClientMessage, EncodeUp, IceServer, Joined, JoinMessage, Person, SlotMids } from "./messages";
import { defaultRules } from "./messages";

export class FakeClock implements Clock {
  private time = 1000;
  private timers: { at: number; run: () => void }[] = [];

  now(): number {
    return this.time;
  }
  after(ms: number, run: () => void): Timer {
    const timer = { at: this.time + ms, run };
    this.timers.push(timer);
    return timer;
  }
  cancel(timer: Timer | undefined): void {
    this.timers = this.timers.filter((t) => t !== timer);
  }
  /** Lets ms pass, timer by timer, with everything that follows from each. */
  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      await settle();
      const next = this.timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.timers = this.timers.filter((t) => t !== next);
      this.time = Math.max(this.time, next.at);
      next.run();
    }
    this.time = end;
  }
  /** The machine sleeps: time passes and no timer runs on time. */
  sleep(ms: number): void {
    this.time += ms;
  }
}

/** Runs all pending microtasks. */
export const settle = (): Promise<void> => new Promise((done) => setImmediate(done));

export class FakeTransport implements Transport {
  static count = 0;
  readonly log: string[] = [];
  readonly id = ++FakeTransport.count;
  mids: SlotMids | undefined;
  servers: readonly IceServer[] | undefined;
  closed = false;
  flowing = true;
  onstate: (s: MediaState) => void = () => {};
  onsilence: () => void = () => {};

  /** Whether a node that it could lead to is silent. */
  constructor(private readonly broken: () => boolean = () => false) {}

  offer(): Promise<Offer> {
    this.log.push("offer");
    return Promise.resolve({ offer: `offer-${this.id}`, up: { mic: "0", camera: "1", camera2: "2", share: "3", share_audio: "4" } });
  }
  restart(): Promise<Offer> {
    this.log.push("restart");
    return Promise.resolve({ offer: `restart-${this.id}`, up: { mic: "0", camera: "1", camera2: "2", share: "3", share_audio: "4" } });
  }
  widen(video: number): Promise<Offer> {
    this.log.push(`widen ${video}`);
    return Promise.resolve({ offer: `widen-${this.id}`, up: { mic: "0", camera: "1", camera2: "2", share: "3", share_audio: "4" } });
  }
  accept(answer: string, servers?: readonly IceServer[]): Promise<void> {
    this.log.push(`accept ${answer}`);
    if (servers) this.servers = servers;
    return Promise.resolve();
  }
  slots(mids: SlotMids): void {
    this.mids = mids;
  }
  flows(): Promise<boolean> {
    return Promise.resolve(this.flowing && !this.broken());
  }
  encode(up: EncodeUp): void {
    this.log.push(`encode ${JSON.stringify(up)}`);
  }
  limit(bitrate: number): void {
    this.log.push(`limit ${bitrate}`);
  }
  close(): void {
    this.closed = true;
  }
}

export class FakeSocket implements SocketLike {
  onopen: ((e: never) => void) | null = null;
  onmessage: ((e: { data: unknown }) => void) | null = null;
  onclose: ((e: { code: number; reason: string }) => void) | null = null;
  onerror: ((e: never) => void) | null = null;
  readonly sent: ClientMessage[] = [];
  closed = false;
  /** With which the page closed it. */
  code: number | undefined;

  constructor(
    readonly node: string,
    private readonly net: FakeNet,
  ) {
    queueMicrotask(() => this.net.silent.has(node) || this.onopen?.(undefined as never));
  }
  get mute(): boolean {
    return this.closed || this.net.silent.has(this.node);
  }
  send(data: string): void {
    const m = JSON.parse(data) as ClientMessage;
    this.sent.push(m);
    if (this.mute) return;
    if (m.type === "ping") this.deliver({ type: "pong", t: m.t });
    else this.net.serve(this, m);
  }
  deliver(m: object): void {
    queueMicrotask(() => this.mute || this.onmessage?.({ data: JSON.stringify(m) }));
  }
  /** The server closes. */
  drop(code = 1006): void {
    this.closed = true;
    this.onclose?.({ code, reason: "" });
  }
  close(code?: number): void {
    this.closed = true;
    this.code = code;
  }
  last<K extends ClientMessage["type"]>(type: K): Extract<ClientMessage, { type: K }> {
    const m = this.sent.findLast((x) => x.type === type);
    if (!m) throw new Error(`no ${type} was sent to ${this.node}`);
    return m as Extract<ClientMessage, { type: K }>;
  }
}

/** Some nodes, what each says to a join, and which are silent. */
export class FakeNet {
  readonly sockets: FakeSocket[] = [];
  readonly transports: FakeTransport[] = [];
  readonly silent = new Set<string>();
  /** The room a token leads to, by the room of the address. */
  readonly rooms = new Map<string, string>();
  /** Refusal by node; checked before a join is answered. */
  readonly refuse = new Map<string, (m: JoinMessage) => string | undefined>();
  people: Person[] = [];
  /** What joined says instead, by what was asked. */
  given: (m: JoinMessage) => Partial<Joined> = () => ({});
  /** Who joins waits to be admitted. */
  lobby = false;
  /** The company's own server is asked about who joins. */
  checks = false;
  /** Nodes still have the media of who lost the line. */
  keeps = false;
  /** Who moves connects before there is a place. */
  connects = false;
  attachAsked = 0;
  answerOffers = true;

  constructor(readonly names: string[]) {}

  readonly fetch: Fetch = (url) => {
    const name = new URL(url).hostname;
    if (this.silent.has(name)) return Promise.reject(new TypeError("unreachable"));
    if (url.includes("/attach")) this.attachAsked++;
    return Promise.resolve({ ok: true, status: 200, json: () => Promise.resolve({ nodes: this.names.map((n) => this.node(n)) }) });
  };

  node(name: string): Node {
    return { node: name, pop: name, url: `http://${name}`, ws: `ws://${name}/ws`, probe: `http://${name}/probe`, load: 0 };
  }
  open = (url: string): SocketLike => {
    const s = new FakeSocket(new URL(url).hostname, this);
    this.sockets.push(s);
    return s;
  };
  transport = (): FakeTransport => {
    const t = new FakeTransport(() => this.silent.size > 0);
    this.transports.push(t);
    return t;
  };
  /** Sockets that carried a join, in order. */
  get joins(): FakeSocket[] {
    return this.sockets.filter((s) => s.sent.some((m) => m.type === "join"));
  }
  serve(s: FakeSocket, m: ClientMessage): void {
    if (m.type === "join") {
      if (this.checks && !m.resume) return s.deliver({ type: "checking", ping_ms: 2000 });
      if (this.lobby && !m.resume) return s.deliver({ type: "waiting", ping_ms: 2000 });
      if (m.keep) return s.deliver(this.keeps ? { ...this.joined(s.node, m), answer: "", media: "kept" } : { type: "refused", code: "resume_invalid", message: "", retry_after: 0 });
      if (m.ahead && this.connects) s.deliver({ type: "connect", answer: `early answer of ${s.node}`, ice_servers: [], ping_ms: 2000 });
      const code = this.refuse.get(s.node)?.(m);
      s.deliver(code ? { type: "refused", code, message: "", retry_after: 1 } : this.joined(s.node, m));
    } else if (m.type === "offer" && this.answerOffers) s.deliver({ type: "answer", id: m.id, answer: "again", slots: slots });
    else if (m.type === "subscribe") s.deliver({ type: "subscribed", seq: m.seq, failed: [] });
  }
  /** Admits who waits at a socket. */
  admit(s: FakeSocket): void {
    s.deliver(this.joined(s.node, s.last("join")));
  }
  private joined(node: string, m: JoinMessage): Joined {
    const id = m.peer_id || "made-up";
    const self: Person = { peer_id: id, name: m.name, role: "regular", owner: false, mode: "speaker", hand: null, pop: node, joined_at: new Date(0).toISOString(), state: "present", media: m.media, tracks: {} };
    return {
      type: "joined", peer_id: id, answer: `answer of ${node}`, ice_servers: [{ urls: [`turn:${node}`] }], resume: `ticket of ${node}`,
      node: { id: node, pop: node }, room: { id: this.rooms.get(m.room) ?? m.room, version: 1, home: "a" }, self, people: [...this.people, self], chat: [], rules: defaultRules,
      slots, assigned: { video: [null, null], audio: [null] }, ping_ms: 2000, trace: "", ...this.given(m),
    };
  }
}

const slots: SlotMids = { video: ["5", "6"], audio: ["7"] };
