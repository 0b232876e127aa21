// The participant's stay in a room over any number of attachments: the first
// join, resuming elsewhere, moving, leaving. It owns the roster, the slots and
// the chat under way; it knows neither the DOM nor WebRTC.

import { batch, effect, signal } from "@preact/signals-core";
import { Acts } from "./acts";
import { fetchAny, measure, Nodes, prefer, rank, type Fetch, type Node } from "./attach";
import { Attachment, LostError, RefusedError, type Loss, type Transport } from "./attachment";
import { pause } from "./backoff";
import { isBound, lesser } from "./bound";
import { acked, failed, settle, type Outgoing } from "./chat";
import { sleep, type Clock } from "./clock";
import { remedy, resumesAfter } from "./codes";
import { Hush, type Fall } from "./hush";
import { Lookups } from "./lookups";
import type { OpenSocket } from "./line";
import { nothingOn, trackOn, type Act, type Assignment, type ClientMessage, type Ended, type Guest, type Joined, type Lookup, type Media, type Page, type Person, type Score, type ServerMessage, type SlotLayer, type View } from "./messages";
import { emptyRoster, replace, speaking, update, type Change, type Roster } from "./roster";
import { chooseSlots, sameSlots } from "./slots";
import { ViewReport } from "./views";

export type Phase = "idle" | "joining" | "waiting" | "live" | "reconnecting" | "refused" | "ended";

/** Why a call is not; message is the server's own words, for the curious. */
export interface Verdict {
  code: string;
  message: string;
  /** Who decided it, if somebody did whom the page knew. */
  by?: Person;
  /** A password is wanted, and none was given. */
  ask?: boolean;
  /** Seconds until it may be otherwise; missing or 0: not stated. */
  retryAfter?: number;
}

export interface SessionDeps<T extends Transport> {
  clock: Clock;
  random: () => number;
  fetch: Fetch;
  open: OpenSocket;
  transport: () => T;
  /** Where the page came from: base URL and WebSocket of the node that served it. */
  origin: { url: string; ws: string };
  newId: () => string;
  /** The POP that was asked for; empty: the nearest. */
  pop: string;
}

export interface Identity {
  room: string;
  kind: string;
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

/** Rounds over all nodes before a first join gives up; a call that was live never does. */
export const FIRST_JOIN_ROUNDS = 5;
const ATTACH_TIMEOUT_MS = 2_500;
const PROBE_TIMEOUT_MS = 1_500;
/** Attachments in a row whose media never came up, before the page says so. */
const MEDIA_FAILURES = 3;
const FAILED_TRACK_MS = 1_500;
const MOVE_CONNECT_MS = 6_000;
/** What is lost this soon after the device's network changed is lost by the device, not by the node. */
const SHAKEN_MS = 5_000;
/** Signs of one change come in flocks. */
const FLOCK_MS = 1_000;

export class Session<T extends Transport> {
  readonly phase = signal<Phase>("idle");
  readonly verdict = signal<Verdict | null>(null);
  readonly roster = signal<Roster>(emptyRoster);
  readonly attachment = signal<Attachment<T> | null>(null);
  readonly joined = signal<Joined | null>(null);
  /** What the slots are to show; what is in those for sound the node says. */
  readonly assigned = signal<Assignment>({ video: [], audio: [] });
  /** What the node has said they show: a picture is named only when it is sure. */
  readonly confirmed = signal<Assignment>({ video: [], audio: [] });
  /** What each video slot gets, as the node last said. */
  readonly layers = signal<readonly (SlotLayer | null)[]>([]);
  /** How well both directions travel, as the node judges; null while it has not. */
  readonly quality = signal<{ up: Score; down: Score } | null>(null);
  /** Who waits to be admitted; told to moderators. */
  readonly lobby = signal<readonly Guest[]>([]);
  /** Whether a moderator had to decide about this join. */
  readonly waited = signal(false);
  readonly outgoing = signal<readonly Outgoing[]>([]);
  readonly rtt = signal<number | null>(null);
  readonly trips = signal<ReadonlyMap<string, number>>(new Map());
  /** How many video tiles the stage has room for. */
  readonly videoLimit = signal(9);
  /** The track that stands large there; empty: none. */
  readonly large = signal("");
  /** SDP exchanges done, over all attachments. */
  negotiations = 0;
  /** Attachments so far; 1 in a call that never had to move. */
  attachments = 0;

