// The library's end of the channel: offers a port to the frame, sends requests,
// gives each its answer or a time-out.

import { CHANNEL, MESSAGE_LIMIT, VERSION, WAITING_LIMIT, greeting, newNonce, readReply, type Greeting } from "./envelope";

/** Why a method failed. Codes are stable; edge/web/embed/README.md lists them. */
export class MeetingError extends Error {
  override readonly name = "MeetingError";
  constructor(
    readonly code: string,
    message = "",
  ) {
    super(message || code);
  }
}

/** The two windows and the address, so that tests need no browser. */
export interface Ends {
  here: Pick<Window, "addEventListener" | "removeEventListener">;
  /** The frame's window, null while there is none. */
  there: () => Pick<Window, "postMessage"> | null;
  /** Origin of the meeting page, never a wildcard. */
  origin: string;
}

const ANSWER_MS = 10_000;
/** A frame that the browser refused to show never answers. */
export const OPEN_MS = 20_000;

interface Waiting {
  done: (result: unknown) => void;
  fail: (e: MeetingError) => void;
  timer: ReturnType<typeof setTimeout>;
}

export class Channel {
  onnotice: (event: string, detail: Record<string, unknown>) => void = () => {};
  onopen: () => void = () => {};

  private port: MessagePort | null = null;
  /** Of the frame's, the one that has the port. */
  private page: unknown;
  /** The offer on its way. Only its own port counts once that speaks. */
  private offered: { nonce: string; port: MessagePort } | null = null;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;
  private closed = false;
  private opening = opening();

  constructor(private readonly ends: Ends) {
    ends.here.addEventListener("message", this.heard);
  }

  /** Settles when the page has taken the port. */
  open(): Promise<void> {
    return this.opening.promise;
  }

  /** Asks the page. Rejects with a [MeetingError]; `timeout` after limit ms. */
  async ask(method: string, params: object = {}, limit = ANSWER_MS): Promise<unknown> {
    await this.opening.promise;
    if (this.closed || !this.port) throw new MeetingError("destroyed");
    if (this.waiting.size >= WAITING_LIMIT) throw new MeetingError("rate_limited");
    const id = ++this.lastId;
    const text = JSON.stringify({ v: VERSION, id, method, params });
    if (text.length > MESSAGE_LIMIT) throw new MeetingError("too_long");
    return new Promise((done, fail) => {
      const timer = setTimeout(() => this.settle(id)?.fail(new MeetingError("timeout", `${method} was not answered`)), limit);
      this.waiting.set(id, { done, fail, timer });
      this.port?.postMessage(text);
    });
  }

  /** Offers the port to a page that may be there already; what is loaded yet says so by itself. */
  knock(): void {
    if (!this.port) this.offer();
  }

  /** Lets the page ask for a screen on the strength of a click here, where the browser knows how. */
  delegate(): void {
    const data: Greeting = { channel: CHANNEL, v: VERSION, type: "delegate" };
    try {
      this.ends.there()?.postMessage(data, { targetOrigin: this.ends.origin, delegate: "display-capture" } as WindowPostMessageOptions);
    } catch {
      // The page asks anyway, and the browser decides.
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.ends.here.removeEventListener("message", this.heard);
    this.opening.fail(new MeetingError("destroyed"));
    this.drop("destroyed");
    this.offered?.port.close();
  }

  private readonly heard = (e: MessageEvent): void => {
    // Another window, or our frame gone elsewhere.
    if (e.source !== this.ends.there() || e.origin !== this.ends.origin) return;
    const g = greeting(e.data);
    if (g?.type === "waiting") this.loaded(g.page);
    else if (g?.type === "refused" && g.nonce === this.offered?.nonce) this.opening.fail(new MeetingError(g.code, "The company does not list this site."));
  };

  /** The page is there; when it was there before, it knows nothing of what it was asked then. */
  private loaded(page?: string): void {
    if (this.port && page && page === this.page) return; // ready, said later on the port, was heard first
    if (this.port) this.drop("reloaded");
    if (this.opening.over) this.opening = opening(); // also of a page that came late
    this.offer();
  }

  private offer(): void {
    const frame = this.ends.there();
    if (!frame) return;
    this.offered?.port.close();
    const { port1, port2 } = new MessageChannel();
    const nonce = newNonce();
    this.offered = { nonce, port: port1 };
    port1.onmessage = (e) => this.arrived(port1, nonce, e.data);
    const data: Greeting = { channel: CHANNEL, v: VERSION, type: "hello", nonce };
    frame.postMessage(data, this.ends.origin, [port2]);
  }

  private arrived(port: MessagePort, nonce: string, data: unknown): void {
    const m = readReply(data);
    if (!m || this.closed) return;
    if ("re" in m) {
      const w = port === this.port ? this.settle(m.re) : undefined;
      if ("error" in m) w?.fail(new MeetingError(m.error.code, m.error.message));
      else w?.done(m.result);
    } else if (m.event === "ready" && this.offered?.port === port && m.detail["nonce"] === nonce) this.adopt(port, m.detail["page"]);
    else if (port === this.port) this.onnotice(m.event, m.detail);
  }

  private adopt(port: MessagePort, page: unknown): void {
    this.port = port;
    this.page = page;
    this.offered = null;
    this.opening.done();
    this.onopen();
  }

  private drop(code: string): void {
    this.port?.close();
    this.port = null;
    for (const id of [...this.waiting.keys()]) this.settle(id)?.fail(new MeetingError(code));
  }

  private settle(id: number): Waiting | undefined {
    const w = this.waiting.get(id);
    this.waiting.delete(id);
    clearTimeout(w?.timer);
    return w;
  }
}

interface Opening {
  promise: Promise<void>;
  done: () => void;
  fail: (e: MeetingError) => void;
  over: boolean;
}

function opening(): Opening {
  let done!: () => void, fail!: (e: MeetingError) => void;
  const promise = new Promise<void>((d, f) => ((done = d), (fail = f)));
  const o: Opening = { promise, done, fail, over: false };
  const patience = setTimeout(() => fail(new MeetingError("no_answer", "The meeting page does not answer: it is unreachable, or may not be embedded here.")), OPEN_MS);
  const end = (): void => {
    o.over = true;
    clearTimeout(patience);
  };
  promise.then(end, end); // nobody has to wait for it
  return o;
}
