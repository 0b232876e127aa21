// What this person looks at: the layout, what stands large, and whose choice
// that is. A moderator may spotlight somebody for all, or make the own view
// everybody's; who does not want it looks for themselves.

import { computed, effect, signal } from "@preact/signals-core";
import type { Attributes } from "./attributes";
import { codeKey, t } from "./i18n";
import type { Clock } from "./protocol/clock";
import type { Person, Stage } from "./protocol/messages";
import { trackOn } from "./protocol/messages";
import { Paced } from "./protocol/paced";
import type { Session } from "./protocol/session";
import type { Transport } from "./protocol/attachment";
import type { Store } from "./store";
import { asLayout, layouts, type Layout } from "./ui/layout";

/** A moderator's changes go out at most this often. */
export const STAGE_MS = 200;

/** What can stand large: a person, the screen that a person shares, or the room's player. */
export type Subject = `person:${string}` | `share:${string}` | "player";

/** Why something cannot be looked at so. */
export type Refusal = "not_allowed" | "no_such_peer";

/** What attributes say of the view to begin with. */
export type Beginning = Pick<Attributes, "layout" | "minimizeTiles" | "videoFirst">;

export interface LookDeps {
  session: Pick<Session<Transport>, "roster" | "joined" | "phase" | "act">;
  moderates: { readonly value: boolean };
  store: Store;
  clock: Clock;
  /** Says something aloud and on screen. */
  tell: (text: string, tone?: "info" | "problem") => void;
  /** Says aloud what the screen shows by itself. */
  speak: (text: string) => void;
}

export class Look {
  /** The own choices; they hold while nobody else's do. */
  private readonly chosen = signal<Layout>("gallery");
  private readonly ownPin = signal<Subject | null>(null);
  /** As many tiles as possible. */
  readonly small = signal(false);
  /** Who has the camera on comes first. */
  readonly videoFirst = signal(false);
  /** Looks for themselves though a moderator presents. */
  readonly apart = signal(false);
  /** What was sent and is not the room's yet: the own hand sees itself at once. */
  private readonly pending = signal<Stage | null>(null);
  private readonly out: Paced<Stage>;
  /** What the room said last, and what of it was announced. */
  private known: Stage = { on: false };
  private announced = false;

  constructor(private readonly deps: LookDeps) {
    const { session, clock } = deps;
    this.out = new Paced(clock, STAGE_MS, (s) => void this.send(s));
    effect(() => this.settle(session.roster.value.rules.stage));
    effect(() => this.announce());
    effect(() => {
      // Who is gone is not pinned; who comes back is somebody anew.
      const pin = this.ownPin.value;
      if (pin && session.phase.value === "live" && !this.has(pin)) this.ownPin.value = null;
    });
  }

  /** The view of all, as the room has it or will have it. */
  private readonly shared = computed<Stage>(() => this.pending.value ?? this.deps.session.roster.value.rules.stage);
  /** A moderator's view is everybody's. */
  readonly presented = computed(() => this.shared.value.on);
  readonly follows = computed(() => this.presented.value && !this.apart.value);
  /** This person's changes are everybody's. */
  readonly drives = computed(() => this.follows.value && this.deps.moderates.value);
  /** Somebody else decides what this person sees. */
  readonly led = computed(() => this.follows.value && !this.drives.value);
  /** Who made the last change to the view of all; null for somebody who has left. */
  readonly presenter = computed<Person | null>(() => this.deps.session.roster.value.people.find((p) => p.peer_id === this.shared.value.by) ?? null);

  readonly layout = computed<Layout>(() => (this.follows.value ? asLayout(this.shared.value.layout) : this.chosen.value));
  /** What a moderator put before all without presenting. */
  readonly spotlight = computed<Subject | null>(() => (this.presented.value ? null : subject(this.shared.value.pinned)));
  readonly pinned = computed<Subject | null>(() => (this.follows.value ? subject(this.shared.value.pinned) : (this.ownPin.value ?? this.spotlight.value)));

  /** Takes what a visit begins with, where that has changed; what the person chose meanwhile stays otherwise. */
  begin(now: Beginning, was?: Beginning): void {
    if (!was || now.layout !== was.layout) this.chosen.value = now.layout ?? asLayout(this.deps.store.get("layout"));
    if (now.minimizeTiles !== was?.minimizeTiles) this.small.value = now.minimizeTiles;
    if (now.videoFirst !== was?.videoFirst) this.videoFirst.value = now.videoFirst;
  }

