// The page's model: devices, session and what the components show, as signals.
// Components read from here and call its methods; they own no state of the call.

import { batch, computed, effect, signal } from "@preact/signals";
import { Check } from "./check";
import { Floor } from "./floor";
import { codeKey, t, type Key } from "./i18n";
import { keepLips } from "./lips";
import { Devices, type DeviceNotice } from "./media/devices";
import { PeerTransport, type Slot } from "./media/peer";
import { noFigures, watchFigures, type Figures } from "./media/stats";
import { Network } from "./network";
import type { Params } from "./params";
import { realClock, sleep } from "./protocol/clock";
import type { SocketLike } from "./protocol/line";
import { SUBPROTOCOL, trackOn, type PauseReason, type Person, type SlotLayer } from "./protocol/messages";
import type { Change } from "./protocol/roster";
import { Session } from "./protocol/session";
import { arrange } from "./protocol/slots";
import { keepSeat, type Seat } from "./seat";
import { reportViews } from "./sight";
import { capacity, GAP, stage, type Rect } from "./ui/layout";
import { ticker, WakefulClock } from "./wakeful";
import { remember, type Store } from "./store";

export type Panel = "chat" | "people" | "connection";

export interface Notice {
  id: number;
  text: string;
  tone: "info" | "problem";
}

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
}

/** A picture that has not moved for this long is called weak. */
const WEAK_MS = 3_000;
const NOTICE_MS = 5_000;
/** Who returns waits this long for the devices, so that others do not see them off and on again. */
const DEVICES_MS = 1_000;

export class App {
  readonly store: Store = remember();
  readonly devices: Devices;
  readonly session: Session<PeerTransport>;
  readonly floor: Floor;
  readonly check: Check;
  readonly network = new Network();
  readonly name = signal("");
  readonly panel = signal<Panel | null>(null);
  readonly notices = signal<readonly Notice[]>([]);
  /** What a screen reader says next. */
  readonly spoken = signal("");
  readonly figures = signal<Figures>(noFigures);
  readonly stageSize = signal({ w: 0, h: 0 });
  readonly soundBlocked = signal(false);
  readonly seenChat = signal(0);
  /** The page was loaded anew in a call and returns to it. */
  readonly returning = signal(false);
  readonly localError = signal<"no_room" | "unsupported_browser" | null>(null);
  /** Marks in ms of performance.now(). */
  timings: { clickJoin?: number; joined?: number; connected?: number; firstRemoteFrame?: number } = {};

  private readonly transports = new Set<PeerTransport>();
  private readonly slotsChanged = signal(0);
  /** When the node last changed what slots get, ms of performance.now(). */
  private switchedAt = -Infinity;
  private order: string[] = [];
  private noticeId = 0;

