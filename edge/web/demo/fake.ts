// A server inside the page, for screenshots and for trying the page without
// one: it answers the attach request, the probes and the WebSocket, and feeds
// drawn pictures through a real second peer connection. Never part of dist.

import type { Act, ChatMessage, ClientMessage, EncodeUp, Entry, EntryRefusal, Guest, Joined, JoinMessage, Media, PauseReason, Person, RoomEvent, Rules, Score, SlotLayer, View } from "../src/protocol/messages";
import { defaultRules } from "../src/protocol/messages";
import { barred, switches } from "../src/protocol/rights";
import { face, screen, type Extra, portrait } from "./people";

interface Scenario {
  people?: Extra[];
  chat?: { from: string; text: string; minutesAgo?: number }[];
  refuse?: string;
  /** What a refusal says besides its code. */
  refusedWith?: { reason?: string; contact?: string };
  /** Answers nothing at all. */
  silent?: boolean;
  /** Drawn instead of the browser's fake camera. */
  me?: string;
  /** Error name that getUserMedia fails with. */
  devices?: string;
  holdChat?: boolean;
  /** UDP goes nowhere. */
  noUdp?: boolean;
  /** The person asks to come in and waits. */
  waits?: boolean;
  role?: string;
  mode?: string;
  rules?: Partial<Rules>;
  guests?: string[];
  /** What is decided about the entry; without it nothing is said before the join. */
  entry?: Partial<Entry>;
  early?: EntryRefusal;
  /** What the room asks for; a wrong one three times, and none counts any more. */
  password?: string;
  pin?: string;
  /** The devices are not told before fake.tell(). */
  lists?: "late";
  /** How the company wants the page to look. */
  looks?: Record<string, string>;
  /** A webinar with so many viewers. */
  viewers?: number;
  /** The small window is a frame of this size in the page, which can be photographed. */
  small?: { width: number; height: number };
}

declare global {
  interface Window {
    demo?: Scenario;
    fake?: Fake;
  }
}

const scenario: Scenario = window.demo ?? {};
const nodes = ["fra", "iad", "syd"].map((pop, i) => ({
  node: `${pop}-1`, pop, url: `https://${pop}.demo.invalid`, ws: `wss://${pop}.demo.invalid/ws`, probe: `https://${pop}.demo.invalid/probe`, load: i / 10,
}));
const asks = scenario.password !== undefined;
const entry: Entry | undefined = scenario.entry || asks || scenario.pin ? {
  name: "", name_locked: false, page: "setup", role: "regular", mode: "speaker", chat: true, media: { mic_off: false, camera_off: false, mic_locked: false }, view: {}, hidden: [], room: {}, pin: scenario.pin !== undefined, ...scenario.entry,
} : undefined;
const began = Date.now() - 9 * 60_000;

/** Names for viewers of whom there are too many to write down. */
function viewersOf(n: number): Person[] {
  const first = ["Aaron", "Beatriz", "Chen", "Dagny", "Emeka", "Farah", "Goran", "Hana", "Иван", "Jorun", "Katya", "Liam"];
  const last = ["Abel", "Brandt", "Costa", "Duarte", "Eriksen", "Fofana", "Green", "Hoang", "Ito", "Jensen", "Kovacs"];
  return Array.from({ length: n }, (_, i) => ({
    peer_id: `v${i}`, name: `${first[i % first.length]} ${String.fromCharCode(65 + (i % 26))}. ${last[i % last.length]}`, role: "regular", owner: false, mode: "viewer", hand: null, pop: "fra", joined_at: new Date(began).toISOString(),
    state: i === 3 ? ("reconnecting" as const) : ("present" as const), media: { mic: false, camera: false, share: false, share_audio: false }, tracks: {},
  })).sort((a, b) => a.name.localeCompare(b.name));
}

