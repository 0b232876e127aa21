// Attempts to attach: joining, resuming, moving, and the second socket that
// races one which may be dead. One attempt is under way at a time; a newer one
// makes it stale. What goes on once a node has taken the person is the call's.

import { Attachment, LostError, RefusedError, type Transport } from "./attachment";
import { pause } from "./backoff";
import { sleep, type Clock } from "./clock";
import { remedy } from "./codes";
import { credentials, type Identity } from "./identity";
import type { Node } from "./attach";
import type { OpenSocket } from "./line";
import type { Joined, Media, Person } from "./messages";
import type { Search } from "./search";

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
  /** When to come back. */
  opens?: string;
  /** What the company's own server says: plain text. */
  reason?: string;
  contact?: string;
}

/** Rounds over all nodes before a first join gives up; a call that was live never does. */
export const FIRST_JOIN_ROUNDS = 5;
const MOVE_CONNECT_MS = 6_000;
/** From the place at another node to its first pictures and sound, while the old node still serves: it does for two seconds. */
const SWITCH_MS = 500;

export interface ApproachDeps<T extends Transport> {
  clock: Clock;
  random: () => number;
  open: OpenSocket;
  transport: () => T;
}

/** What becomes of an attempt. */
export interface Outcome<T extends Transport> {
  /** A moderator must admit the person first. */
  held(): void;
  /** asked is what the join said of the own media; the room may have given less. */
  attached(att: Attachment<T>, joined: Joined, asked: Media): void;
  refused(verdict: Verdict): void;
  /** The attachment that was to be moved from is gone, and so is the one to move to. */
  stranded(from: Attachment<T>): void;
}

export class Approach<T extends Transport> {
  /** SDP exchanges done, over all attachments. */
  negotiations = 0;
  /** Attachments so far; 1 in a call that never had to move. */
  attachments = 0;
  /** The attachment that is being joined. */
  pending: Attachment<T> | undefined;
  /** Still current, but the server already counts its successor. */
  replaced: Attachment<T> | undefined;
  private warm: Attachment<T> | undefined;
  /** Grows with everything that makes a running attempt stale. */
  private turn = 0;
  private ticket = "";
  private joined: Joined | null = null;

  constructor(
    private identity: Identity,
    private readonly search: Search,
    private readonly deps: ApproachDeps<T>,
    /** What is on, of the own media. */
    private readonly media: () => Media,
    private readonly outcome: Outcome<T>,
  ) {}

  get room(): string {
    return this.identity.room;
  }

  /** The name that the next attempt brings. */
  rename(name: string): void {
    this.identity = { ...this.identity, name };
  }

