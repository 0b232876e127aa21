// The page's model: devices, session and what the components show, as signals.
// Components read from here and call its methods; they own no state of the call.

import { batch, computed, effect, signal } from "@preact/signals";
import { Floor } from "./floor";
import { FullScreen } from "./fullscreen";
import { codeKey, t, type Key } from "./i18n";
import { keepLips } from "./lips";
import { Look } from "./look";
import { Devices, type DeviceNotice } from "./media/devices";
import { PeerTransport } from "./media/peer";
import { noFigures, watchFigures, type Figures } from "./media/stats";
import type { Params } from "./params";
import { realClock } from "./protocol/clock";
import type { SocketLike } from "./protocol/line";
import { SUBPROTOCOL, type Person } from "./protocol/messages";
import type { Change } from "./protocol/roster";
import { Session } from "./protocol/session";
import { reportViews } from "./sight";
import { Stage } from "./stage";
import { remember, type Store } from "./store";

export type Panel = "chat" | "people" | "connection";

export interface Notice {
  id: number;
  text: string;
  tone: "info" | "problem";
}

const NOTICE_MS = 5_000;

export class App {
  readonly store: Store = remember();
  readonly devices: Devices;
  readonly session: Session<PeerTransport>;
  readonly floor: Floor;
  readonly name = signal("");
  readonly panel = signal<Panel | null>(null);
  readonly notices = signal<readonly Notice[]>([]);
  /** What a screen reader says next. */
  readonly spoken = signal("");
  readonly figures = signal<Figures>(noFigures);
  readonly look: Look;
  readonly stage: Stage;
  readonly fullScreen = new FullScreen();
  readonly soundBlocked = signal(false);
  readonly seenChat = signal(0);
  readonly localError = signal<"no_room" | "unsupported_browser" | null>(null);
  /** Marks in ms of performance.now(). */
  timings: { clickJoin?: number; joined?: number; connected?: number; firstRemoteFrame?: number } = {};

  private readonly transports = new Set<PeerTransport>();
  private readonly slotsChanged = signal(0);
  private noticeId = 0;

  constructor(readonly params: Params) {
    this.devices = new Devices(this.store);
    this.name.value = params.displayName || this.store.get("name") || "";
    const origin = location.origin;
    this.session = new Session<PeerTransport>(
      { room: params.room, kind: params.kind, token: params.token, browser: params.browser, name: this.name.value, peerId: params.peerId },
      {
        clock: realClock,
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
    const { session, devices, floor, figures, slotsChanged } = this;
    this.look = new Look({ session, moderates: floor.moderates, store: this.store, params, clock: realClock, tell: (text, tone) => this.tell(text, tone), speak: (text) => (this.spoken.value = text) });
    this.stage = new Stage({ session, devices, floor, look: this.look, figures, slotsChanged, clock: realClock });
    if (params.startWithFS) this.fullScreen.atFirstGesture();
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
  readonly audioStreams = computed<MediaStream[]>(() => {
    this.slotsChanged.value;
    return (this.session.attachment.value?.transport.audio ?? []).map((s) => s.stream);
  });

  start(): void {
    if (!this.params.room) this.localError.value = "no_room";
    else if (typeof RTCPeerConnection !== "function" || !("RTCRtpTransceiver" in globalThis)) this.localError.value = "unsupported_browser";
    if (this.localError.value) return;
    void this.devices.start();
    if (this.params.nameScreenDisabled) void this.join(this.params.displayName || t("guest"));
    else this.intend();
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

  /** Restores what is pinned, or pins what is large or who leads the talk. */
  togglePin(): void {
    const subject = this.look.pinned.value ?? this.stage.leading.value;
    if (subject) this.look.togglePin(subject);
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
    reportViews(this.session, this.stage.placed);
    keepLips(this.session, this.figures);
    effect(() => {
      const last = this.session.roster.value.chat.at(-1)?.seq ?? 0;
      if (this.panel.value === "chat" && last > this.seenChat.peek()) this.seenChat.value = last;
    });
    effect(() => {
      const phase = this.session.phase.value;
      if (phase === "ended" || phase === "refused") {
        batch(() => {
          this.panel.value = null;
          this.stage.clear();
        });
        if (this.session.verdict.peek()?.code !== "left") this.devices.stop();
      }
    });
    let was = "";
    effect(() => {
      const phase = this.session.phase.value;
      if ((was === "joining" || was === "waiting") && phase === "live") this.seenChat.value = Math.max(this.seenChat.peek(), this.session.roster.peek().chat.at(-1)?.seq ?? 0);
      if (phase === "reconnecting") this.spoken.value = t("banner.reconnecting");
      if (was === "reconnecting" && phase === "live") this.spoken.value = t("banner.back");
      was = phase;
    });
    // A closed page says so; others then see "left" at once, not "lost" later.
    addEventListener("pagehide", (e) => {
      if (!e.persisted) this.session.leave();
    });
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