class Fake {
  version = 10;
  people = new Map<string, Person>();
  chat: ChatMessage[] = [];
  tracks = new Map<string, MediaStreamTrack>();
  dead = new Set<string>();
  sockets = new Set<FakeSocket>();
  waiting = new Set<FakeSocket>();
  speaking: string[] = [];
  /** Why tracks are held back, by track. */
  paused = new Map<string, PauseReason>();
  /** What the page last said of its slots. */
  views: (View | null)[] = [];
  rules: Rules = { ...defaultRules, ...scenario.rules };
  lobby: Guest[] = (scenario.guests ?? []).map((name, i) => ({ peer_id: `g${i}`, name, photo: i === 0 ? `g${i}` : undefined, since: new Date().toISOString() }));
  viewers = viewersOf(scenario.viewers ?? 0);
  joins = 0;
  wrong = 0;
  /** Lets the lists of devices come. */
  tell: () => void = () => {};
  subscribes = 0;

  constructor() {
    for (const p of scenario.people ?? []) this.put(p);
    for (const c of scenario.chat ?? []) {
      const by = [...this.people.values()].find((p) => p.name === c.from);
      this.chat.push({ seq: this.chat.length + 1, peer_id: by?.peer_id ?? "x", name: c.from, text: c.text, at: new Date(Date.now() - (c.minutesAgo ?? 0) * 60_000).toISOString() });
    }
  }

  private put(x: Extra): Person {
    const media: Media = { mic: x.mic ?? true, camera: x.camera ?? true, share: x.share ?? false, share_audio: false };
    const tracks: Record<string, string> = {};
    if (media.mic) tracks["mic"] = `${x.id}.opus.mic`;
    if (media.camera) {
      tracks["camera"] = `${x.id}.vp8.camera`;
      if (!this.tracks.has(`${x.id}.vp8.camera`)) this.tracks.set(`${x.id}.vp8.camera`, face(x.id));
    }
    if (media.share) {
      tracks["share"] = `${x.id}.vp8.share`;
      this.tracks.set(`${x.id}.vp8.share`, screen());
    }
    const person: Person = {
      peer_id: x.id, name: x.name, photo: x.photo ? x.id : undefined, role: x.role ?? "regular", owner: false, mode: x.mode ?? "speaker", hand: x.hand === undefined ? null : new Date(Date.now() - x.hand * 1000).toISOString(), pop: "fra", state: x.state ?? "present", media, tracks,
      joined_at: this.people.get(x.id)?.joined_at ?? new Date(began + this.people.size * 1000).toISOString(),
    };
    this.people.set(x.id, person);
    return person;
  }

  enter(x: Extra): void {
    this.publish({ kind: "join", person: this.put(x) });
  }

  change(x: Extra): void {
    this.publish({ kind: "person", person: this.put(x) });
  }

  exit(id: string, reason = "left"): void {
    this.people.delete(id);
    this.publish({ kind: "leave", peer_id: id, reason });
  }

  say(id: string, text: string): number {
    const seq = this.chat.length + 1;
    const message = { seq, peer_id: id, name: this.people.get(id)?.name ?? id, text, at: new Date().toISOString() };
    this.chat.push(message);
    this.publish({ kind: "chat", message });
    return seq;
  }

  speak(...ids: string[]): void {
    this.speaking = ids;
    for (const s of this.sockets) s.deliver({ type: "speaking", peer_ids: ids, dominant: ids[0] ?? "" });
  }

  /** Holds back somebody's video, or lets it go. */
  pause(id: string, kind: "camera" | "share", reason?: PauseReason): void {
    if (reason) this.paused.set(`${id}.vp8.${kind}`, reason);
    else this.paused.delete(`${id}.vp8.${kind}`);
    for (const s of this.sockets) s.feed();
  }

  encode(up: EncodeUp): void {
    for (const s of this.sockets) s.deliver({ type: "encode", up });
  }

  limit(up: number): void {
    for (const s of this.sockets) s.deliver({ type: "bitrate", up });
  }

