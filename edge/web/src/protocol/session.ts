// The participant's stay in a room over any number of attachments: the first
// join, resuming elsewhere, moving, leaving. It says which phase the stay is in;
// the way to a node is the approach's and what goes on there the call's. It
// knows neither the DOM nor WebRTC.

import { batch, signal } from "@preact/signals-core";
import { Approach, type ApproachDeps, type Verdict } from "./approach";
import type { Attachment, Loss, Transport } from "./attachment";
import { Call } from "./call";
import { resumesAfter } from "./codes";
import type { Fall } from "./hush";
import type { Identity } from "./identity";
import type { Act, Ended, Joined, Lookup, Media, Page, View } from "./messages";
import type { Change } from "./roster";
import { Search, type SearchDeps } from "./search";

export type { Verdict } from "./approach";
export type { Identity } from "./identity";
export type Phase = "idle" | "joining" | "waiting" | "live" | "reconnecting" | "refused" | "ended";

export interface SessionDeps<T extends Transport> extends SearchDeps, ApproachDeps<T> {
  newId: () => string;
}

/** Attachments in a row whose media never came up, before the page says so. */
const MEDIA_FAILURES = 3;
/** What is lost this soon after the device's network changed is lost by the device, not by the node. */
const SHAKEN_MS = 5_000;
/** Signs of one change come in flocks. */
const FLOCK_MS = 1_000;

export class Session<T extends Transport> {
  readonly phase = signal<Phase>("idle");
  readonly verdict = signal<Verdict | null>(null);
  /** Whether a moderator had to decide about this join. */
  readonly waited = signal(false);

  onchange: (c: Change) => void = () => {};
  /** What a moderator or a rule has switched off of what this person had on. */
  onhush: (falls: Fall[]) => void = () => {};
  /** One request failed and nobody waits for it. */
  onerror: (code: string) => void = () => {};

  private readonly search: Search;
  private readonly approach: Approach<T>;
  private readonly call: Call<T>;
  private mediaFailures = 0;
  private shakenAt = -Infinity;

  constructor(
    identity: Identity,
    private readonly deps: SessionDeps<T>,
  ) {
    this.call = new Call(
      { clock: deps.clock, newId: deps.newId, live: () => this.phase.value === "live" },
      {
        changed: (c) => this.onchange(c),
        hushed: (falls) => this.onhush(falls),
        failed: (code) => this.onerror(code),
        move: (att) => this.approach.move(att),
        ended: (att, end) => this.ended(att, end),
      },
    );
    this.search = new Search(deps, () => this.approach.room);
    this.approach = new Approach(identity, this.search, deps, () => this.call.media, {
      held: () => this.held(),
      attached: (att, joined, asked) => this.attached(att, joined, asked),
      refused: (verdict) => this.finish("refused", verdict),
      stranded: (from) => this.lost(from, "closed"),
    });
  }

  get roster(): Call<T>["roster"] {
    return this.call.roster;
  }
  get attachment(): Call<T>["attachment"] {
    return this.call.attachment;
  }
  get joined(): Call<T>["joined"] {
    return this.call.joined;
  }
  get assigned(): Call<T>["subscriptions"]["assigned"] {
    return this.call.subscriptions.assigned;
  }
  get confirmed(): Call<T>["subscriptions"]["confirmed"] {
    return this.call.subscriptions.confirmed;
  }
  get layers(): Call<T>["layers"] {
    return this.call.layers;
  }
  get quality(): Call<T>["quality"] {
    return this.call.quality;
  }
  get lobby(): Call<T>["lobby"] {
    return this.call.lobby;
  }
  get outgoing(): Call<T>["outbox"]["outgoing"] {
    return this.call.outbox.outgoing;
  }
  get rtt(): Call<T>["rtt"] {
    return this.call.rtt;
  }
  get trips(): Search["trips"] {
    return this.search.trips;
  }
  get videoLimit(): Call<T>["subscriptions"]["videoLimit"] {
    return this.call.subscriptions.videoLimit;
  }
  get glanced(): Call<T>["subscriptions"]["glanced"] {
    return this.call.subscriptions.glanced;
  }
  get large(): Call<T>["subscriptions"]["large"] {
    return this.call.subscriptions.large;
  }

  get self(): string {
    return this.call.self;
  }

  /** SDP exchanges done, over all attachments. */
  get negotiations(): number {
    return this.approach.negotiations;
  }

  /** Attachments so far; 1 in a call that never had to move. */
  get attachments(): number {
    return this.approach.attachments;
  }

  /** Finds and measures nodes and opens a socket, so that a join is one round trip. */
  prepare(): Promise<void> {
    return this.search.once().then(() => {
      if (this.phase.value === "idle") this.approach.warmUp();
    });
  }

