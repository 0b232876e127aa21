// Who is on the stage and where: tiles from people and slots, in the places of
// layout.ts. It tells the session which pictures there is room for.

import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import type { Floor } from "./floor";
import { named, type Look, type Subject } from "./look";
import type { Devices } from "./media/devices";
import type { PeerTransport, Slot } from "./media/peer";
import type { Figures } from "./media/stats";
import type { Clock, Timer } from "./protocol/clock";
import { follow, large, nobody, type Lead } from "./protocol/lead";
import { trackOn, type PauseReason, type Person, type Priority, type SlotLayer } from "./protocol/messages";
import type { Session } from "./protocol/session";
import { arrange, byVideo } from "./protocol/slots";
import { capacity, place, type Scene } from "./ui/layout";
import type { Rect } from "./ui/rect";

export interface Tile {
  key: string;
  kind: "self" | "person" | "share";
  person: Person;
  /** What to play; null while there is no picture. */
  stream: MediaStream | null;
  /** Names the track, so that a slot's old picture never appears under a new name. */
  track: string | null;
  speaking: boolean;
  weak: boolean;
  /** Why there is no picture though there could be one. */
  paused: PauseReason | null;
}

/** A tile where it stands. */
export interface Placed {
  tile: Tile;
  at: Rect;
  floating: boolean;
  /** How much its picture is wanted. */
  priority: Priority;
}

/** A picture that has not moved for this long is called weak. */
const WEAK_MS = 3_000;

interface StageDeps {
  session: Session<PeerTransport>;
  devices: Devices;
  floor: Pick<Floor, "me">;
  look: Look;
  /** What the room watches together; null for nothing. */
  playing: ReadonlySignal<string | null>;
  figures: ReadonlySignal<Figures>;
  /** Changes when a transport's slots do. */
  slotsChanged: ReadonlySignal<number>;
  clock: Clock;
  /** How many people this device can show beside the large one. */
  bearable: () => number;
}

export class Stage {
  readonly size = signal({ w: 0, h: 0 });
  private readonly lead = signal<Lead>(nobody);
  private leadTimer: Timer;
  /** When the node last changed what slots get, ms of the clock. */
  private switchedAt = -Infinity;
  private order: string[] = [];

  constructor(private readonly deps: StageDeps) {
    const { session, clock } = deps;
    effect(() => this.followLead());
    effect(() => {
      if (session.layers.value.length > 0) this.switchedAt = clock.now();
    });
    effect(() => {
      // What the stage does not show is not asked for.
      if (this.size.value.w > 0) session.videoLimit.value = this.room.value + this.shares.value.length + (this.mainPerson.value ? 1 : 0);
    });
    effect(() => {
      const front = this.front.value && named(this.front.value);
      const p = this.people.value.find((p) => p.peer_id === front?.id && p.peer_id !== session.self);
      session.large.value = (front && p && trackOn(p, front.source)) ?? "";
    });
  }

  /** The places of one call are none of the next. */
  clear(): void {
    this.order = [];
    this.lead.value = nobody;
  }

  private readonly people = computed(() => this.deps.session.roster.value.people);
  /** Those who have a place on the stage: viewers and observers have none. */
  private readonly seated = computed(() => this.people.value.filter((p) => p.mode === "speaker"));
  private readonly seat = computed<Person | null>(() => (this.deps.floor.me.value?.mode === "speaker" ? this.deps.floor.me.value : null));
  private readonly others = computed(() => this.seated.value.filter((p) => p.peer_id !== this.seat.value?.peer_id));
  private readonly shares = computed(() => this.people.value.filter((p) => trackOn(p, "share") && p.peer_id !== this.deps.session.self));

