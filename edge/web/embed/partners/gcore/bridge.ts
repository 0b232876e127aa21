// MeetIframeBridge as G-Core Meet's partners write it. Nothing here throws: a
// callback gets an object with `error` instead.

import { Listeners } from "../../src/events";
import { Frame } from "./frame";

interface Options {
  element: HTMLIFrameElement;
  roomId: string;
}

interface Call {
  name: string;
  data?: unknown;
  callback?: (value: unknown) => unknown;
}

export class MeetIframeBridge {
  private readonly frame: Frame | null = null;
  private readonly listeners = new Listeners();

  constructor(options: Options) {
    const { element, roomId } = options ?? {};
    if (!element?.contentWindow) {
      console.error("MeetIframeBridge: element is no frame in the page");
      return;
    }
    this.frame = Frame.of(element);
    this.frame.add(this.listeners);
    const room = this.frame.said("roomId");
    if (roomId !== undefined && roomId !== room) console.warn(`MeetIframeBridge: the frame shows the room "${room}", not "${roomId}"; it is what the bridge controls`);
  }

  /** The callback is called once, with what the method returns or why not. */
  method(call: Call): void {
    const { name, data, callback } = call ?? {};
    const asked = this.frame ? this.frame.ask(name, data) : Promise.reject({ code: "no_frame" });
    const answered = asked.catch((e: { code?: string }) => ({ error: e.code ?? "internal" }));
    if (typeof callback === "function") void answered.then(callback);
  }

  /** Listens until the function it returns is called. */
  on(event: string, handler: (payload: Record<string, unknown>) => void): () => void {
    return this.listeners.add(event as never, handler as never);
  }
}