  async join(name: string, media: Media): Promise<void> {
    if (this.phase.value !== "idle" && this.phase.value !== "refused" && this.phase.value !== "ended") return;
    this.call.called(name);
    this.call.want(media);
    batch(() => {
      this.phase.value = "joining";
      this.waited.value = false;
      this.verdict.value = null;
    });
    await this.approach.join(name);
  }

  leave(): void {
    if (this.phase.value === "ended" || this.phase.value === "refused") return;
    (this.attachment.value ?? this.approach.pending)?.leave();
    this.finish("ended", { code: "left", message: "" });
  }

  /** The page goes: closed, or loaded anew, which returns by comeBack. Nothing ends here. */
  away(): void {
    (this.approach.pending ?? this.attachment.value)?.away();
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
    this.search.nodes.forgive();
    const att = this.attachment.value;
    if (this.phase.value === "live") void (surely ? att && this.approach.doubt(att, false) : att?.suspect());
    else if (this.phase.value === "reconnecting" && fresh) this.approach.again();
  }

  /** Returns to a place that an earlier page of this tab had. */
  comeBack(place: { room: string; peerId: string; name: string; ticket: string }, media: Media): Promise<void> {
    this.approach.claim(place.room, place.peerId, place.ticket);
    return this.join(place.name, media);
  }

  setMedia(media: Media): void {
    this.call.want(media);
    this.call.send({ type: "media", ...media });
  }

  /** Takes another name, at once or with the next join. */
  rename(name: string): void {
    this.approach.rename(name);
    this.call.rename(name);
  }

  /** What each video slot is shown as, in slot order. */
  setViews(views: readonly (View | null)[]): void {
    this.call.views.set(views);
  }

  /**
   * Bounds what is sent of video, bits per second; 0 removes the bound. A
   * moderator bounds everybody in the room, others themselves. Resolves to
   * nothing, or to the code of why not.
   */
  setBitrate(max: number): Promise<string> {
    return this.call.setBitrate(max);
  }

  /** Asks the room for something; resolves to nothing, or to the code of why not. */
  act(act: Act): Promise<string> {
    return this.call.act(act);
  }

  /** Looks viewers of a webinar up; resolves to a part of them, or to the code of why not. */
  look(q: Lookup): Promise<Page | string> {
    return this.call.look(q);
  }

  say(text: string): void {
    this.call.outbox.say(text);
  }

  /** Sends what failed once more. */
  sayAgain(id: string): void {
    this.call.outbox.sayAgain(id);
  }

  /** Ends it before it began: what was brought is worth nothing. */
  refuse(verdict: Verdict): void {
    this.finish("refused", verdict);
  }

  private held(): void {
    if (this.phase.value !== "joining" && this.phase.value !== "reconnecting") return;
    batch(() => {
      this.phase.value = "waiting";
      this.waited.value = true;
    });
  }

  private attached(att: Attachment<T>, joined: Joined, asked: Media): void {
    const old = this.attachment.value;
    batch(() => {
      this.call.enter(att, joined);
      this.phase.value = "live";
    });
    att.onlost = (cause) => this.lost(att, cause);
    att.ondoubt = () => void (att === this.attachment.value && this.approach.doubt(att, true));
    att.onmedia = (s) => {
      if (s === "connected") this.mediaFailures = 0;
    };
    if (old && old !== att) old.close();
    this.call.resume(att, joined, asked);
  }

  private ended(att: Attachment<T>, { code, message, by }: Ended): void {
    if (att === this.approach.replaced) return;
    if (!resumesAfter(code)) return this.finish("ended", { code, message, by: this.roster.value.people.find((p) => p.peer_id === by) });
    att.hangUp();
    this.lost(att, code === "transport_failed" ? "media" : "unreachable");
  }

  private lost(att: Attachment<T>, cause: Loss): void {
    if (att !== this.attachment.value || this.phase.value !== "live") return;
    // The media may be as well as ever: nobody has to see that only the line was lost.
    if (att.media === "connected" && (cause === "closed" || cause === "silent")) return void this.keep(att);
    if ((cause === "media" || cause === "transport") && !att.everConnected && ++this.mediaFailures >= MEDIA_FAILURES)
      return this.finish("ended", { code: "transport_failed", message: "" });
    const now = this.deps.clock.now();
    if (now - this.shakenAt > SHAKEN_MS) this.search.nodes.failed(att.node.node, now);
    this.phase.value = "reconnecting";
    this.approach.resume();
  }

  private async keep(att: Attachment<T>): Promise<void> {
    const kept = this.approach.keep(att);
    if ((await Promise.race([kept, att.transport.flows()])) && (await kept)) return;
    att.hangUp();
    this.lost(att, "unreachable");
  }

  private finish(phase: "refused" | "ended", verdict: Verdict): void {
    const old = this.attachment.value;
    this.approach.stop(verdict.code === "transport_failed");
    this.search.forget();
    batch(() => {
      this.phase.value = phase;
      this.verdict.value = verdict;
      this.call.clear();
    });
    old?.close();
  }
}
