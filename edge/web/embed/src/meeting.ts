// A meeting in a frame: makes the frame, and gives the page's methods as promises.

import { Channel, MeetingError } from "./channel";
import { diagnose, type Report } from "./diagnose";
import { isFull, setFull } from "./fullscreen";
import { Listeners, type Device, type Events, type Layout, type Media, type State } from "./events";
import type { Choice, Method, Methods, Panel, Picture, Role, Source, Wish } from "./methods";

export interface Options {
  /** Address of the room, as https://meet.example.com/m/room. Further parameters of the page may be in it. */
  url: string;
  token?: string;
  /** Given by you: the person cannot change it. */
  displayName?: string;
  peerId?: string;
  lang?: string;
  /** Title of the frame, for screen readers. */
  title?: string;
}

/** What the meeting needs of the page around it. */
export const PERMISSIONS = "camera; microphone; display-capture; speaker-selection; autoplay; fullscreen; clipboard-write";
/** A person may be asked for their camera meanwhile. */
export const PERSON_MS = 120_000;

const inside = new WeakMap<Element, Meeting>();

export class Meeting {
  readonly frame: HTMLIFrameElement;
  private readonly channel: Channel;
  private readonly listeners = new Listeners();
  private destroyed = false;
  private readonly origin: string;

  /** Use [createMeeting]. */
  constructor(private readonly container: Element, options: Options) {
    const url = address(options, container.ownerDocument.baseURI);
    this.origin = url.origin;
    this.frame = container.ownerDocument.createElement("iframe");
    this.frame.allow = PERMISSIONS;
    this.frame.allowFullscreen = true;
    this.frame.title = options.title ?? "Meeting";
    this.frame.referrerPolicy = "no-referrer";
    this.frame.style.cssText = "border:0;width:100%;height:100%";
    this.frame.src = url.href;
    container.append(this.frame);
    this.channel = new Channel({ here: window, there: () => this.frame.contentWindow, origin: url.origin });
    this.channel.onnotice = (event, detail) => this.listeners.tell(event, detail);
    this.channel.onopen = () => this.listeners.tell("ready", {});
    this.channel.open().catch((e: MeetingError) => {
      if (!this.destroyed) this.listeners.tell("error", { code: e.code, message: e.message });
    });
  }

  /** Listens until the function it returns is called, or the meeting destroyed. */
  on<K extends keyof Events>(event: K, listener: (detail: Events[K]) => void): () => void {
    return this.listeners.add(event, listener);
  }

  /** Settles when the page answers; rejects with `no_answer` or `origin_not_allowed`. */
  ready(): Promise<void> {
    return this.channel.open();
  }

  /** Joins, with those devices where some are named. Settles when in the call; joining twice is joining once. */
  join(name?: string, devices: { mic?: Wish; camera?: Wish } = {}): Promise<State> {
    return this.ask("join", { name, ...devices }, PERSON_MS);
  }

  leave(): Promise<void> {
    return this.ask("leave", {});
  }

  /** Settles with what is on then; rejects with why a device is not there. */
  setMicrophone(on: boolean): Promise<Media> {
    return this.ask("setMicrophone", { on }, PERSON_MS);
  }

  setCamera(on: boolean): Promise<Media> {
    return this.ask("setCamera", { on }, PERSON_MS);
  }

  /**
   * Shares a screen or stops. Browsers want a click just before, and most want
   * it in the frame: then it rejects with `share_denied`, and the frame shows a
   * button of its own.
   */
  share(on = true): Promise<Media> {
    if (on) this.channel.delegate();
    return this.ask("share", { on }, PERSON_MS);
  }

  /** Sets the displayed name, before and in the call; the person may be unable to, you are not. */
  setName(name: string): Promise<void> {
    return this.ask("setName", { name });
  }

  /** Settles when the room has the message. */
  sendMessage(text: string): Promise<void> {
    return this.ask("sendMessage", { text });
  }

  /** Opens one of the page's panels, or none. */
  setPanel(panel: Panel | null): Promise<void> {
    return this.ask("setPanel", { panel });
  }

  raiseHand(on = true): Promise<void> {
    return this.ask("raiseHand", { on });
  }

  /** Shows an emoji or a short word to everybody for a moment. */
  react(text: string): Promise<void> {
    return this.ask("react", { text });
  }

  /** For moderators, as all that follow: lets somebody in who waits, or everybody. */
  admit(peerId?: string): Promise<void> {
    return this.ask("admit", { peerId });
  }

  reject(peerId?: string): Promise<void> {
    return this.ask("reject", { peerId });
  }

  /** Switches off what somebody sends. They may switch it on again where the rules let them. */
  mute(peerId: string, source: Source = "mic"): Promise<void> {
    return this.ask("mute", { peerId, source });
  }