  /** What comes first; large, where the layout has a large tile. */
  private readonly front = computed<Subject | null>(() => {
    const { look } = this.deps;
    const shares = this.shares.value.map((p): Subject => `share:${p.peer_id}`);
    const player: Subject[] = this.deps.playing.value ? ["player"] : [];
    const here = new Set<string>([...shares, ...player, ...this.seated.value.map((p) => `person:${p.peer_id}`)]);
    const speaks = look.layout.value === "bottom-speaker" || look.layout.value === "left-side-speaker";
    const lead = this.lead.value.id || this.seat.value?.peer_id;
    return large({ pinned: look.pinned.value, shares: [...shares, ...player], lead: speaks && lead ? `person:${lead}` : null }, here) as Subject | null;
  });
  readonly main = computed<Subject | null>(() => (this.deps.look.layout.value === "strip" ? null : this.front.value));
  /** What a key pins: what is large, else who leads the talk. */
  readonly leading = computed<Subject | null>(() => this.front.value ?? (this.lead.value.id ? `person:${this.lead.value.id}` : null));
  /** The person who stands large, if it is another one. */
  private readonly mainPerson = computed<Person | null>(() => this.others.value.find((p) => this.main.value === `person:${p.peer_id}`) ?? null);
  private readonly selfIsMain = computed(() => this.seat.value !== null && this.main.value === `person:${this.seat.value.peer_id}`);
  private readonly scene = computed<Scene>(() => ({ layout: this.deps.look.layout.value, small: this.deps.look.small.value, main: this.main.value !== null }));
  readonly floatSelf = computed(() => {
    const { layout, small, main } = this.scene.value;
    return layout === "gallery" && !small && !main && this.others.value.length === 1 && this.seat.value !== null;
  });

  /** Pictures of others that the stage would show if the device bore them all. */
  wished(): number {
    const { w, h } = this.size.value;
    const cameras = this.others.value.filter((p) => trackOn(p, "camera")).length;
    return Math.min(cameras, capacity(w, h, this.scene.value));
  }

  /** How many other people the stage shows beside the large tile. */
  private readonly room = computed(() => {
    const { w, h } = this.size.value;
    const others = this.others.value.length - (this.mainPerson.value ? 1 : 0);
    const shares = this.shares.value.length - (this.main.value?.startsWith("share:") ? 1 : 0);
    const player = this.deps.playing.value && this.main.value !== "player" ? 1 : 0;
    const self = this.seat.value && !this.floatSelf.value && !this.selfIsMain.value ? 1 : 0;
    const places = Math.min(capacity(w, h, this.scene.value) - shares - player - self, this.deps.bearable());
    return Math.max(1, others > places ? places - 1 : places); // the number of those who do not fit takes a place as well
  });

  /**
   * Tiles in their order: the large one, shared screens, people, oneself; and
   * how many do not fit. It remembers the places, so it is not quite a pure function.
   */
  readonly tiles = computed<{ tiles: Tile[]; self: Tile | null; more: number }>(() => {
    const me = this.seat.value;
    const front = this.front.value;
    const rest = this.others.value.filter((p) => p !== this.mainPerson.value);
    const shown = this.arranged(rest);
    const tiles: Tile[] = [];
    for (const p of this.shares.value) tiles.push(this.tile(`share:${p.peer_id}`, "share", p));
    for (const p of this.mainPerson.value ? [this.mainPerson.value, ...shown] : shown) tiles.push(this.tile(`person:${p.peer_id}`, "person", p));
    const self = me ? this.selfTile(me) : null;
    const floating = this.floatSelf.value;
    if (self && !floating) tiles.push(self);
    const at = tiles.findIndex((t) => t.key === (front === `person:${me?.peer_id}` ? "self" : front));
    if (at > 0) tiles.unshift(...tiles.splice(at, 1));
    return { tiles, self: floating ? self : null, more: rest.length - shown.length };
  });

  /** The tiles in places, the own floating picture last; where the room's player stands, and the number of those who do not fit. */
  readonly placed = computed<{ tiles: Placed[]; player: Rect | null; more: Rect | null }>(() => {
    const { w, h } = this.size.value;
    const { tiles, self, more } = this.tiles.value;
    const scene = this.scene.value;
    const player = this.deps.playing.value ? 1 : 0;
    const places = place(w, h, tiles.length + player - (scene.main ? 1 : 0) + (more > 0 ? 1 : 0), scene, self !== null);
    const rects = places.main ? [places.main, ...places.tiles] : places.tiles;
    // The player is first, or next to what is large in its stead.
    const at = player ? rects.splice(this.front.value === "player" ? 0 : 1, 1)[0] : undefined;
    const placed: Placed[] = tiles.flatMap((tile, i) => (rects[i] ? [{ tile, at: rects[i], floating: false, priority: this.priority(tile) }] : []));
    if (self && places.self) placed.push({ tile: self, at: places.self, floating: true, priority: "other" });
    return { tiles: placed, player: at ?? null, more: more > 0 ? (rects[tiles.length] ?? null) : null };
  });

