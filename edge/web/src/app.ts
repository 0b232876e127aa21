// The page's model: devices, session and what the components show, as signals.
// Components read from here and call its methods; they own no state of the call.

import { batch, computed, effect, signal, untracked, type Signal } from "@preact/signals";
import { attributes, brought, decided, type Attributes, type Control } from "./attributes";
import { Check } from "./check";
import { Crowd } from "./crowd";
import { Floor } from "./floor";
import { FullScreen } from "./fullscreen";
import { Hearing } from "./hearing";
import { codeKey, lang, pickLang, setLang, t, type Key } from "./i18n";
import { keepLips } from "./lips";
import { Look } from "./look";
import { served, type Looks } from "./looks";
import { Photos } from "./photos";
import { Devices, type DeviceNotice } from "./media/devices";
import { PeerTransport } from "./media/peer";
import { noFigures, watchFigures, type Figures } from "./media/stats";
import { Network } from "./network";
import { remedy, stays, type Act, type Notice } from "./notice";
import type { Params } from "./params";
import { Player } from "./player";
import { Glance } from "./glance";
import { Pip } from "./pip";
import { realClock, sleep } from "./protocol/clock";
import { lookAhead, type EntryAnswer } from "./protocol/entry";
import type { SocketLike } from "./protocol/line";
import { SUBPROTOCOL, type Entry, type Person, type RoomFacts } from "./protocol/messages";
import type { Change } from "./protocol/roster";
import { Session } from "./protocol/session";
import { keepSeat, type Seat } from "./seat";
import { Secrets } from "./secrets";
import { reportViews } from "./sight";
import { Stage } from "./stage";
import { Strain } from "./strain";
import { ticker, WakefulClock } from "./wakeful";
import { remember, type Store } from "./store";

export type Panel = "chat" | "people" | "info" | "connection" | "settings";

/** Who returns waits this long for the devices, so that others do not see them off and on again. */
const DEVICES_MS = 1_000;

export class App {
  readonly store: Store = remember();
  readonly devices: Devices;
  readonly session: Session<PeerTransport>;
  readonly floor: Floor;
  readonly crowd: Crowd;
  readonly check: Check;
  readonly hearing: Hearing;
  /** The own picture as in a mirror; others see it as it is. */
  readonly mirror = signal(true);
  readonly photos = new Photos(() => this.session.attachment.peek()?.node.url ?? location.origin);
  readonly network = new Network();
  readonly name = signal("");
  readonly panel = signal<Panel | null>(null);
  readonly notices = signal<readonly Notice[]>([]);
  /** What a screen reader says next. */
  readonly spoken = signal("");
  readonly figures = signal<Figures>(noFigures);
  readonly look: Look;
  readonly player: Player;
  readonly stage: Stage;
  readonly strain: Strain;
  readonly pip: Pip;
  readonly glance: Glance;
  readonly fullScreen = new FullScreen();
  readonly soundBlocked = signal(false);
  /** The page around the frame asked to share, and the browser wants a click in here. */
  readonly shareOffered = signal(false);
  readonly seenChat = signal(0);
  /** The page was loaded anew in a call and returns to it. */
  readonly returning = signal(false);
  /** The server is asked what to show; nothing is shown that it may change. */
  readonly looking = signal(false);
  readonly secrets = new Secrets();
  /** Of this visit: the address's until the server has said what counts. */
  readonly attributes: Signal<Attributes>;
  /** Whether there are controls at all; the embedding page may change it. */
  readonly controlsVisible: Signal<boolean>;
  /** What may be passed on about the room. */
  readonly facts = signal<RoomFacts>({});
  /** When a room that is not open yet will be. */
  readonly looks: Looks = served(document);
  readonly localError = signal<"no_room" | "unsupported_browser" | null>(null);
  /** Marks in ms of performance.now(). */
  timings: { clickJoin?: number; joined?: number; connected?: number; firstRemoteFrame?: number } = {};