  /** Opens a socket and makes an offer, so that a join is one round trip. */
  warmUp(node = this.search.nodes.next(this.deps.clock.now())): void {
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

  /** Names a place that an earlier page of this tab had. */
  claim(room: string, peerId: string, ticket: string): void {
    this.identity = { ...this.identity, room, peerId };
    this.ticket = ticket;
  }

  /** Joins at the best node that takes us, once some are found. */
  async join(name: string): Promise<void> {
    this.identity = { ...this.identity, name };
    const turn = ++this.turn;
    await this.search.once();
    await this.connect(turn, true);
  }

  /** Resumes at the best node that takes us. */
  resume(): void {
    void this.connect(++this.turn, false);
  }

  /** Opens another line to the node, which may have lost this one alone; false: its media is no use either. */
  async keep(att: Attachment<T>): Promise<boolean> {
    const turn = ++this.turn;
    const asked = this.media();
    att.onlost = () => {};
    const joined = await att.keep({ ...credentials(this.identity, this.joined, this.ticket), media: asked }).catch(() => null);
    if (turn !== this.turn) return true;
    if (joined?.media !== "kept") return false;
    this.ticket = joined.resume;
    this.outcome.attached(att, joined, asked);
    return true;
  }

  /** Gives up what is being tried and begins anew. */
  again(): void {
    this.pending?.close();
    this.resume();
  }

  /** Opens another socket to the node and sees which of the two it hears on. */
  async doubt(att: Attachment<T>, silent: boolean): Promise<void> {
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

  /** Make before break: the old attachment stays until the new one has media. */
  move(from: Attachment<T>): void {
    void this.moveFrom(from, ++this.turn);
  }

  /** Ends every attempt; keep says whether the ticket may be of use again. */
  stop(keep: boolean): void {
    this.turn++;
    this.pending?.close();
    this.warm?.close();
    this.pending = this.warm = undefined;
    this.replaced = undefined;
    if (!keep) this.ticket = "";
  }

  private open(node: Node): Attachment<T> {
    return new Attachment(node, { clock: this.deps.clock, open: this.deps.open, transport: this.deps.transport, negotiated: () => void this.negotiations++ });
  }

  /** Runs until attached, refused or stale. */
  private async connect(turn: number, first: boolean): Promise<void> {
    let last: Verdict = { code: "unreachable", message: "" };
    const ready = this.warm?.alive ? this.warm.node : undefined;
    for (let round = 0; turn === this.turn; round++) {
      if (first && round >= FIRST_JOIN_ROUNDS) return this.outcome.refused(last);
      if (round > 0) {
        await sleep(this.deps.clock, pause(round - 1, this.deps.random));
        await this.search.refresh();
      } else if (!first) void this.search.refresh();
      const tried = new Set<string>();
      for (let node = (round === 0 && ready) || this.search.pick(round, tried); node && turn === this.turn; node = this.search.pick(round, tried)) {
        tried.add(node.node);
        const result = await this.attempt(node, turn);
        if (result === "done") return;
        if (result !== "lost") {
          last = result;
          if (first && remedy(result.code) === "elsewhere" && this.search.pick(1, tried) === undefined) return this.outcome.refused(result);
        }
      }
    }
  }

  private async attempt(node: Node, turn: number): Promise<"done" | "lost" | Verdict> {
    const warm = this.warm;
    this.warm = undefined;
    const ready = warm?.alive && warm.node.node === node.node;
    if (!ready) warm?.close();
    const att = ready ? warm : this.open(node);
    att.onlost = () => {};
    att.onwaiting = () => void (turn === this.turn && this.outcome.held());
    this.pending = att;
    const asked = this.media();
    try {
      const joined = await att.join({ ...credentials(this.identity, this.joined, this.ticket), media: asked });
      if (turn === this.turn) this.settle(att, joined, asked);
      else att.close();
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

  private settle(att: Attachment<T>, joined: Joined, asked: Media): void {
    this.ticket = joined.resume;
    this.joined = joined;
    this.attachments++;
    this.search.nodes.works(att.node.node);
    this.replaced = undefined;
    this.outcome.attached(att, joined, asked);
  }

  private async rejected(node: Node, e: unknown, turn: number): Promise<"done" | "lost" | Verdict> {
    const now = this.deps.clock.now();
    if (!(e instanceof RefusedError)) {
      this.search.nodes.failed(node.node, now);
      return "lost";
    }
    const { ask, opens, reason, contact } = e.said;
    const verdict: Verdict = { code: e.code, message: e.message, ...(ask && { ask }), ...(e.retryAfter && { retryAfter: e.retryAfter }), ...(opens && { opens }), ...(reason && { reason }), ...(contact && { contact }) };
    if (e.code === "resume_invalid" && this.ticket !== "") {
      // The ticket is too old: come as at first, under the same id.
      this.ticket = "";
      return await this.attempt(node, turn);
    }
    switch (remedy(e.code)) {
      case "elsewhere":
        this.search.nodes.failed(node.node, now, Math.max(e.retryAfter, 5) * 1000);
        return verdict;
      case "auto":
        return verdict;
      default:
        this.outcome.refused(verdict);
        return "done";
    }
  }

  private async moveFrom(from: Attachment<T>, turn: number): Promise<void> {
    this.search.nodes.failed(from.node.node, this.deps.clock.now());
    for (let round = 0; turn === this.turn && from.alive; round++) {
      const node = this.search.nodes.next(this.deps.clock.now(), new Set([from.node.node]));
      if (node && (await this.step(node, from, turn))) return;
      await sleep(this.deps.clock, pause(round, this.deps.random));
      await this.search.refresh();
    }
  }

  /** Tries to move to one node; true when there is nothing left to try. */
  private async step(node: Node, from: Attachment<T>, turn: number): Promise<boolean> {
    const att = this.open(node);
    try {
      const asked = this.media();
      const joined = await att.join({ ...credentials(this.identity, this.joined, this.ticket), media: asked, ahead: true });
      // From here the server counts the new one; keep the old picture until the new one is there.
      from.onlost = () => {};
      this.replaced = from;
      await att.connected(MOVE_CONNECT_MS);
      await sleep(this.deps.clock, SWITCH_MS);
      if (turn === this.turn && att.alive) {
        this.settle(att, joined, asked);
        return true;
      }
      this.replaced = undefined;
      att.close();
      if (turn === this.turn) this.outcome.stranded(from);
      return true;
    } catch (e) {
      att.close();
      this.search.nodes.failed(node.node, this.deps.clock.now());
      return e instanceof RefusedError && remedy(e.code) === "none";
    }
  }
}
