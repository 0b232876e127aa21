// What goes on in a call: what the node says of the room and what is said to
// it, whichever attachment carries it at the moment.

import { signal } from "@preact/signals-core";
import { Acts } from "./acts";
import type { Attachment, Transport } from "./attachment";
import { isBound, lesser } from "./bound";
import type { Clock } from "./clock";
import { Hush, type Fall } from "./hush";
import { Lookups } from "./lookups";
import { nothingOn, type Act, type ClientMessage, type Ended, type Guest, type Joined, type Lookup, type Media, type Page, type Person, type Score, type ServerMessage, type SlotLayer } from "./messages";
import { Outbox } from "./outbox";
import { emptyRoster, replace, speaking, update, type Change, type Roster } from "./roster";
import { Subscriptions } from "./subscriptions";
import { ViewReport } from "./views";

export interface CallDeps {
  clock: Clock;
  newId: () => string;
  /** Whether what is said reaches anybody; a signal is read in it. */
  live: () => boolean;
}

/** What the session hears of it. */
export interface CallNews<T extends Transport> {
  changed(c: Change): void;
  hushed(falls: Fall[]): void;
  /** One request failed and nobody waits for it. */
  failed(code: string): void;
  move(att: Attachment<T>): void;
  ended(att: Attachment<T>, end: Ended): void;
}

export class Call<T extends Transport> {
  readonly attachment = signal<Attachment<T> | null>(null);
  readonly joined = signal<Joined | null>(null);
  readonly roster = signal<Roster>(emptyRoster);
  /** What each video slot gets, as the node last said. */
  readonly layers = signal<readonly (SlotLayer | null)[]>([]);
  /** How well both directions travel, as the node judges; null while it has not. */
  readonly quality = signal<{ up: Score; down: Score } | null>(null);
  /** Who waits to be admitted; told to moderators. */
  readonly lobby = signal<readonly Guest[]>([]);
  readonly rtt = signal<number | null>(null);
  readonly subscriptions: Subscriptions<T>;
  readonly outbox: Outbox;
  readonly views: ViewReport;
  /** What this person wants on. */
  media: Media = nothingOn;

  /** The name taken by hand, whatever the join brought; empty: none. */
  private taken = "";
  private roomBound = 0;
  private ownBound = 0;
  private readonly acts: Acts;
  private readonly lookups: Lookups;
  private readonly hush: Hush;

  constructor(
    private readonly deps: CallDeps,
    private readonly news: CallNews<T>,
  ) {
    const { clock, newId, live } = deps;
    const send = (m: ClientMessage): void => this.send(m);
    this.outbox = new Outbox(newId, send);
    this.views = new ViewReport(clock, (video) => send({ type: "views", video }));
    this.acts = new Acts(clock, newId, send);
    this.lookups = new Lookups(clock, newId, send);
    this.hush = new Hush((falls) => news.hushed(falls));
    this.subscriptions = new Subscriptions({ clock, roster: this.roster, attachment: this.attachment, self: () => this.self, live, send });
  }

  get self(): string {
    return this.joined.value?.peer_id ?? "";
  }

  /** This person as the room has them. */
  private get me(): Person | undefined {
    return this.roster.value.people.find((p) => p.peer_id === this.self);
  }

  /** Takes the state of the room from a node; nothing is said to it yet. */
  enter(att: Attachment<T>, joined: Joined): void {
    this.joined.value = joined;
    this.roster.value = replace(this.roster.value, joined.room.version, joined.people, joined.chat ?? [], joined.self, joined.rules, joined.viewers);
    this.lobby.value = joined.lobby ?? [];
    this.subscriptions.enter(joined);
    this.layers.value = [];
    this.quality.value = null;
    this.attachment.value = att;
    this.rtt.value = null;
  }

  /** Goes on at the node that was entered; asked is what the join said of the own media. */
  resume(att: Attachment<T>, joined: Joined, asked: Media): void {
    this.roomBound = 0; // a node says so only if there is one
    if (this.ownBound > 0) this.limit();
    att.deliver((m) => this.handle(att, m));
    this.hush.answered(asked, { ...joined.self, media: joined.self.media ?? nothingOn });
    this.send({ type: "media", ...this.media });
    if (this.taken && this.taken !== joined.self.name) this.send({ type: "rename", name: this.taken });
    this.views.again();
    this.outbox.again(joined.chat ?? [], this.self);
  }

  clear(): void {
    this.attachment.value = null;
    this.roster.value = emptyRoster;
    this.subscriptions.clear();
    this.outbox.clear();
    this.lobby.value = [];
  }

  want(media: Media): void {
    this.hush.want((this.media = media));
  }

  /** A join brings a name: one taken by hand before holds only if it is the same. */
  called(name: string): void {
    if (name !== this.taken) this.taken = "";
  }

  /** Takes another name, at once or with the next join. */
  rename(name: string): void {
    this.taken = name;
    this.send({ type: "rename", name });
  }

  send(m: ClientMessage): void {
    if (this.deps.live()) this.attachment.value?.send(m);
  }

  setBitrate(max: number): Promise<string> {
    if (!isBound(max)) return Promise.resolve("bad_message");
    if (this.me?.role !== "moderator") {
      this.ownBound = max;
      this.limit();
      return Promise.resolve("");
    }
    return this.act({ verb: "bitrate", value: max });
  }

  act(act: Act): Promise<string> {
    return this.deps.live() ? this.acts.ask(act) : Promise.resolve("try_again");
  }

  look(q: Lookup): Promise<Page | string> {
    return this.deps.live() ? this.lookups.ask(q) : Promise.resolve("try_again");
  }

  private limit(): void {
    this.attachment.value?.transport.limit(lesser(this.roomBound, this.ownBound));
  }

  private handle(att: Attachment<T>, m: ServerMessage): void {
    if (att !== this.attachment.value) return; // replaced: what the old one still says does not count
    switch (m.type) {
      case "update": {
        const { roster, changes } = update(this.roster.value, m.version, m.events ?? []);
        this.roster.value = roster;
        if (changes.some((c) => c.kind === "said")) this.outbox.said(roster.chat, this.self);
        this.heed();
        for (const c of changes) this.news.changed(c);
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
        this.subscriptions.heard(m.audio ?? []);
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
        this.subscriptions.subscribed(m.seq, (m.failed ?? []).map((f) => f.track));
        break;
      case "ack":
        if (!this.acts.settled(m.id, "") && m.seq !== undefined) this.outbox.acked(m.id, m.seq, this.roster.value.chat);
        break;
      case "error":
        this.refused(m.id ?? "", m.code);
        break;
      case "move":
        this.news.move(att);
        break;
      case "ended":
        this.news.ended(att, m);
        break;
      case "pong":
        this.rtt.value = att.rtt ?? null;
        break;
    }
  }

  private refused(id: string, code: string): void {
    if (this.acts.settled(id, code) || this.lookups.settled(id, code) || this.outbox.failed(id, code)) return;
    this.news.failed(code);
  }

  /** What the room now says of this person. */
  private heed(): void {
    const me = this.me;
    if (!me) return;
    if (me.role !== "moderator" && this.lobby.value.length > 0) this.lobby.value = [];
    this.hush.hear(me);
  }
}