  private readonly transports = new Set<PeerTransport>();
  private readonly slotsChanged = signal(0);
  private noticeId = 0;
  /** The name was changed since the address or the token gave one. */
  private renamed = false;

  constructor(readonly params: Params) {
    this.awaited = params.nameScreenDisabled && window.parent !== window;
    this.devices = new Devices(this.store);
    this.attributes = signal(attributes(params.said, params.kind));
    this.controlsVisible = signal(!this.attributes.value.bare);
    this.check = new Check(this.devices);
    this.hearing = new Hearing(this.store);
    this.mirror.value = this.store.get("mirror") !== "off";
    this.name.value = params.displayName || this.store.get("name") || "";
    this.beginOff(this.attributes.value);
    const origin = location.origin;
    this.session = new Session<PeerTransport>(
      { room: params.room, kind: params.kind, source: params.source, pageHost: location.hostname, token: params.token, browser: params.browser, name: this.name.value, peerId: params.peerId, attributes: () => brought(params.said, this.devices.media.peek()), secrets: () => this.secrets.given() },
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
    this.crowd = new Crowd((q) => this.session.look(q), realClock);
    // Who has the list before their eyes needs no notice over it.
    this.floor.onguest = (text) => (this.panel.value === "people" ? (this.spoken.value = text) : this.tell(text));
    const { session, devices, floor, figures, slotsChanged } = this;
    this.look = new Look({ session, moderates: floor.moderates, store: this.store, clock: realClock, tell: (text, tone) => this.tell(text, tone), speak: (text) => (this.spoken.value = text) });
    this.player = new Player({ session, own: location.origin, speak: (text) => (this.spoken.value = text) });
    this.strain = new Strain(figures, () => this.stage.wished());
    this.stage = new Stage({ session, devices, floor, look: this.look, playing: this.player.address, figures, slotsChanged, clock: realClock, bearable: () => this.strain.step.value.tiles });
    this.glance = new Glance(session, realClock);
    this.pip = new Pip({
      tiles: this.stage.tiles,
      leading: this.stage.leading,
      micOn: () => devices.tracks.value.mic !== null,
      offered: () => this.inCall.value && this.shows("pip"),
      acts: () => ({ mic: this.shows("mic") ? () => floor.toggle("mic") : null, leave: this.shows("leave") ? () => this.leave() : null }),
    });
    this.look.begin(this.attributes.value);
    if (this.attributes.value.fullScreen) this.fullScreen.atFirstGesture();
    this.floor.ondone = (a) => {
      if (a.verb === "kick" || a.verb === "block" || (a.verb === "mode" && a.value !== "viewer")) this.crowd.without(a.peer_id);
    };
    this.network.onchange = (surely) => this.session.shake(surely);
    this.devices.onnotice = (n) => this.deviceNotice(n);
    this.wire();
  }

  readonly people = computed(() => this.session.roster.value.people);
  readonly inCall = computed(() => this.session.phase.value === "live" || this.session.phase.value === "reconnecting");
  /** Where people say who they are and what they know: before a join, and after one that was refused for a secret. */
  readonly atDoor = computed(() => {
    const phase = this.session.phase.value;
    if (phase === "refused") return this.session.verdict.value?.code === "wrong_password";
    return (phase === "idle" || phase === "joining") && (this.secrets.asked.value || this.attributes.value.page !== "");
  });
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

  /** Whether a room that nobody has used may be entered; where not, the page says why. */
  async opens(room: string): Promise<boolean> {
    const answer = await lookAhead((url, init) => fetch(url, init), realClock, { ...this.asked(), room, source: "gcore" });
    if (answer === null || "entry" in answer) return true; // the join will say
    this.session.refuse(answer.refusal);
    return false;
  }

  start(seat: Seat | null = null): void {
    if (this.params.fresh) return;
    if (!this.params.room) this.localError.value = "no_room";
    else if (typeof RTCPeerConnection !== "function" || !("RTCRtpTransceiver" in globalThis)) this.localError.value = "unsupported_browser";
    if (this.localError.value) return;
    if (seat) return void this.comeBack(seat);
    if (this.attributes.value.page === "" && !this.awaited) return void this.join(this.params.displayName || t("guest")); // which says all that a look ahead does
    if (this.awaited) this.name.value ||= t("guest");
    else this.looking.value = true;
    void lookAhead((url, init) => fetch(url, init), realClock, this.asked()).then((a) => this.told(a));
    this.intend();
  }

  /** Whether the page around says when to join, and with which devices; nothing is opened before. */
  readonly awaited: boolean;

  /** Straight into the call that the page was in when it was loaded anew. */
  private async comeBack(seat: Seat): Promise<void> {
    this.timings = { clickJoin: performance.now() };
    this.returning.value = true;
    this.name.value = seat.name;
    this.devices.micOn.value = seat.mic;
    this.devices.cameraOn.value = seat.camera;
    void this.session.prepare();
    void lookAhead((url, init) => fetch(url, init), realClock, this.asked()).then((a) => a?.entry && this.admitted(a.entry));
    if (seat.mic || seat.camera || !this.attributes.value.viewer) await Promise.race([this.devices.start(), sleep(realClock, DEVICES_MS)]);
    await this.session.comeBack(seat, this.devices.media.peek());
    this.returning.value = false;
  }

  /** Who only watches is asked for no device. */
  private openDevices(): void {
    if (!this.attributes.value.viewer) void this.devices.start();
  }

  /** Before the join: who is awaited opens none until it is said with which they come. */
  private previewDevices(): void {
    if (!this.awaited) this.openDevices();
  }

  private asked() {
    const { room, kind, source, token, browser, said } = this.params;
    return { room, kind, source, token, browser, name: "", attributes: said };
  }

  /** What the server says before the join. Who is joining by now hears it from the join. */
  private told(answer: EntryAnswer | null): void {
    this.looking.value = false;
    if (this.session.phase.value !== "idle") return;
    if (!answer) return this.previewDevices();
    const { refusal, entry } = answer;
    if (refusal && !refusal.ask) return this.session.refuse(refusal);
    if (refusal) this.secrets.foreseen(true, false);
    if (entry) this.admitted(entry);
    else this.previewDevices();
  }

  private admitted(e: Entry): void {
    const was = this.attributes.value;
    const now = decided(e, this.params.said);
    batch(() => {
      this.attributes.value = now;
      this.secrets.helps.value = e.pin === true;
      this.facts.value = { ...this.facts.value, ...e.room };
      if (now.bare !== was.bare) this.controlsVisible.value = !now.bare;
      if (now.nameLocked && !this.renamed) this.name.value = now.name;
    });
    this.look.begin(now, was);
    if (now.lang && now.lang !== was.lang) void setLang(pickLang(now.lang, []));
    if (now.fullScreen && !was.fullScreen) this.fullScreen.atFirstGesture();
    if (this.session.phase.value !== "idle" || this.returning.value) return;
    this.beginOff(now, was);
    if (now.page === "" && !this.secrets.asked.value && !this.awaited) return void this.join(now.name || t("guest"));
    this.previewDevices();
  }

  /** Switches off what begins so; what the person has switched on since stays. */
  private beginOff(now: Attributes, was?: Attributes): void {
    if (now.micOff && !was?.micOff) this.devices.yield("mic");
    if (now.cameraOff && !was?.cameraOff) this.devices.yield("camera");
  }

  /** Whether a control is part of the page. */
  shows(c: Control): boolean {
    return this.controlsVisible.value && !this.attributes.value.hidden.has(c);
  }

  /** What people call the room. */
  readonly title = computed(() => this.facts.value.name || this.params.room);

  /** The person seems about to join: have everything ready. */
  intend(): void {
    void this.session.prepare();
  }

  async join(name: string): Promise<void> {
    this.timings = { clickJoin: performance.now() };
    this.name.value = name;
    if (!this.attributes.value.nameLocked && this.attributes.value.page !== "") this.store.set("name", name);
    this.secrets.tried();
    this.openDevices();
    await this.session.join(name, this.devices.media.peek());
  }

  /** Before and in the call, also where the person could not: for the embedding page. */
  rename(name: string): void {
    this.renamed = true;
    this.name.value = name;
    this.session.rename(name);
  }

  /** Plays what the browser held back; resolves to whether it lets it. */
  async playSound(): Promise<boolean> {
    const tried = await Promise.allSettled([...document.querySelectorAll("audio")].map((a) => a.play()));
    this.soundBlocked.value = tried.some((x) => x.status === "rejected");
    return !this.soundBlocked.value;
  }

  again(): void {
    if (this.session.verdict.value?.code === "unsupported_version") location.reload();
    else void this.join(this.name.value || t("guest"));
  }

  /** What a video slot shows. */
  streamOf(slot: number): MediaStream {
    return this.session.attachment.value?.transport.video[slot]?.stream ?? new MediaStream();
  }

  leave(): void {
    this.session.leave();
    this.devices.stop();
    this.panel.value = null;
  }

  togglePanel(p: Panel): void {
    if (!this.shows(p)) return;
    this.panel.value = this.panel.value === p ? null : p;
  }

  /** Restores what is pinned, or pins what is large or who leads the talk. */
  togglePin(): void {
    const subject = this.look.pinned.value ?? this.stage.leading.value;
    if (subject) this.look.togglePin(subject);
  }

  setMirror(on: boolean): void {
    this.mirror.value = on;
    this.store.set("mirror", on ? "" : "off");
  }

  /** A remote picture has appeared. */
  frame(): void {
    this.timings.firstRemoteFrame ??= performance.now();
  }

  notify(text: string, tone: Notice["tone"] = "info", act?: Act): void {
    const id = ++this.noticeId;
    this.notices.value = [...this.notices.value.slice(-2), { id, text, tone, act }];
    setTimeout(() => this.dismiss(id), stays(act));
  }

  /** Says something aloud and on screen. */
  private tell(text: string, tone: Notice["tone"] = "info", act?: Act): void {
    this.spoken.value = text;
    this.notify(text, tone, act);
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
    effect(() => {
      const entry = this.session.joined.value?.entry;
      if (entry) untracked(() => this.admitted(entry));
    });
    effect(() => {
      const panel = this.panel.value;
      if (panel && !this.shows(panel)) this.panel.value = null;
    });
    effect(() => {
      document.title = [this.title.value, this.looks.name || t("app.title")].filter(Boolean).join(" · ");
    });
    effect(() => {
      lang(); // what was said before is not said in two languages
      batch(() => {
        this.spoken.value = "";
        this.notices.value = [];
      });
    });
    reportViews(this.session, this.stage.placed, this.strain.step, this.pip.aside, this.glance.aside);
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
          this.shareOffered.value = false;
        });
        const verdict = this.session.verdict.peek();
        if (phase === "refused" && verdict && untracked(() => this.secrets.refused(verdict))) return; // who types once more keeps what is open
        const code = verdict?.code;
        if (code !== "left") this.devices.stop();
        const to = this.attributes.peek().leaveUrl;
        if (phase === "ended" && to && (code === "left" || code === "room_closed")) setTimeout(() => location.assign(to)); // the embedding page hears of it first
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
        if (this.shows("chat")) this.spoken.value = t("chat.said", { name: c.message.name, text: c.message.text });
        break;
    }
  }

  private deviceNotice(n: DeviceNotice): void {
    const key = `trouble.${n.kind}.${n.trouble}` as Key;
    this.tell(t(key), "problem", this.helps(n));
  }

  /** The button beside what a device says. Before the call devices and their buttons are in view anyway. */
  private helps(n: DeviceNotice): Act | undefined {
    if (!this.inCall.peek()) return undefined;
    const what = remedy(n, this.shows("settings"));
    if (what === "choose") return { label: "device.choose", run: () => (this.panel.value = "settings") };
    if (what === "again") return { label: "end.again", run: () => void (this.devices.media.peek()[n.kind] || this.floor.toggle(n.kind)) };
    return undefined;
  }
}