  judge(up: Score, down: Score): void {
    for (const s of this.sockets) s.deliver({ type: "quality", up, down });
  }

  /** Whether a secret keeps somebody out, and says why. */
  bars(m: JoinMessage, say: (why: { ask?: boolean; retry_after?: number }) => void): boolean {
    const wrong = (m.pin !== undefined && m.pin !== scenario.pin) || (m.password !== undefined && m.password !== scenario.password);
    const asks = scenario.password !== undefined && !m.password;
    if (m.resume || (!wrong && !asks)) return false;
    if (!wrong) say({ ask: true });
    else say(++this.wrong > 2 ? { retry_after: 60 } : {});
    return true;
  }

  hold(s: FakeSocket): void {
    this.waiting.add(s);
    s.deliver({ type: "waiting", ping_ms: 2000 });
  }

  /** Turns away whoever waits. */
  reject(): void {
    for (const s of this.waiting) s.finish({ type: "refused", code: "denied", message: "", retry_after: 0 }, 4001);
  }

  knock(name: string): void {
    this.lobby = [...this.lobby, { peer_id: `g${Date.now()}`, name, since: new Date().toISOString() }];
    for (const s of this.sockets) s.deliver({ type: "lobby", waiting: this.lobby });
  }

  rule(change: Partial<Rules>): void {
    this.rules = { ...this.rules, ...change };
    this.publish({ kind: "rules", rules: this.rules });
  }

  /** Does what the page asks, about as the room would. */
  act(self: string, m: Act): void {
    const someone = "peer_id" in m && m.peer_id ? [m.peer_id] : [...this.people.keys()].filter((id) => id !== self);
    const alter = (ids: string[], f: (p: Person) => Person): void => {
      for (const id of ids) {
        const p = this.people.get(id);
        if (!p) continue;
        this.people.set(id, f(p));
        this.publish({ kind: "person", person: f(p) });
      }
    };
    switch (m.verb) {
      case "hand":
        return alter([self], (p) => ({ ...p, hand: m.value ? new Date().toISOString() : null }));
      case "lower":
        return alter(someone, (p) => ({ ...p, hand: null }));
      case "mute":
        return alter(someone, (p) => ({ ...p, media: { ...p.media, [m.value]: false }, hushed: { ...p.hushed, [m.value]: { mark: String(this.version), by: self } } }));
      case "role":
        return alter(someone, (p) => ({ ...p, role: m.value }));
      case "mode":
        return alter(someone, (p) => ({ ...p, mode: m.value }));
      case "react":
        return this.publish({ kind: "reaction", peer_id: self, text: m.value });
      case "lock":
        return this.rule({ locked: m.value });
      case "lobby":
        return this.rule({ lobby: m.value });
      case "stage":
        return this.rule({ stage: { ...m.value, by: self } });
      case "mute_mode":
        return this.rule({ mute_mode: m.value });
      case "share":
      case "chat":
      case "hands":
      case "bitrate":
      case "player":
        return this.rule({ [m.verb]: m.value });
      case "kick":
      case "block":
        return this.exit(m.peer_id, `${m.verb}ed`);
      case "end":
        return this.end("room_closed", self);
      case "admit":
      case "reject":
        this.lobby = this.lobby.filter((g) => m.peer_id && g.peer_id !== m.peer_id);
        for (const s of this.sockets) s.deliver({ type: "lobby", waiting: this.lobby });
    }
  }

  end(code: string, by = ""): void {
    for (const s of this.sockets) s.finish({ type: "ended", code, message: code, by }, 4000);
  }

  move(): void {
    for (const s of this.sockets) s.deliver({ type: "move", code: "node_draining" });
  }

  /** The node goes silent: no close, no reset, its media stops. */
  kill(node: string): void {
    this.dead.add(node);
    for (const s of this.sockets) if (s.node?.node === node) s.pc?.close();
  }

