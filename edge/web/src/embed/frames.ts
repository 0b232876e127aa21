// Two windows of a test: a page and the frame in it, with the origin and source
// that a browser would state.

import { FakeClock } from "../protocol/fake";
import { Channel } from "../../embed/src/channel";
import { Door, type Handler } from "./door";

type Listener = (e: MessageEvent) => void;
export interface Post {
  data: unknown;
  to: string;
  ports: MessagePort[];
}

/** A window that hears what tests let it hear, and keeps what was posted to it. */
export class Pane {
  readonly posts: Post[] = [];
  onpost: (p: Post) => void = () => {};
  parent = this as unknown as Window;
  private readonly listeners = new Set<Listener>();

  readonly addEventListener = ((_: string, l: Listener) => void this.listeners.add(l)) as unknown as Window["addEventListener"];
  readonly removeEventListener = ((_: string, l: Listener) => void this.listeners.delete(l)) as unknown as Window["removeEventListener"];

  /** The document goes, and what listened in it. */
  unload(): void {
    this.listeners.clear();
  }

  get listening(): number {
    return this.listeners.size;
  }

  readonly postMessage = ((data: unknown, to: string | { targetOrigin: string }, ports: MessagePort[] = []) => {
    const post = { data, to: typeof to === "string" ? to : to.targetOrigin, ports };
    this.posts.push(post);
    this.onpost(post);
  }) as Window["postMessage"];

  hear(source: unknown, origin: string, data: unknown, ports: MessagePort[] = []): void {
    for (const l of [...this.listeners]) l({ source, origin, data, ports } as unknown as MessageEvent);
  }
}

export const PAGE = "https://meet.example.net";
export const SITE = "https://www.example.com";

/** A page at PAGE in a frame of a site, both ends of the channel joined. */
export function framed(handle: Handler, list = SITE, site = SITE) {
  const clock = new FakeClock();
  const around = new Pane();
  const frame = new Pane();
  frame.parent = around as unknown as Window;
  const reaches = (p: Post, origin: string) => p.to === "*" || p.to === origin;
  around.onpost = (p) => reaches(p, site) && around.hear(frame, PAGE, p.data, p.ports);
  frame.onpost = (p) => reaches(p, PAGE) && frame.hear(around, site, p.data, p.ports);
  const channel = new Channel({ here: around as unknown as Window, there: () => frame as unknown as Window, origin: PAGE });
  const open = () => new Door({ window: frame as unknown as Window, list, clock }, handle);
  return { clock, around, frame, channel, open };
}

/** Lets ports deliver what is under way. */
export async function delivered(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((done) => setImmediate(done));
}