  constructor(readonly params: Params) {
    this.devices = new Devices(this.store);
    this.check = new Check(this.devices);
    this.name.value = params.displayName || this.store.get("name") || "";
    const origin = location.origin;
    this.session = new Session<PeerTransport>(
      { room: params.room, kind: params.kind, token: params.token, browser: params.browser, name: this.name.value, peerId: params.peerId },
      {
        clock: new WakefulClock(ticker()),
        random: Math.random,
        fetch: (url, init) => fetch(url, init),
        open: (url) => new WebSocket(url, SUBPROTOCOL) as unknown as SocketLike,
        transport: () => this.newTransport(),
        origin: { url: origin, ws: `${origin.replace(/^http/, "ws")}/ws` },
        newId: () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`,
        pop: params.pop,
      },
    );
    this.session.onchange = (c) => this.announce(c);
    this.session.onerror = (code) => {
      if (code === "not_allowed") this.floor.refused();
      this.notify(t(codeKey("error", code)), "problem");
    };
    this.floor = new Floor(this.session, this.devices, (text, tone) => this.tell(text, tone), (text) => (this.spoken.value = text));
    // Who has the list before their eyes needs no notice over it.
    this.floor.onguest = (text) => (this.panel.value === "people" ? (this.spoken.value = text) : this.tell(text));
    this.network.onchange = (surely) => this.session.shake(surely);
    this.devices.onnotice = (n) => this.deviceNotice(n);
    this.wire();
  }

  readonly people = computed(() => this.session.roster.value.people);
  readonly connected = computed(() => this.session.phase.value === "live");
  readonly unread = computed(() => {
    const chat = this.session.roster.value.chat;
    return this.panel.value === "chat" ? 0 : chat.filter((m) => m.seq > this.seenChat.value && m.peer_id !== this.session.self).length;
  });

  readonly me = computed<Person | null>(() => this.floor.me.value);
  /** Those who have a place on the stage: viewers and observers have none. */
  private readonly seated = computed(() => this.people.value.filter((p) => p.mode === "speaker"));
  private readonly seat = computed<Person | null>(() => (this.me.value?.mode === "speaker" ? this.me.value : null));

  private readonly selfStream = computed(() => {
    const camera = this.devices.tracks.value.camera;
    return camera ? new MediaStream([camera]) : null;
  });

  /** Slots that the node confirmed to carry the track, by track, with what it says of them. */
  private readonly streams = computed(() => {
    this.slotsChanged.value;
    const transport = this.session.attachment.value?.transport;
    const out = new Map<string, Slot & { layer: SlotLayer | null }>();
    this.session.confirmed.value.video.forEach((track, i) => {
      const slot = transport?.video[i];
      if (track !== null && slot) out.set(track, { ...slot, layer: this.session.layers.value[i] ?? null });
    });
    return out;
  });

  /** How many other people the stage shows. */
  private readonly room = computed(() => {
    const { w, h } = this.stageSize.value;
    const others = this.seated.value.length - (this.seat.value ? 1 : 0);
    const shares = this.shares.value.length;
    const places = capacity(w, h, shares > 0, GAP) - Math.max(0, shares - 1) - (this.seat.value && !this.floatSelf.value ? 1 : 0);
    return Math.max(1, others > places ? places - 1 : places); // the number of those who do not fit takes a place as well
  });

  readonly audioStreams = computed<MediaStream[]>(() => {
    this.slotsChanged.value;
    return (this.session.attachment.value?.transport.audio ?? []).map((s) => s.stream);
  });

  private readonly shares = computed(() =>
    this.people.value.filter((p) => trackOn(p, "share") && p.peer_id !== this.session.self),
  );

  readonly sharing = computed(() => this.shares.value.length > 0);
  readonly floatSelf = computed(() => !this.sharing.value && this.seated.value.length === 2 && this.seat.value !== null);

  /**
   * The stage: shared screens first, then people in their places, and how many
   * do not fit. It remembers the places, so it is not quite a pure function.
   */
  readonly stage = computed<{ tiles: Tile[]; self: Tile | null; more: number }>(() => {
    const roster = this.session.roster.value;
    const me = this.seat.value;
    const others = this.seated.value.filter((p) => p.peer_id !== me?.peer_id);
    const slotted = new Set(this.session.assigned.value.video);
    const rank = (p: Person): number => (slotted.has(trackOn(p, "camera") ?? "") ? 0 : 1);
    const wanted = others
      .map((p, joined) => ({ p, rank: rank(p), spoke: roster.spoke.get(p.peer_id) ?? -1, joined }))
      .sort((a, b) => a.rank - b.rank || b.spoke - a.spoke || a.joined - b.joined)
      .map((x) => x.p.peer_id);

    const shown = wanted.slice(0, this.room.value);
    this.order = arrange(this.order.length ? this.order : joinOrder(others, shown), shown);
    const byId = new Map(others.map((p) => [p.peer_id, p]));

    const tiles: Tile[] = [];
    for (const p of this.shares.value) tiles.push(this.tile(`share:${p.peer_id}`, "share", p));
    const self = me ? this.selfTile(me) : null;
    for (const id of this.order) {
      const p = byId.get(id);
      if (p) tiles.push(this.tile(`person:${id}`, "person", p));
    }
    const floating = this.floatSelf.value;
    if (self && !floating) tiles.push(self);
    return { tiles, self: floating ? self : null, more: Math.max(0, wanted.length - shown.length) };
  });

  /** The stage in places, the own floating picture last; and where the number of those who do not fit stands. */
  readonly placed = computed<{ tiles: Placed[]; more: Rect | null }>(() => {
    const { w, h } = this.stageSize.value;
    const { tiles, self, more } = this.stage.value;
    const sharing = this.sharing.value;
    const places = stage(w, h, tiles.length - (sharing ? 1 : 0) + (more > 0 ? 1 : 0), sharing, self !== null, GAP);
    const rects = places.main ? [places.main, ...places.tiles] : places.tiles;
    const placed = tiles.flatMap((tile, i) => (rects[i] ? [{ tile, at: rects[i], floating: false }] : []));
    if (self && places.self) placed.push({ tile: self, at: places.self, floating: true });
    return { tiles: placed, more: more > 0 ? (rects[tiles.length] ?? null) : null };
  });

  start(seat: Seat | null = null): void {
    if (!this.params.room) this.localError.value = "no_room";
    else if (typeof RTCPeerConnection !== "function" || !("RTCRtpTransceiver" in globalThis)) this.localError.value = "unsupported_browser";
    if (this.localError.value) return;
    if (seat) return void this.comeBack(seat);
    void this.devices.start();
    if (this.params.nameScreenDisabled) void this.join(this.params.displayName || t("guest"));
    else this.intend();
  }

  /** Straight into the call that the page was in when it was loaded anew. */
  private async comeBack(seat: Seat): Promise<void> {
    this.timings = { clickJoin: performance.now() };
    this.returning.value = true;
    this.name.value = seat.name;
    this.devices.micOn.value = seat.mic;
    this.devices.cameraOn.value = seat.camera;
    void this.session.prepare();
    await Promise.race([this.devices.start(), sleep(realClock, DEVICES_MS)]);
    await this.session.comeBack(seat, this.devices.media.peek());
    this.returning.value = false;
  }

  /** The person seems about to join: have everything ready. */
  intend(): void {
    void this.session.prepare();
  }

  async join(name: string): Promise<void> {
    this.timings = { clickJoin: performance.now() };
    this.name.value = name;
    if (!this.params.displayName && !this.params.nameScreenDisabled) this.store.set("name", name);
    void this.devices.start();
    await this.session.join(name, this.devices.media.peek());
  }

  again(): void {
    if (this.session.verdict.value?.code === "unsupported_version") location.reload();
    else void this.join(this.name.value || t("guest"));
  }

  leave(): void {
    this.session.leave();
    this.devices.stop();
    this.panel.value = null;
  }

  togglePanel(p: Panel): void {
    this.panel.value = this.panel.value === p ? null : p;
  }

  /** A remote picture has appeared. */
  frame(): void {
    this.timings.firstRemoteFrame ??= performance.now();
  }

  notify(text: string, tone: Notice["tone"] = "info"): void {
    const id = ++this.noticeId;
    this.notices.value = [...this.notices.value.slice(-2), { id, text, tone }];
    setTimeout(() => this.dismiss(id), NOTICE_MS);
  }

  /** Says something aloud and on screen. */
  private tell(text: string, tone: Notice["tone"] = "info"): void {
    this.spoken.value = text;
    this.notify(text, tone);
  }

  dismiss(id: number): void {
    this.notices.value = this.notices.value.filter((n) => n.id !== id);
  }

  private tile(key: string, kind: "person" | "share", person: Person): Tile {
    const track = trackOn(person, kind === "share" ? "share" : "camera");
    const slot = track === null ? undefined : this.streams.value.get(track);
    const idle = slot ? (this.figures.value.slots.get(slot.mid)?.idleMs ?? 0) : 0;
    const state = slot?.layer?.state ?? "live";
    // What is held back because nobody sees it is on its way again when somebody does.
    const reason = state === "paused" && slot?.layer?.reason !== "hidden" ? slot?.layer?.reason : undefined;
    const settled = performance.now() - this.switchedAt > WEAK_MS;
    return {
      key, kind, person, track,
      stream: reason ? null : (slot?.stream ?? null),
      paused: reason || null,
      speaking: kind === "person" && this.session.roster.value.speaking.has(person.peer_id),
      // A still screen sends few frames; only cameras are judged.
      weak: kind === "person" && state === "live" && settled && idle > WEAK_MS && this.connected.value,
    };
  }

  private selfTile(me: Person): Tile {
    const stream = this.selfStream.value;
    return {
      key: "self",
      kind: "self",
      person: { ...me, media: { ...me.media, ...this.devices.media.value } },
      track: stream?.getVideoTracks()[0]?.id ?? null,
      stream,
      speaking: this.devices.media.value.mic && this.session.roster.value.speaking.has(me.peer_id),
      weak: false,
      paused: null,
    };
  }

  private newTransport(): PeerTransport {
    const transport = new PeerTransport(this.params, this.devices.tracks.peek());
    this.transports.add(transport);
    transport.onslots = () => void this.slotsChanged.value++;
    return transport;
  }

  private wire(): void {
    effect(() => {
      const tracks = this.devices.tracks.value;
      for (const t of this.transports) {
        if (t.pc.signalingState === "closed") this.transports.delete(t);
        else t.send(tracks);
      }
    });
    effect(() => this.session.setMedia(this.devices.media.value));
    effect(() => {
      const att = this.session.attachment.value;
      if (!att) return;
      const { pc } = att.transport;
      this.timings.joined ??= performance.now();
      const mark = (): void => {
        if (pc.connectionState === "connected") this.timings.connected ??= performance.now();
      };
      mark();
      pc.addEventListener("connectionstatechange", mark);
      const stop = watchFigures(pc, (f) => (this.figures.value = f));
      return () => {
        pc.removeEventListener("connectionstatechange", mark);
        stop();
        this.figures.value = noFigures;
      };
    });
    reportViews(this.session, this.placed);
    keepLips(this.session, this.figures);
    effect(() => {
      if (this.session.layers.value.length > 0) this.switchedAt = performance.now();
    });
    effect(() => {
      // What the stage does not show is not asked for.
      if (this.stageSize.value.w > 0) this.session.videoLimit.value = this.room.value + this.shares.value.length;
    });
    effect(() => {
      const last = this.session.roster.value.chat.at(-1)?.seq ?? 0;
      if (this.panel.value === "chat" && last > this.seenChat.peek()) this.seenChat.value = last;
    });
    effect(() => {
      const phase = this.session.phase.value;
      if (phase === "ended" || phase === "refused") {
        batch(() => {
          this.panel.value = null;
          this.order = [];
        });
        if (this.session.verdict.peek()?.code !== "left") this.devices.stop();
      }
    });
    effect(() => {
      if (this.network.offline.value) this.spoken.value = t("banner.offline");
    });
    let was = "";
    effect(() => {
      const phase = this.session.phase.value;
      if ((was === "joining" || was === "waiting") && phase === "live") this.seenChat.value = Math.max(this.seenChat.peek(), this.session.roster.peek().chat.at(-1)?.seq ?? 0);
      if (phase === "reconnecting") this.spoken.value = t("banner.reconnecting");
      if (was === "reconnecting" && phase === "live") this.spoken.value = t("banner.back");
      was = phase;
    });
    keepSeat(this.session, this.devices, () => this.name.peek());
    // Closed or loaded anew: a page cannot tell. Others see "reconnecting" for a moment.
    addEventListener("pagehide", () => this.session.away());
  }

  private announce(c: Change): void {
    if (c.kind === "asked") return this.floor.ask(c.source);
    if (c.kind === "reacted") return this.floor.reacted(c.person, c.text);
    const own = (c.kind === "said" ? c.message.peer_id : c.person.peer_id) === this.session.self;
    if (own) return;
    switch (c.kind) {
      case "joined":
        if (c.person.mode === "speaker") this.tell(t("live.joined", { name: c.person.name }));
        break;
      case "left":
        if (c.person.mode === "speaker") this.tell(t(c.reason === "lost" ? "live.lost" : c.reason === "kicked" || c.reason === "blocked" ? "live.kicked" : "live.left", { name: c.person.name }));
        break;
      case "raised":
        if (this.floor.moderates.value) this.tell(t("hand.raised", { name: c.person.name }));
        else this.spoken.value = t("hand.raised", { name: c.person.name });
        break;
      case "shares":
        this.spoken.value = t("live.shares", { name: c.person.name });
        break;
      case "said":
        this.spoken.value = t("chat.said", { name: c.message.name, text: c.message.text });
        break;
    }
  }

  private deviceNotice(n: DeviceNotice): void {
    const key = `trouble.${n.kind}.${n.trouble}` as Key;
    this.tell(t(key), "problem");
  }
}

/** The ids among people that are in shown, in people's (join) order. */
function joinOrder(people: readonly Person[], shown: readonly string[]): string[] {
  const set = new Set(shown);
  return people.map((p) => p.peer_id).filter((id) => set.has(id));
}