  onchange: (c: Change) => void = () => {};
  /** What a moderator or a rule has switched off of what this person had on. */
  onhush: (falls: Fall[]) => void = () => {};
  /** One request failed and nobody waits for it. */
  onerror: (code: string) => void = () => {};

  private readonly nodes = new Nodes();
  private warming: Promise<void> | undefined;
  private warm: Attachment<T> | undefined;
  private pending: Attachment<T> | undefined;
  /** Still current, but the server already counts its successor. */
  private replaced: Attachment<T> | undefined;
  /** Grows with everything that makes a running connect or move stale. */
  private turn = 0;
  private identity: Identity;
  private resume = "";
  private media: Media = nothingOn;
  private subscribeSeq = 0;
  private mediaFailures = 0;
  private chatSeenBefore = 0;
  /** The attachment that was asked for more slots and has not given them. */
  private narrow: Attachment<T> | undefined;
  private roomBound = 0;
  private ownBound = 0;
  private shakenAt = -Infinity;
  private readonly acts: Acts;
  private readonly lookups: Lookups;
  private readonly hush: Hush;
  private readonly views: ViewReport;
  private readonly resting = signal<ReadonlySet<string>>(new Set());

  constructor(
    identity: Identity,
    private readonly deps: SessionDeps<T>,
  ) {
    this.identity = identity;
    this.views = new ViewReport(deps.clock, (video) => this.send({ type: "views", video }));
    this.acts = new Acts(deps.clock, deps.newId, (m) => this.send(m));
    this.lookups = new Lookups(deps.clock, deps.newId, (m) => this.send(m));
    this.hush = new Hush((falls) => this.onhush(falls));
    effect(() => this.updateSlots());
  }

  get self(): string {
    return this.joined.value?.peer_id ?? "";
  }

  /** Finds and measures nodes and opens a socket, so that a join is one round trip. */
  prepare(): Promise<void> {
    this.warming ??= this.find();
    return this.warming.then(() => {
      if (this.phase.value === "idle") this.warmUp();
    });
  }

  async join(name: string, media: Media): Promise<void> {
    if (this.phase.value !== "idle" && this.phase.value !== "refused" && this.phase.value !== "ended") return;
    this.identity = { ...this.identity, name };
    this.hush.want((this.media = media));
    batch(() => {
      this.phase.value = "joining";
      this.waited.value = false;
      this.verdict.value = null;
    });
    const turn = ++this.turn;
    await (this.warming ??= this.find());
    await this.connect(turn);
  }

  leave(): void {
    if (this.phase.value === "ended" || this.phase.value === "refused") return;
    (this.attachment.value ?? this.pending)?.leave();
    this.finish("ended", { code: "left", message: "" });
  }

  /** The page goes: closed, or loaded anew, which returns by comeBack. Nothing ends here. */
  away(): void {
    (this.pending ?? this.attachment.value)?.away();
  }

  /**
   * The device's network changed, or may have: what was open may be dead, what
   * was dead may be open. Nothing is waited for that need not be. If it surely
   * changed, another socket is opened before the first is known to be dead.
   */
  shake(surely: boolean): void {
    const now = this.deps.clock.now();
    const fresh = now - this.shakenAt > FLOCK_MS;
    this.shakenAt = now;
    this.nodes.forgive();
    if (this.phase.value === "live") void (surely ? this.doubt(false) : this.attachment.value?.suspect());
    else if (this.phase.value === "reconnecting" && fresh) {
      this.pending?.close();
      void this.connect(++this.turn);
    }
  }

  /** Opens another socket to the node and sees which of the two it hears on. */
  private async doubt(silent: boolean): Promise<void> {
    const att = this.attachment.value;
    if (!att) return;
    let rival: Attachment<T> | undefined;
    await att.doubt(silent, () => {
      this.warmUp(att.node);
      rival = this.warm;
      return rival?.opened ?? new Promise(() => {});
    });
    if (!att.alive || rival !== this.warm) return;
    rival?.close();
    this.warm = undefined;
  }

  /** Returns to a place that an earlier page of this tab had. */
  comeBack(place: { room: string; peerId: string; name: string; ticket: string }, media: Media): Promise<void> {
    this.identity = { ...this.identity, room: place.room, peerId: place.peerId };
    this.resume = place.ticket;
    return this.join(place.name, media);
  }

  setMedia(media: Media): void {
    this.hush.want((this.media = media));
    this.send({ type: "media", ...media });
  }