  publish(e: RoomEvent): void {
    this.version++;
    for (const s of this.sockets) s.deliver({ type: "update", version: this.version, events: [e] });
  }

  track(name: string | null): MediaStreamTrack | null {
    return name === null ? null : (this.tracks.get(name) ?? null);
  }
}

class FakeSocket {
  onopen: (() => void) | null = null;
  onmessage: ((e: { data: string }) => void) | null = null;
  onclose: ((e: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly node;
  pc: RTCPeerConnection | undefined;
  private self = "";
  private video: RTCRtpTransceiver[] = [];
  private audio: RTCRtpTransceiver[] = [];
  private shown: (string | null)[] = [];

  constructor(url: string) {
    this.node = nodes.find((n) => n.ws === url);
    setTimeout(() => this.mute || this.onopen?.(), 5);
  }

  private get mute(): boolean {
    return scenario.silent === true || fake.dead.has(this.node?.node ?? "");
  }

  deliver(m: object): void {
    if (this.mute) return;
    setTimeout(() => this.mute || this.onmessage?.({ data: JSON.stringify(m) }), 1);
  }

  finish(m: object, code: number): void {
    this.deliver(m);
    setTimeout(() => this.onclose?.({ code, reason: "" }), 10);
  }

  send(data: string): void {
    if (this.mute) return;
    const m = JSON.parse(data) as ClientMessage | { type: "check"; id: string; offer: string };
    switch (m.type) {
      case "join":
        if (fake.bars(m, (why) => this.finish({ type: "refused", code: "wrong_password", message: "", ...why }, 4001))) break;
        if (scenario.waits) fake.hold(this);
        else if (scenario.refuse) this.finish({ type: "refused", code: scenario.refuse, message: scenario.refuse, retry_after: 1, ...scenario.refusedWith }, 4001);
        else void this.join(m);
        break;
      case "check":
        void this.way(m).then((answer) => this.deliver({ type: "checked", id: m.id, answer, ice_servers: [] }));
        break;
      case "ping":
        this.deliver({ type: "pong", t: m.t });
        break;
      case "subscribe":
        fake.subscribes++;
        this.shown = m.video;
        this.deliver({ type: "subscribed", seq: m.seq, failed: [] });
        this.feed();
        break;
      case "views":
        fake.views = m.video;
        break;
      case "media": {
        const p = fake.people.get(this.self);
        if (!p) break;
        const { type: _, ...media } = m;
        fake.people.set(this.self, { ...p, media });
        fake.publish({ kind: "person", person: { ...p, media } });
        break;
      }
      case "chat":
        if (scenario.holdChat) break;
        if (m.text === "fail") this.deliver({ type: "error", id: m.id, code: "try_again", message: "" });
        else this.deliver({ type: "ack", id: m.id, seq: fake.say(this.self, m.text) });
        break;
      case "act":
        fake.act(this.self, m);
        this.deliver({ type: "ack", id: m.id });
        break;
      case "people": {
        const all = fake.viewers.filter((p) => p.name.toLowerCase().includes(m.match.toLowerCase()));
        const from = Number(m.after || 0);
        const end = from + m.limit;
        this.deliver({ type: "people", id: m.id, people: all.slice(from, end), next: end < all.length ? String(end) : "", total: all.length });
        break;
      }
      case "offer":
        void this.answer(m.offer).then((answer) => this.deliver({ type: "answer", id: m.id, answer, slots: this.slots() }));
        break;
      case "leave":
        this.close();
        break;
    }
  }

  /** Puts into the slots what they are to show and is not held back, and says so. */
  feed(): void {
    const held = (name: string | null): boolean => name !== null && fake.paused.has(name);
    this.shown.forEach((name, i) => void this.video[i]?.sender.replaceTrack(held(name) ? null : fake.track(name)));
    const video = this.shown.map((name): SlotLayer | null =>
      name === null ? null
      : held(name) ? { state: "paused", reason: fake.paused.get(name) ?? "", spatial: -1, temporal: -1, layers: 3, bitrate: 0 }
      : { state: "live", reason: "", spatial: 2, temporal: 2, layers: 3, bitrate: 1_200_000 },
    );
    this.deliver({ type: "layers", video });
  }

  close(): void {
    fake.sockets.delete(this);
    this.pc?.close();
  }

  private async answer(offer: string): Promise<string> {
    const pc = this.pc as RTCPeerConnection;
    await pc.setRemoteDescription({ type: "offer", sdp: offer });
    const recv = new Set(
      offer.split(/^m=/m).slice(1).filter((s) => /^a=recvonly/m.test(s)).map((s) => /^a=mid:(.+?)\r?$/m.exec(s)?.[1]),
    );
    const slots = pc.getTransceivers().filter((t) => t.mid !== null && recv.has(t.mid));
    for (const t of slots) t.direction = "sendonly";
    this.video = slots.filter((t) => t.receiver.track.kind === "video");
    this.audio = slots.filter((t) => t.receiver.track.kind === "audio");
    await pc.setLocalDescription(await pc.createAnswer());
    await new Promise<void>((done) => {
      const check = (): void => void (pc.iceGatheringState === "complete" && done());
      pc.addEventListener("icegatheringstatechange", check);
      check();
    });
    return pc.localDescription?.sdp ?? "";
  }

  /** Answers a check, or leaves a way without what it needs. */
  private async way(m: { id: string; offer: string }): Promise<string> {
    const pc = new RealPeer();
    await pc.setRemoteDescription({ type: "offer", sdp: m.offer });
    await pc.setLocalDescription(await pc.createAnswer());
    await new Promise<void>((done) => {
      const gathered = (): void => void (pc.iceGatheringState === "complete" && done());
      pc.addEventListener("icegatheringstatechange", gathered);
      gathered();
    });
    const sdp = pc.localDescription?.sdp ?? "";
    if (m.id === "tcp") return sdp.replaceAll(/a=candidate:.*\r\n/g, ""); // a page takes no calls
    return m.id === "udp" && scenario.noUdp ? sdp.replaceAll(/(a=candidate:\S+ \d udp \d+ )\S+ \d+/g, "$1192.0.2.1 9") : sdp;
  }

  private slots() {
    return { video: this.video.map((t) => t.mid ?? ""), audio: this.audio.map((t) => t.mid ?? "") };
  }

  private async join(m: JoinMessage): Promise<void> {
    fake.joins++;
    this.pc = new RealPeer();
    const answer = await this.answer(m.offer ?? "");
    this.self = m.peer_id || "me";
    fake.chat = fake.chat.map((c) => (c.peer_id === "x" ? { ...c, peer_id: this.self } : c));
    const assigned = [...fake.people.values()].filter((p) => p.peer_id !== this.self).flatMap((p) => [p.tracks["share"], p.tracks["camera"]]).filter((t) => t !== undefined).slice(0, this.video.length);
    this.shown = this.video.map((_, i) => assigned[i] ?? null);
    const old = fake.people.get(this.self);
    const self: Person = {
      peer_id: this.self, name: m.name || old?.name || "Guest", role: scenario.role ?? "regular", owner: false, mode: scenario.mode ?? "speaker", hand: null, pop: this.node?.pop ?? "", joined_at: old?.joined_at ?? new Date().toISOString(),
      state: "present", media: m.media, tracks: {},
    };
    for (const s of switches) if (barred(self, fake.rules, s)) self.media = { ...self.media, [s]: false };
    fake.people.set(this.self, self);
    fake.sockets.add(this);
    const joined: Joined = {
      type: "joined", peer_id: this.self, answer, ice_servers: [], resume: "ticket",
      node: { id: this.node?.node ?? "", pop: this.node?.pop ?? "" }, room: { id: m.room, version: fake.version, home: "fra-1", ...(scenario.viewers ? { kind: "webinar" } : {}) }, viewers: scenario.viewers ?? 0,
      self, people: [...fake.people.values()], chat: fake.chat, rules: fake.rules, lobby: fake.lobby, slots: this.slots(),
      assigned: { video: this.shown, audio: this.audio.map(() => null) }, entry, ping_ms: 2000, trace: "demo",
    };
    this.deliver(joined);
    this.feed();
    const voices = [...fake.people.values()].filter((p) => p.peer_id !== this.self).flatMap((p) => p.tracks["mic"] ?? []);
    this.deliver({ type: "heard", audio: this.audio.map((_, i) => voices[i] ?? null) });
    if (fake.speaking.length) this.deliver({ type: "speaking", peer_ids: fake.speaking, dominant: fake.speaking[0] ?? "" });
  }
}

const RealPeer = window.RTCPeerConnection;
const realFetch = window.fetch.bind(window);
const fake = new Fake();
window.fake = fake;
if (scenario.small) Object.defineProperty(window, "documentPictureInPicture", { value: { requestWindow: () => Promise.resolve(small(scenario.small!)) } });
window.WebSocket = FakeSocket as unknown as typeof WebSocket;
window.fetch = async (input, init) => {
  const url = String(input);
  if (url.includes("/api/v1/attach")) {
    if (scenario.silent) throw new TypeError("unreachable");
    return new Response(JSON.stringify({ room: "demo", nodes: nodes.filter((n) => !fake.dead.has(n.node)) }), { headers: { "content-type": "application/json" } });
  }
  if (url.includes("/api/v1/entry")) {
    const said = scenario.early ? { refusal: scenario.early } : asks ? { ...entry, refusal: { code: "wrong_password", message: "", ask: true } } : entry;
    return new Response(JSON.stringify(said ?? {}), { status: said ? 200 : 404, headers: { "content-type": "application/json" } });
  }
  if (url === "/probe") {
    if (scenario.silent) throw new TypeError("unreachable");
    return new Response(null, { status: 204 });
  }
  const photo = /\/api\/v1\/photo\/(\w+)$/.exec(url)?.[1];
  if (photo) return new Response(await portrait(photo));
  const node = nodes.find((n) => n.probe === url);
  if (node) {
    await new Promise((done) => setTimeout(done, 4 + nodes.indexOf(node) * 40));
    return new Response(null, { status: 204 });
  }
  return realFetch(input, init);
};
if (navigator.mediaDevices) {
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (c) => {
    if (scenario.devices) throw new DOMException("", scenario.devices);
    const stream = await real(c);
    if (!scenario.me || !c?.video) return stream;
    for (const t of stream.getVideoTracks()) t.stop();
    return new MediaStream([...stream.getAudioTracks(), face(scenario.me, 1280, 720)]);
  };
  if (scenario.lists === "late") {
    const list = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices);
    const told = new Promise<void>((done) => (fake.tell = done));
    navigator.mediaDevices.enumerateDevices = () => told.then(list);
  }
  navigator.mediaDevices.getDisplayMedia = async () => new MediaStream([screen()]);
}

// The server puts the looks into the page; here they come in before the page's script reads them.
if (scenario.looks) {
  const observer = new MutationObserver(() => {
    const meta = document.querySelector<HTMLMetaElement>('meta[name="looks"]');
    if (!meta) return;
    observer.disconnect();
    meta.content = JSON.stringify(scenario.looks);
  });
  observer.observe(document, { childList: true, subtree: true });
}

/** Stands for the window that a browser puts above others. */
function small({ width, height }: { width: number; height: number }): Window {
  const frame = document.createElement("iframe");
  frame.title = "The small window";
  Object.assign(frame.style, { position: "fixed", top: "24px", left: "24px", width: `${width}px`, height: `${height}px`, zIndex: "99", border: "0", boxShadow: "0 8px 40px #000a" });
  document.body.append(frame);
  return frame.contentWindow!;
}
