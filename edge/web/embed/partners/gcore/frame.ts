// A frame that a partner's page has made, with its one channel. Any number of
// bridges may speak through it.

import { Channel, MeetingError } from "../../src/channel";
import type { Listeners, State } from "../../src/events";
import { PERSON_MS } from "../../src/meeting";
import { Translator, type Told } from "./events";
import { acts, methods } from "./methods";

export class Frame {
  private static readonly all = new WeakMap<HTMLIFrameElement, Frame>();
  private readonly channel: Channel;
  private readonly translator: Translator;
  private bridges: { since: number; listeners: Listeners }[] = [];

  static of(element: HTMLIFrameElement): Frame {
    const frame = Frame.all.get(element) ?? new Frame(element);
    Frame.all.set(element, frame);
    return frame;
  }

  private constructor(private readonly element: HTMLIFrameElement) {
    const said = this.said("displayName");
    this.translator = new Translator(this.said("peerId") || this.said("peerID"), said);
    const ends = { here: window, there: () => element.contentWindow, origin: "" };
    // Of the address as it is: the partner may give the frame another.
    Object.defineProperty(ends, "origin", { get: () => address(element)?.origin ?? "null" });
    this.channel = new Channel(ends);
    this.channel.onopen = () => void this.opened();
    this.channel.onnotice = (event, detail) => this.tell(this.translator.hear(event, detail as never));
    this.channel.open().catch(({ code, message }: MeetingError) => this.tell(this.translator.hear("error", { code, message })));
    this.channel.knock();
    element.addEventListener("load", (e) => this.loaded(e.timeStamp));
  }

  /** What the frame's address says. */
  said(name: string): string {
    return address(this.element)?.searchParams.get(name) ?? "";
  }

  add(listeners: Listeners): void {
    this.bridges.push({ since: performance.now(), listeners });
  }

  /** A page that makes a bridge at each load means the newest. */
  private loaded(at: number): void {
    const made = this.bridges.filter((b) => b.since >= at);
    if (made.length > 0) this.bridges = made;
  }

  /** The page may be in the call already: then the join is told now. */
  private async opened(): Promise<void> {
    this.tell(this.translator.hear("ready", {}));
    try {
      this.tell(this.translator.found((await this.channel.ask("state")) as State));
    } catch {
      // Loaded anew meanwhile: the next page is asked as well.
    }
  }

  /** Rejects with a [MeetingError]. */
  async ask(name: string, data: unknown): Promise<unknown> {
    if (Object.hasOwn(acts, name)) return (await acts[name]?.(this.element)) ?? true;
    const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
    if (!method) throw new MeetingError("no_such_method");
    if (method.lends) this.channel.delegate();
    try {
      const [asked, params] = method.ask(data);
      const result = await this.channel.ask(asked, params, method.patient && PERSON_MS);
      return method.answer ? method.answer(result as never) : true;
    } catch (e) {
      if (name === "enablePin") this.tell(this.translator.pinFailed(data));
      throw e;
    }
  }

  private tell(told: Told[]): void {
    for (const [name, payload] of told) for (const b of [...this.bridges]) b.listeners.tell(name, payload);
  }
}

function address(element: HTMLIFrameElement): URL | null {
  return URL.canParse(element.src) ? new URL(element.src) : null;
}