  setLayout(layout: Layout): Refusal | null {
    if (this.led.value) return "not_allowed";
    this.chosen.value = layout;
    this.deps.store.set("layout", layout);
    if (this.drives.value) this.publish({ ...this.view(), layout });
    return null;
  }

  nextLayout(): void {
    const next = layouts[(layouts.indexOf(this.layout.value) + 1) % layouts.length] ?? "gallery";
    if (this.setLayout(next)) this.sayLed();
    else this.deps.speak(t(`layout.${next}`));
  }

  /** Enlarges one for this person, who restores it with null; of all while this person presents. */
  pin(subject: Subject | null): Refusal | null {
    if (this.led.value) return "not_allowed";
    if (subject && !this.has(subject)) return "no_such_peer";
    if (this.drives.value) this.publish({ ...this.view(), pinned: subject ?? "" });
    else this.ownPin.value = subject;
    return null;
  }

  togglePin(subject: Subject): void {
    const refusal = this.pin(this.pinned.value === subject && this.spotlight.value !== subject ? null : subject);
    if (refusal === "not_allowed") this.sayLed();
  }

  /** Puts one before all. */
  light(subject: Subject | null): void {
    this.publish(this.presented.value ? { ...this.view(), pinned: subject ?? "" } : { on: false, pinned: subject ?? "" });
  }

  /** Makes the own view everybody's, or gives each their own again. */
  present(on: boolean): void {
    const view = { on: true, layout: this.layout.value, pinned: this.pinned.value ?? "" };
    this.apart.value = false;
    this.publish(on ? view : { on: false });
  }

  /** What is said to who may not change what a moderator presents. */
  sayLed(): void {
    this.deps.tell(this.presenting());
  }

  presenting(): string {
    const { presenter } = this;
    return presenter.value ? t("present.by", { name: presenter.value.name }) : t("present.on");
  }

  /** What all see, by what this person sees. */
  private view(): Stage {
    return { on: true, layout: this.layout.value, pinned: this.shared.value.pinned ?? "" };
  }

  private publish(change: Stage): void {
    this.pending.value = { ...change, by: this.self };
    this.out.set(change);
  }

  private async send(stage: Stage): Promise<void> {
    const code = await this.deps.session.act({ verb: "stage", value: stage });
    if (!code) return;
    this.pending.value = null;
    this.deps.tell(t(codeKey("error", code)), "problem");
  }

  /** The room's word: it is what was asked for, or another moderator's later one. */
  private settle(now: Stage): void {
    if (same(now, this.known)) return;
    this.known = now;
    const asked = this.pending.peek();
    if (asked && (same(asked, now) || now.by !== this.self)) this.pending.value = null;
    if (!now.on && !this.pending.peek()?.on) this.apart.value = false;
  }

  private announce(): void {
    const { on, by } = this.shared.value;
    if (on === this.announced) return;
    this.announced = on;
    if (this.deps.session.phase.peek() !== "live") return;
    if (on && by === this.self) this.deps.speak(t("present.own"));
    else if (on) this.deps.tell(this.presenting());
    else if (by !== this.self) this.deps.tell(t("present.over"));
  }

  private get self(): string {
    return this.deps.session.joined.peek()?.peer_id ?? "";
  }

  /** Whether it has a tile. */
  private has(s: Subject): boolean {
    if (s === "player") return !!this.deps.session.roster.value.rules.player;
    const { source, id } = named(s);
    const p = this.deps.session.roster.value.people.find((p) => p.peer_id === id);
    return p !== undefined && (source === "share" ? trackOn(p, "share") !== null && id !== this.self : p.mode === "speaker");
  }
}

/** Whose it is, and what of theirs; a player is nobody's. */
export function named(s: Subject): { source: "camera" | "share"; id: string } {
  if (s === "player") return { source: "camera", id: "" };
  const colon = s.indexOf(":");
  return { source: s.startsWith("share:") ? "share" : "camera", id: s.slice(colon + 1) };
}

/** A text of the room; it may be anything. */
function subject(text: string | undefined): Subject | null {
  return text === "player" || text?.startsWith("person:") || text?.startsWith("share:") ? (text as Subject) : null;
}

function same(a: Stage, b: Stage): boolean {
  return a.on === b.on && (a.layout ?? "") === (b.layout ?? "") && (a.pinned ?? "") === (b.pinned ?? "") && (a.by ?? "") === (b.by ?? "");
}
