// What the slots are to show and what the node has said they do: the policy of
// slots.ts, carried out at one attachment after the other.

import { batch, effect, signal, type ReadonlySignal } from "@preact/signals-core";
import type { Attachment, Transport } from "./attachment";
import type { Clock } from "./clock";
import { trackOn, type Assignment, type ClientMessage, type Joined, type Person, type SlotMids } from "./messages";
import type { Roster } from "./roster";
import { chooseSlots, sameSlots } from "./slots";

const FAILED_TRACK_MS = 1_500;

/** Slots that are asked for, one step after the other; a node gives 49 at the most. */
export const slotSteps = [9, 25, 49] as const;

/** What is looked at of the call. */
export interface Scene<T extends Transport> {
  clock: Clock;
  roster: ReadonlySignal<Roster>;
  attachment: ReadonlySignal<Attachment<T> | null>;
  self: () => string;
  live: () => boolean;
  send: (m: ClientMessage) => void;
}

export class Subscriptions<T extends Transport> {
  /** What the slots are to show; what is in those for sound the node says. */
  readonly assigned = signal<Assignment>({ video: [], audio: [] });
  /** What the node has said they show: a picture is named only when it is sure. */
  readonly confirmed = signal<Assignment>({ video: [], audio: [] });
  /** How many video tiles the stage has room for. */
  readonly videoLimit = signal(9);
  /** The track that stands large there; empty: none. */
  readonly large = signal("");
  /** The track that is wanted for a moment, shown or not; empty: none. */
  readonly glanced = signal("");
  /** Tracks that the node could not give, for a moment. */
  private readonly resting = signal<ReadonlySet<string>>(new Set());
  private seq = 0;
  /** The attachment that was asked for more slots and has not given them. */
  private narrow: Attachment<T> | undefined;

  constructor(private readonly scene: Scene<T>) {
    effect(() => this.update());
  }

  /** Another node: what it says its slots show is all there is. */
  enter(joined: Joined): void {
    this.confirmed.value = this.assigned.value = fill(joined.assigned, joined.slots);
    this.resting.value = new Set();
  }

  clear(): void {
    this.confirmed.value = this.assigned.value = { video: [], audio: [] };
  }

  /** The node fills the audio slots by itself: what it says holds at once. */
  heard(audio: readonly (string | null)[]): void {
    const slots = this.assigned.value.audio.map((_, i) => audio[i] ?? null);
    batch(() => {
      this.assigned.value = { ...this.assigned.value, audio: slots };
      this.confirmed.value = { ...this.confirmed.value, audio: slots };
    });
  }

  /** The node has done what the last subscribe asked, but for those that failed. */
  subscribed(seq: number, failed: readonly string[]): void {
    if (seq !== this.seq) return;
    this.confirmed.value = { ...this.confirmed.value, video: this.assigned.value.video };
    this.rest(failed);
  }

  /** Tracks the node could not give yet are asked for again a little later. */
  private rest(tracks: readonly string[]): void {
    if (tracks.length === 0) return;
    this.resting.value = new Set([...this.resting.value, ...tracks]);
    this.scene.clock.after(FAILED_TRACK_MS, () => {
      this.resting.value = new Set([...this.resting.value].filter((t) => !tracks.includes(t)));
    });
  }

  private update(): void {
    const roster = this.scene.roster.value;
    const resting = this.resting.value;
    const videoLimit = this.videoLimit.value;
    const large = this.large.value;
    const glanced = this.glanced.value;
    if (!this.scene.live()) return;
    const assigned = this.assigned.peek();
    const chosen = chooseSlots({ people: roster.people, self: this.scene.self(), large, glanced, dominant: roster.dominant, spoke: roster.spoke, current: assigned.video, videoLimit });
    this.widen(roster.people, videoLimit, assigned.video.length);
    const video = chosen.map((t) => (t !== null && resting.has(t) ? null : t));
    if (sameSlots(assigned.video, video)) return;
    this.assigned.value = { ...assigned, video };
    this.scene.send({ type: "subscribe", seq: ++this.seq, video });
  }

  /** Asks for more slots where there are more pictures than slots, and room to show them. */
  private widen(people: readonly Person[], videoLimit: number, slots: number): void {
    const att = this.scene.attachment.peek();
    const wanted = Math.min(videoLimit, picturesOf(people, this.scene.self()));
    const next = slotSteps.find((n) => n > slots);
    if (!att || att === this.narrow || wanted <= slots || next === undefined) return;
    this.narrow = att; // one question at a time; who gets no answer is not asked again
    void att.widen(next).then((given) => {
      if (att !== this.scene.attachment.peek() || !given || given.video.length <= slots) return;
      this.narrow = undefined;
      this.stretch(given);
      this.update();
    });
  }

  /** More slots, the first of them showing what they showed. */
  private stretch(given: SlotMids): void {
    const longer = (a: Assignment): Assignment => ({ ...a, video: given.video.map((_, i) => a.video[i] ?? null) });
    this.assigned.value = longer(this.assigned.peek());
    this.confirmed.value = longer(this.confirmed.peek());
  }
}

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
