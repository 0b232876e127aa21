// A meeting in a frame: makes the frame, and gives the page's methods as promises.

import { Channel, MeetingError } from "./channel";
import { diagnose, type Report } from "./diagnose";
import { Listeners, type Device, type Events, type Layout, type Media, type State } from "./events";

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
const PERSON_MS = 120_000;

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

  /** Joins, under the name if the page was given none. Settles when in the call; joining twice is joining once. */
  join(name?: string): Promise<State> {
    return this.channel.ask("join", name === undefined ? {} : { name }, PERSON_MS) as Promise<State>;
  }

  async leave(): Promise<void> {
    await this.channel.ask("leave");
  }

  /** Settles with what is on then; rejects with why a device is not there. */
  setMicrophone(on: boolean): Promise<Media> {
    return this.channel.ask("setMicrophone", { on }, PERSON_MS) as Promise<Media>;
  }

  setCamera(on: boolean): Promise<Media> {
    return this.channel.ask("setCamera", { on }, PERSON_MS) as Promise<Media>;
  }

  /** Shares a screen or stops. Browsers want a click just before. */
  share(on = true): Promise<Media> {
    if (on) this.channel.delegate();
    return this.channel.ask("share", { on }, PERSON_MS) as Promise<Media>;
  }

  /** Sets the name to join under; `in_call` once joined. */
  async setName(name: string): Promise<void> {
    await this.channel.ask("setName", { name });
  }

  /** Settles when the room has the message. */
  async sendMessage(text: string): Promise<void> {
    await this.channel.ask("sendMessage", { text });
  }

  /** Opens one of the page's panels, or none. */
  async setPanel(panel: "chat" | "people" | "info" | "connection" | "settings" | null): Promise<void> {
    await this.channel.ask("setPanel", { panel });
  }

  /** `not_allowed` while a moderator presents to this person. */
  async setLayout(layout: Layout): Promise<void> {
    await this.channel.ask("setLayout", { layout });
  }

  /** Enlarges a participant, or the screen they share, for this person; null restores. `no_such_peer` for who has no tile. */
  async pin(peerId: string | null, share = false): Promise<void> {
    await this.channel.ask("pin", { peerId, share });
  }

  /** Takes all of the page's controls away, or brings them back. */
  async setControlsVisible(on: boolean): Promise<void> {
    await this.channel.ask("setControlsVisible", { on });
  }

  /** How loud the meeting is, 0 to 100; settles with what is set then. */
  setVolume(volume: number): Promise<number> {
    return this.channel.ask("setVolume", { volume }) as Promise<number>;
  }

  /** Silences the others for this person alone. */
  async muteIncoming(on: boolean): Promise<void> {
    await this.channel.ask("muteIncoming", { on });
  }

  /** The devices that the browser names to the page: none before the person has allowed one. */
  devices(): Promise<Device[]> {
    return this.channel.ask("devices") as Promise<Device[]>;
  }

  /** Changes one device in the call; the others go on as they are. */
  async setDevice(kind: Device["kind"], id: string): Promise<void> {
    await this.channel.ask("setDevice", { kind, id }, PERSON_MS);
  }

  /** The language of the page from now on; settles with the one it speaks, English where it does not know the tag. */
  setLocale(lang: string): Promise<string> {
    return this.channel.ask("setLocale", { lang }) as Promise<string>;
  }

  state(): Promise<State> {
    return this.channel.ask("state") as Promise<State>;
  }

  /** Says what stands between this page and a meeting. Never rejects. */
  diagnose(): Promise<Report> {
    return diagnose(this.frame, this.origin, () => this.channel.ask("diagnose"));
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