  /** What each video slot is shown as, in slot order. */
  setViews(views: readonly (View | null)[]): void {
    this.views.set(views);
  }

  /**
   * Bounds what is sent of video, bits per second; 0 removes the bound. A
   * moderator bounds everybody in the room, others themselves. Resolves to
   * nothing, or to the code of why not.
   */
  setBitrate(max: number): Promise<string> {
    if (!isBound(max)) return Promise.resolve("bad_message");
    if (this.me?.role !== "moderator") {
      this.ownBound = max;
      this.limit();
      return Promise.resolve("");
    }
    return this.act({ verb: "bitrate", value: max });
  }

  /** Asks the room for something; resolves to nothing, or to the code of why not. */
  act(act: Act): Promise<string> {
    return this.phase.value === "live" ? this.acts.ask(act) : Promise.resolve("try_again");
  }

  /** Looks viewers of a webinar up; resolves to a part of them, or to the code of why not. */
  look(q: Lookup): Promise<Page | string> {
    return this.phase.value === "live" ? this.lookups.ask(q) : Promise.resolve("try_again");
  }

  /** This person as the room has them. */
  private get me(): Person | undefined {
    return this.roster.value.people.find((p) => p.peer_id === this.self);
  }

  private limit(): void {
    this.attachment.value?.transport.limit(lesser(this.roomBound, this.ownBound));
  }