  /** As mute, for everybody but moderators. */
  muteAll(source: Source = "mic"): Promise<void> {
    return this.ask("mute", { source });
  }

  /** Puts somebody out of the meeting; they may come back. */
  kick(peerId: string): Promise<void> {
    return this.ask("kick", { peerId });
  }

  /** Puts somebody out for good. */
  block(peerId: string): Promise<void> {
    return this.ask("block", { peerId });
  }

  setRole(peerId: string, role: Role): Promise<void> {
    return this.ask("setRole", { peerId, role });
  }

  /** Lets nobody in any more, or again. */
  lock(on = true): Promise<void> {
    return this.ask("lock", { on });
  }

  endForAll(): Promise<void> {
    return this.ask("endForAll", {});
  }

  /** The picture of somebody on the stage as it is now, as a data URL. */
  screenshot(peerId: string, type: Picture = "jpeg"): Promise<string> {
    return this.ask("screenshot", { peerId, type });
  }

  /** `not_allowed` while a moderator presents to this person. */
  setLayout(layout: Layout): Promise<void> {
    return this.ask("setLayout", { layout });
  }

  /** Enlarges a participant, or the screen they share, for this person; null restores. `no_such_peer` for who has no tile. */
  pin(peerId: string | null, share = false): Promise<void> {
    return this.ask("pin", { peerId, share });
  }

  /** Takes all of the page's controls away, or brings them back. */
  setControlsVisible(on: boolean): Promise<void> {
    return this.ask("setControlsVisible", { on });
  }

  /** How loud the meeting is, 0 to 100; settles with what is set then. */
  setVolume(volume: number): Promise<number> {
    return this.ask("setVolume", { volume });
  }

  /** Silences the others for this person alone. */
  muteIncoming(on: boolean): Promise<void> {
    return this.ask("muteIncoming", { on });
  }

  /** The devices that the browser names to the page: none before the person has allowed one. */
  devices(): Promise<Device[]> {
    return this.ask("devices", {});
  }

  /** Changes one device in the call; the others go on as they are. */
  setDevice(kind: Device["kind"], device: string | Choice): Promise<void> {
    return this.ask("setDevice", { kind, ...(typeof device === "string" ? { id: device } : device) }, PERSON_MS);
  }

  /** Gives the frame the whole screen, upon a click; `fullscreen_denied` without one. */
  setFullScreen(on = true): Promise<void> {
    return setFull(this.frame, on);
  }

  get fullScreen(): boolean {
    return isFull(this.frame);
  }

  /** After `soundblocked` and a click; `sound_blocked` where that was not enough. */
  playSound(): Promise<void> {
    return this.ask("playSound", {});
  }

  /** Bounds the video that is sent, bits per second from 30,000; 0 lifts the bound. A moderator bounds everybody. */
  setBitrate(max: number): Promise<void> {
    return this.ask("setBitrate", { max });
  }

  /** The language of the page from now on; settles with the one it speaks, English where it does not know the tag. */
  setLocale(lang: string): Promise<string> {
    return this.ask("setLocale", { lang });
  }

  state(): Promise<State> {
    return this.ask("state", {});
  }

  /** Says what stands between this page and a meeting. Never rejects. */
  diagnose(): Promise<Report> {
    return diagnose(this.frame, this.origin, () => this.ask("diagnose", {}));
  }

  private ask<M extends Method>(method: M, params: Methods[M]["params"], limit?: number): Promise<Methods[M]["result"]> {
    return this.channel.ask(method, params, limit) as Promise<Methods[M]["result"]>;
  }

  /** Leaves and takes the frame away. What is under way rejects with `destroyed`; again is nothing. */
  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.channel.close();
    this.listeners.clear();
    this.frame.remove(); // the page says goodbye as it goes
    if (inside.get(this.container) === this) inside.delete(this.container);
  }
}

/**
 * Puts a meeting into an element, which decides its size. An element holds one
 * meeting: what was there before is destroyed. Throws a TypeError for an
 * address that is no URL.
 */
export function createMeeting(container: Element, options: Options): Meeting {
  inside.get(container)?.destroy();
  const meeting = new Meeting(container, options);
  inside.set(container, meeting);
  return meeting;
}

/** The page's address with the options in it. */
export function address(o: Options, base?: string): URL {
  const url = new URL(o.url, base);
  if (url.protocol !== "https:" && url.protocol !== "http:") throw new TypeError("a meeting is at an http or https address");
  for (const key of ["token", "displayName", "peerId", "lang"] as const) {
    const value = o[key];
    if (value !== undefined) url.searchParams.set(key, value);
  }
  return url;
}