  /** Those who fit. While all do, in the order of joining; else who has a picture and spoke last, each in their place. */
  private arranged(others: readonly Person[]): Person[] {
    const { session, look } = this.deps;
    const { spoke } = session.roster.value;
    const slotted = new Set(session.assigned.value.video);
    const rank = (p: Person): number => (slotted.has(trackOn(p, "camera") ?? "") ? 0 : 1);
    const wanted = others
      .map((p, joined) => ({ p, rank: rank(p), spoke: spoke.get(p.peer_id) ?? -1, joined }))
      .sort((a, b) => a.rank - b.rank || b.spoke - a.spoke || a.joined - b.joined)
      .map((x) => x.p.peer_id);
    const shown = new Set(wanted.slice(0, this.room.value));
    const inJoinOrder = others.map((p) => p.peer_id).filter((id) => shown.has(id));
    const all = shown.size === others.length;
    this.order = all || this.order.length === 0 ? inJoinOrder : arrange(this.order, [...shown]);
    const byId = new Map(others.map((p) => [p.peer_id, p]));
    const out = this.order.flatMap((id) => byId.get(id) ?? []);
    return look.videoFirst.value ? byVideo(out) : out;
  }

  private priority(tile: Tile): Priority {
    const { look, session } = this.deps;
    const subject = subjectOf(tile);
    if (subject === look.pinned.value) return "pinned";
    if (tile.kind === "share") return "share";
    return subject === this.main.value || tile.person.peer_id === session.roster.value.dominant ? "speaker" : "other";
  }

  private followLead(): void {
    const { session, clock } = this.deps;
    clock.cancel(this.leadTimer);
    const { lead, again } = follow(this.lead.peek(), session.roster.value.dominant, this.others.value.map((p) => p.peer_id), clock.now());
    if (lead !== this.lead.peek()) this.lead.value = lead;
    if (again !== null) this.leadTimer = clock.after(again, () => this.followLead());
  }

  /** Slots that the node confirmed to carry the track, by track, with what it says of them. */
  private readonly streams = computed(() => {
    const { session, slotsChanged } = this.deps;
    slotsChanged.value;
    const transport = session.attachment.value?.transport;
    const out = new Map<string, Slot & { layer: SlotLayer | null }>();
    session.confirmed.value.video.forEach((track, i) => {
      const slot = transport?.video[i];
      if (track !== null && slot) out.set(track, { ...slot, layer: session.layers.value[i] ?? null });
    });
    return out;
  });

  private readonly selfStream = computed(() => {
    const camera = this.deps.devices.tracks.value.camera;
    return camera ? new MediaStream([camera]) : null;
  });

  private tile(key: string, kind: "person" | "share", person: Person): Tile {
    const { session, figures, clock } = this.deps;
    const track = trackOn(person, kind === "share" ? "share" : "camera");
    const slot = track === null ? undefined : this.streams.value.get(track);
    const idle = slot ? (figures.value.slots.get(slot.mid)?.idleMs ?? 0) : 0;
    const state = slot?.layer?.state ?? "live";
    // What is held back because nobody sees it is on its way again when somebody does.
    const reason = state === "paused" && slot?.layer?.reason !== "hidden" ? slot?.layer?.reason : undefined;
    const settled = clock.now() - this.switchedAt > WEAK_MS;
    return {
      key, kind, person, track,
      stream: reason ? null : (slot?.stream ?? null),
      paused: reason || null,
      speaking: kind === "person" && session.roster.value.speaking.has(person.peer_id),
      // A still screen sends few frames; only cameras are judged.
      weak: kind === "person" && state === "live" && settled && idle > WEAK_MS && session.phase.value === "live",
    };
  }

  private selfTile(me: Person): Tile {
    const { session, devices } = this.deps;
    const stream = this.selfStream.value;
    return {
      key: "self",
      kind: "self",
      person: { ...me, media: { ...me.media, ...devices.media.value } },
      track: stream?.getVideoTracks()[0]?.id ?? null,
      stream,
      speaking: devices.media.value.mic && session.roster.value.speaking.has(me.peer_id),
      weak: false,
      paused: null,
    };
  }
}

/** What a tile shows, by the name that everybody in the room has for it. */
export function subjectOf(tile: Tile): Subject {
  return tile.kind === "share" ? `share:${tile.person.peer_id}` : `person:${tile.person.peer_id}`;
}
