// What the room lets this person do, and what they ask of it: the rules as
// reasons, hands, reactions, a moderator's acts and questions. The room decides
// every one of these; the page only says it early and in words.

import { computed, effect, signal } from "@preact/signals";
import { codeKey, t, type Key } from "./i18n";
import type { Devices } from "./media/devices";
import type { PeerTransport } from "./media/peer";
import type { Fall } from "./protocol/hush";
import type { Act, Guest, Person } from "./protocol/messages";
import { barred, handsUp, outside, switches, type Bar, type Switch } from "./protocol/rights";
import type { Session } from "./protocol/session";

/** How long a reaction is on the stage. */
export const REACTION_MS = 3_000;
/** More at once are a crowd that nobody reads. */
const REACTIONS_SHOWN = 5;

export interface Reaction {
  id: number;
  name: string;
  text: string;
}

/** Something that is asked back before it is done. */
export interface Question {
  title: string;
  text: string;
  action: string;
  act: Act;
}

/** Says something once, aloud and on screen. */
type Tell = (text: string, tone?: "info" | "problem") => void;

export class Floor {
  /** What a moderator asks this person to switch on. */
  readonly asked = signal<Switch | null>(null);
  readonly reactions = signal<readonly Reaction[]>([]);
  readonly question = signal<Question | null>(null);
  /** The room's rules are on view, in the place of the list of people. */
  readonly ruling = signal(false);
  /** Somebody came to the door. */
  onguest: (text: string) => void = () => {};
  /** An act was done. */
  ondone: (act: Act) => void = () => {};
  private reactionId = 0;
  private guests: readonly Guest[] = [];

  constructor(
    private readonly session: Session<PeerTransport>,
    private readonly devices: Devices,
    private readonly tell: Tell,
    private readonly speak: (text: string) => void,
  ) {
    session.onhush = (falls) => this.hushed(falls);
    effect(() => this.announceGuests(session.lobby.value));
    effect(() => {
      const s = this.asked.value;
      if (s && (devices.media.value[s] || this.bars.value[s] || session.phase.value !== "live")) this.asked.value = null;
    });
  }

  readonly rules = computed(() => this.session.roster.value.rules);
  readonly me = computed<Person | null>(() => this.session.roster.value.people.find((p) => p.peer_id === this.session.joined.value?.peer_id) ?? null);
  readonly moderates = computed(() => this.me.value?.role === "moderator");
  /** Why a source cannot be switched on; nothing is barred before the room has said so. */
  readonly bars = computed<Record<Switch, Bar | null>>(() => {
    const me = this.me.value;
    const bar = (s: Switch): Bar | null => (me ? barred(me, this.rules.value, s) : null);
    return { mic: bar("mic"), camera: bar("camera"), share: bar("share") };
  });
  readonly handBar = computed<Bar | null>(() => this.ofAudience("hands"));
  readonly chatBar = computed<Bar | null>(() => this.ofAudience("chat"));
  readonly handUp = computed(() => (this.me.value?.hand ?? null) !== null);
  /** The place in the row of raised hands, from 1, by peer id. */
  readonly hands = computed<ReadonlyMap<string, number>>(() => new Map(handsUp(this.session.roster.value.people).map((p, i) => [p.peer_id, i + 1])));

  /** Asks the room for something and says what came of it, if it was nothing. */
  async act(act: Act): Promise<void> {
    const code = await this.session.act(act);
    if (code) this.tell(t(codeKey("error", code)), "problem");
    else this.ondone(act);
  }

  toggle(source: Switch): void {
    const bar = this.bars.value[source];
    if (bar && !this.devices.media.value[source]) return this.tell(why(source, bar));
    if (source !== "share") void this.devices.toggle(source);
    else if (this.devices.share.value) this.devices.stopShare();
    else void this.devices.startShare();
  }

  toggleHand(): void {
    const bar = this.handBar.value;
    if (bar && !this.handUp.value) return this.tell(why("hands", bar));
    void this.act({ verb: "hand", value: !this.handUp.value });
  }

  react(text: string): void {
    void this.act({ verb: "react", value: text });
  }

  answer(yes: boolean): void {
    const source = this.asked.value;
    this.asked.value = null;
    if (source && yes && !this.devices.media.value[source]) this.toggle(source);
  }

  ask(source: Switch): void {
    if (this.devices.media.value[source] || this.bars.value[source]) return;
    this.asked.value = source;
    this.speak(t(`ask.${source}`));
  }

  reacted(person: Person, text: string): void {
    const r = { id: ++this.reactionId, name: person.name, text };
    this.reactions.value = [...this.reactions.value, r].slice(-REACTIONS_SHOWN);
    setTimeout(() => (this.reactions.value = this.reactions.value.filter((x) => x !== r)), REACTION_MS);
    this.speak(t("react.said", { name: person.name, text }));
  }

  /** The room refused what was switched on here: what cannot be is off. */
  refused(): void {
    for (const s of switches) if (this.bars.value[s] && this.devices.media.value[s]) this.devices.yield(s);
  }

  private ofAudience(what: "hands" | "chat"): Bar | null {
    return this.me.value && outside(this.me.value, this.rules.value[what]);
  }

  private hushed(falls: Fall[]): void {
    for (const { source, by } of falls) {
      this.devices.yield(source);
      const text = this.reason(source, by);
      if (text) this.tell(text);
    }
  }

  /** What is said of a fall; nothing where it is no news. */
  private reason(source: Switch, by: string | null): string {
    const bar = this.bars.value[source];
    if (by === this.session.self) return "";
    // A viewer who comes in has no buttons.
    if (bar) return by === null && (bar === "viewer" || bar === "observer") ? "" : why(source, bar);
    if (by === null && source === "mic") return t("hush.entered");
    const who = this.session.roster.value.people.find((p) => p.peer_id === by);
    return who ? t(`hush.${source}.by`, { name: who.name }) : t(`hush.${source}`);
  }

  private announceGuests(now: readonly Guest[]): void {
    const before = new Set(this.guests.map((g) => g.peer_id));
    const fresh = now.filter((g) => !before.has(g.peer_id));
    this.guests = now;
    const [one] = fresh;
    if (one) this.onguest(fresh.length === 1 ? t("lobby.waits", { name: one.name }) : t("lobby.wait", { n: now.length }));
  }
}

/** The reason as a sentence. */
export function why(what: Switch | "hands" | "chat", bar: Bar): string {
  return t(bar === "moderators" || bar === "nobody" ? (`bar.${what}.${bar}` as Key) : `bar.${bar}`);
}