  say(text: string): void {
    const id = this.deps.newId();
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

  private async find(): Promise<void> {
    await this.refresh();
    const trips = await measure(this.deps.fetch, this.nodes.all, this.deps.clock, PROBE_TIMEOUT_MS);
    this.trips.value = trips;
    this.nodes.set(prefer(rank(this.nodes.all, trips), this.deps.pop));
  }

  /** A fresh list from any node that answers; without one, the page's own node. */
  private async refresh(): Promise<void> {
    const bases = new Set([this.deps.origin.url, ...this.nodes.all.map((n) => n.url)]);
    try {
      this.nodes.merge(await fetchAny(this.deps.fetch, [...bases], this.identity.room, ATTACH_TIMEOUT_MS));
    } catch {
      if (this.nodes.all.length > 0) return;
      const { url, ws } = this.deps.origin;
      this.nodes.set([{ node: url, pop: "", url, ws, probe: `${url}/probe`, load: 0 }]);
    }
  }

  private warmUp(node = this.nodes.next(this.deps.clock.now())): void {
    if (!node || (this.warm?.alive && this.warm.node.node === node.node)) return;
    this.warm?.close();
    const att = this.open(node);
    this.warm = att;
    // The server waits ten seconds for a join; a socket it closed is opened again on intent.
    att.onlost = () => {
      att.close();
      if (this.warm === att) this.warm = undefined;
    };
  }

  private open(node: Node): Attachment<T> {
    return new Attachment(node, { clock: this.deps.clock, open: this.deps.open, transport: this.deps.transport, negotiated: () => void this.negotiations++ });
  }

  /** Joins or resumes at the best node that takes us; runs until live, refused or stale. */
  private async connect(turn: number): Promise<void> {
    const first = this.phase.peek() !== "reconnecting";
    let last: Verdict = { code: "unreachable", message: "" };
    const ready = this.warm?.alive ? this.warm.node : undefined;
    for (let round = 0; turn === this.turn; round++) {
      if (first && round >= FIRST_JOIN_ROUNDS) return this.finish("refused", last);
      if (round > 0) {
        await sleep(this.deps.clock, pause(round - 1, this.deps.random));
        await this.refresh();
      } else if (!first) void this.refresh();
      const tried = new Set<string>();
      for (let node = (round === 0 && ready) || this.pick(round, tried); node && turn === this.turn; node = this.pick(round, tried)) {
        tried.add(node.node);
        const outcome = await this.attempt(node, turn);
        if (outcome === "done") return;
        if (outcome !== "lost") {
          last = outcome;
          if (first && remedy(outcome.code) === "elsewhere" && this.pick(1, tried) === undefined) return this.finish("refused", outcome);
        }
      }
    }
  }

  /** In a later round also nodes that failed lately are tried: there is nothing better to do. */
  private pick(round: number, tried: ReadonlySet<string>): Node | undefined {
    return this.nodes.next(this.deps.clock.now(), tried) ?? (round > 0 ? this.nodes.all.find((n) => !tried.has(n.node)) : undefined);
  }

  private async attempt(node: Node, turn: number): Promise<"done" | "lost" | Verdict> {
    const warm = this.warm;
    this.warm = undefined;
    const ready = warm?.alive && warm.node.node === node.node;
    if (!ready) warm?.close();
    const att = ready ? warm : this.open(node);
    att.onlost = () => {};
    att.onwaiting = () => this.waitOutside(turn);
    this.pending = att;
    const asked = this.media;
    try {
      const joined = await att.join({ ...this.credentials(), media: asked });
      if (turn !== this.turn) {
        att.close();
        return "done";
      }
      this.adopt(att, joined, asked);
      return "done";
    } catch (e) {
      att.close();
      if (turn !== this.turn) return "done";
      // A warm socket that died unnoticed says nothing about the node.
      if (ready && e instanceof LostError && e.cause === "closed") return await this.attempt(node, turn);
      return this.rejected(node, e, turn);
    } finally {
      if (this.pending === att) this.pending = undefined;
    }
  }

  private waitOutside(turn: number): void {
    if (turn !== this.turn || (this.phase.value !== "joining" && this.phase.value !== "reconnecting")) return;
    batch(() => {
      this.phase.value = "waiting";
      this.waited.value = true;
    });
  }

  private async rejected(node: Node, e: unknown, turn: number): Promise<"done" | "lost" | Verdict> {
    const now = this.deps.clock.now();
    if (!(e instanceof RefusedError)) {
      this.nodes.failed(node.node, now);
      return "lost";
    }
    const verdict = { code: e.code, message: e.message, ask: e.ask, retryAfter: e.retryAfter };
    if (e.code === "resume_invalid" && this.resume !== "") {
      // The ticket is too old: come as at first, under the same id.
      this.resume = "";
      return await this.attempt(node, turn);
    }
    switch (remedy(e.code)) {
      case "elsewhere":
        this.nodes.failed(node.node, now, Math.max(e.retryAfter, 5) * 1000);
        return verdict;
      case "auto":
        return verdict;
      default:
        this.finish("refused", verdict);
        return "done";
    }
  }

  private credentials() {
    const { room, kind, token, browser = "", name, peerId, attributes, secrets } = this.identity;
    // The room that was joined may be the token's, not the address's; a ticket is for that one.
    return this.resume !== ""
      ? { room: this.joined.peek()?.room.id ?? room, kind, token: "", browser: "", name: "", peer_id: this.self || peerId, resume: this.resume, attributes: {} }
      : { room, kind, token, browser, name, peer_id: this.self || peerId, resume: "", attributes: attributes?.() ?? {}, ...secrets?.() };
  }

  /** asked is what the join said of the own media; the room may have given less. */
  private adopt(att: Attachment<T>, joined: Joined, asked: Media): void {
    const old = this.attachment.value;
    this.resume = joined.resume;
    this.attachments++;
    this.nodes.works(att.node.node);
    const chat = joined.chat ?? [];
    batch(() => {
      this.joined.value = joined;
      this.roster.value = replace(this.roster.value, joined.room.version, joined.people, chat, joined.self, joined.rules, joined.viewers);
      this.lobby.value = joined.lobby ?? [];
      this.confirmed.value = this.assigned.value = fill(joined.assigned, joined.slots);
      this.layers.value = [];
      this.quality.value = null;
      this.resting.value = new Set();
      this.attachment.value = att;
      this.phase.value = "live";
      this.rtt.value = null;
    });
    att.onlost = (cause) => this.lost(att, cause);
    att.ondoubt = () => void (att === this.attachment.value && this.doubt(true));
    att.onmedia = (s) => {
      if (s === "connected") this.mediaFailures = 0;
    };
    this.roomBound = 0; // a node says so only if there is one
    if (this.ownBound > 0) this.limit();
    att.deliver((m) => this.handle(att, m));
    if (old && old !== att) old.close();
    this.replaced = undefined;
    this.hush.answered(asked, { ...joined.self, media: joined.self.media ?? nothingOn });
    this.send({ type: "media", ...this.media });
    this.views.again();
    this.outgoing.value = settle(this.outgoing.value, chat, this.self, this.chatSeenBefore);
    for (const o of this.outgoing.value) if (o.state === "sending" && o.seq === undefined) this.send({ type: "chat", id: o.id, text: o.text });
  }

  private handle(att: Attachment<T>, m: ServerMessage): void {
    if (att !== this.attachment.value) return; // replaced: what the old one still says does not count
    switch (m.type) {
      case "update": {
        const { roster, changes } = update(this.roster.value, m.version, m.events ?? []);
        this.roster.value = roster;
        if (changes.some((c) => c.kind === "said")) {
          this.outgoing.value = settle(this.outgoing.value, roster.chat, this.self, this.chatSeenBefore);
          this.chatSeenBefore = roster.chat.at(-1)?.seq ?? 0;
        }
        this.heed();
        for (const c of changes) this.onchange(c);
        break;
      }
      case "reset":
        this.roster.value = replace(this.roster.value, m.version, m.people, m.chat, undefined, m.rules, m.viewers);
        this.heed();
        break;
      case "people":
        this.lookups.settled(m.id, m);
        break;
      case "lobby":
        this.lobby.value = m.waiting ?? [];
        break;
      case "speaking":
        this.roster.value = speaking(this.roster.value, m.peer_ids, m.dominant ?? "", this.deps.clock.now());
        break;
      case "heard":
        this.heard(m.audio ?? []);
        break;
      case "layers":
        this.layers.value = m.video ?? [];
        break;
      case "encode":
        att.transport.encode(m.up ?? {});
        break;
      case "bitrate":
        this.roomBound = m.up;
        this.limit();
        break;
      case "quality":
        this.quality.value = { up: m.up, down: m.down };
        break;
      case "subscribed":
        if (m.seq !== this.subscribeSeq) break;
        this.confirmed.value = { ...this.confirmed.value, video: this.assigned.value.video };
        this.rest((m.failed ?? []).map((f) => f.track));
        break;
      case "ack":
        if (!this.acts.settled(m.id, "") && m.seq !== undefined) this.outgoing.value = acked(this.outgoing.value, m.id, m.seq, this.roster.value.chat);
        break;
      case "error":
        if (this.acts.settled(m.id ?? "", m.code) || this.lookups.settled(m.id ?? "", m.code)) break;
        if (this.outgoing.value.some((o) => o.id === m.id)) this.outgoing.value = failed(this.outgoing.value, m.id ?? "", m.code);
        else this.onerror(m.code);
        break;
      case "move":
        void this.move(++this.turn, att);
        break;
      case "ended":
        this.ended(att, m);
        break;
      case "pong":
        this.rtt.value = att.rtt ?? null;
        break;
    }
  }

  /** What the room now says of this person. */
  private heed(): void {
    const me = this.me;
    if (!me) return;
    if (me.role !== "moderator" && this.lobby.value.length > 0) this.lobby.value = [];
    this.hush.hear(me);
  }

  private ended(att: Attachment<T>, { code, message, by }: Ended): void {
    if (att === this.replaced) return;
    if (!resumesAfter(code)) return this.finish("ended", { code, message, by: this.roster.value.people.find((p) => p.peer_id === by) });
    att.hangUp();
    this.lost(att, code === "transport_failed" ? "media" : "closed");
  }

  private lost(att: Attachment<T>, cause: Loss): void {
    if (att !== this.attachment.value || this.phase.value !== "live") return;
    if ((cause === "media" || cause === "transport") && !att.everConnected && ++this.mediaFailures >= MEDIA_FAILURES)
      return this.finish("ended", { code: "transport_failed", message: "" });
    const now = this.deps.clock.now();
    if (now - this.shakenAt > SHAKEN_MS) this.nodes.failed(att.node.node, now);
    this.phase.value = "reconnecting";
    void this.connect(++this.turn);
  }

  /** Make before break: the old attachment stays until the new one has media. */
  private async move(turn: number, from: Attachment<T>): Promise<void> {
    this.nodes.failed(from.node.node, this.deps.clock.now());
    for (let attempt = 0; turn === this.turn && from.alive; attempt++) {
      const node = this.nodes.next(this.deps.clock.now(), new Set([from.node.node]));
      const att = node && this.open(node);
      if (node && att) {
        try {
          const asked = this.media;
          const joined = await att.join({ ...this.credentials(), media: asked });
          // From here the server counts the new one; keep the old picture until the new one is there.
          from.onlost = () => {};
          this.replaced = from;
          await att.connected(MOVE_CONNECT_MS);
          if (turn === this.turn && att.alive) return this.adopt(att, joined, asked);
          this.replaced = undefined;
          att.close();
          if (turn === this.turn) this.lost(from, "closed");
          return;
        } catch (e) {
          att.close();
          this.nodes.failed(node.node, this.deps.clock.now());
          if (e instanceof RefusedError && remedy(e.code) === "none") return;
        }
      }
      await sleep(this.deps.clock, pause(attempt, this.deps.random));
      await this.refresh();
    }
  }

  /** The node fills the audio slots by itself: what it says holds at once. */
  private heard(audio: readonly (string | null)[]): void {
    const slots = this.assigned.value.audio.map((_, i) => audio[i] ?? null);
    batch(() => {
      this.assigned.value = { ...this.assigned.value, audio: slots };
      this.confirmed.value = { ...this.confirmed.value, audio: slots };
    });
  }

  /** Tracks the node could not give yet are asked for again a little later. */
  private rest(tracks: readonly string[]): void {
    if (tracks.length === 0) return;
    this.resting.value = new Set([...this.resting.value, ...tracks]);
    this.deps.clock.after(FAILED_TRACK_MS, () => {
      this.resting.value = new Set([...this.resting.value].filter((t) => !tracks.includes(t)));
    });
  }

  private updateSlots(): void {
    const roster = this.roster.value;
    const resting = this.resting.value;
    const videoLimit = this.videoLimit.value;
    const large = this.large.value;
    if (this.phase.value !== "live") return;
    const assigned = this.assigned.peek();
    const chosen = chooseSlots({ people: roster.people, self: this.self, large, dominant: roster.dominant, spoke: roster.spoke, current: assigned.video, videoLimit });
    this.widen(roster.people, videoLimit, assigned.video.length);
    const video = chosen.map((t) => (t !== null && resting.has(t) ? null : t));
    if (sameSlots(assigned.video, video)) return;
    this.assigned.value = { ...assigned, video };
    this.send({ type: "subscribe", seq: ++this.subscribeSeq, video });
  }

  /** Asks for more slots where there are more pictures than slots, and room to show them. */
  private widen(people: readonly Person[], videoLimit: number, slots: number): void {
    const att = this.attachment.peek();
    const wanted = Math.min(videoLimit, picturesOf(people, this.self));
    const next = slotSteps.find((n) => n > slots);
    if (!att || att === this.narrow || wanted <= slots || next === undefined) return;
    this.narrow = att; // one question at a time; who gets no answer is not asked again
    void att.widen(next).then((given) => {
      if (att !== this.attachment.peek() || !given || given.video.length <= slots) return;
      this.narrow = undefined;
      const { video } = this.assigned.peek();
      this.assigned.value = { ...this.assigned.peek(), video: given.video.map((_, i) => video[i] ?? null) };
      const shown = this.confirmed.peek();
      this.confirmed.value = { ...shown, video: given.video.map((_, i) => shown.video[i] ?? null) };
      this.updateSlots();
    });
  }

  private send(m: ClientMessage): void {
    if (this.phase.value === "live") this.attachment.value?.send(m);
  }

  /** Ends it before it began: what was brought is worth nothing. */
  refuse(verdict: Verdict): void {
    this.finish("refused", verdict);
  }

  private finish(phase: "refused" | "ended", verdict: Verdict): void {
    this.turn++;
    const old = this.attachment.value;
    this.pending?.close();
    this.warm?.close();
    this.pending = this.warm = undefined;
    this.warming = undefined;
    this.replaced = undefined;
    if (verdict.code !== "transport_failed") this.resume = "";
    batch(() => {
      this.phase.value = phase;
      this.verdict.value = verdict;
      this.attachment.value = null;
      this.roster.value = emptyRoster;
      this.confirmed.value = this.assigned.value = { video: [], audio: [] };
      this.outgoing.value = [];
      this.lobby.value = [];
    });
    old?.close();
  }
}

/** Slots that are asked for, one step after the other; a node gives 49 at the most. */
export const slotSteps = [9, 25, 49] as const;

function picturesOf(people: readonly Person[], self: string): number {
  const each = (p: Person): number => (trackOn(p, "camera") ? 1 : 0) + (trackOn(p, "share") ? 1 : 0);
  return people.reduce((n, p) => n + (p.peer_id === self ? 0 : each(p)), 0);
}

/** The assignment as long as the slots, whatever the server sent. */
function fill(a: Assignment | undefined, slots: Joined["slots"]): Assignment {
  return {
    video: slots.video.map((_, i) => a?.video?.[i] ?? null),
    audio: slots.audio.map((_, i) => a?.audio?.[i] ?? null),
  };
}
