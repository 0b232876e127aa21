// Picture-in-picture: who speaks, in a small window that stays above others. A
// window with a document of ours where the browser has such, else the picture
// alone; where there is neither there is no such thing here.

import { computed, effect, signal, untracked, type ReadonlySignal } from "@preact/signals-core";
import type { Subject } from "./look";
import type { Shown } from "./protocol/views";
import { subjectOf, type Tile } from "./stage";

export type Way = "document" | "video";

/** What there is to open. Documents of their own are for pages outside of frames. */
export function way(has: { documents: boolean; framed: boolean; videos: boolean }): Way | null {
  if (has.documents && !has.framed) return "document";
  return has.videos ? "video" : null;
}

/**
 * What the window shows: what is large or leads the talk, else another person,
 * else oneself. A window for pictures alone passes over those who have none.
 */
export function chosen(tiles: readonly Tile[], leading: Subject | null, pictured: boolean): Tile | null {
  const fit = pictured ? tiles.filter((t) => t.stream) : tiles;
  return fit.find((t) => subjectOf(t) === leading) ?? fit.find((t) => t.kind !== "self") ?? fit[0] ?? null;
}

/** A track that is shown beside the stage. */
export interface Aside extends Shown {
  track: string;
}

interface Size {
  w: number;
  h: number;
}

type Own = Window & typeof globalThis;

interface PipDeps {
  tiles: ReadonlySignal<{ tiles: readonly Tile[]; self: Tile | null }>;
  leading: ReadonlySignal<Subject | null>;
  micOn: () => boolean;
  /** Whether there is a call and the window is part of the page. */
  offered: () => boolean;
  /** What buttons of the browser's do; null: no such button. */
  acts: () => { mic: (() => void) | null; leave: (() => void) | null };
}

const BEGINS = { width: 400, height: 280 };

export class Pip {
  readonly way = way({ documents: documents() !== undefined, framed: window.top !== window, videos: document.pictureInPictureEnabled === true });
  /** The open window, if it has a document. */
  readonly window = signal<Own | null>(null);
  private readonly size = signal<Size | null>(null);
  readonly open = computed(() => this.size.value !== null);
  readonly tile: ReadonlySignal<Tile | null>;
  /** What the node is to know of it. */
  readonly aside: ReadonlySignal<Aside | null>;
  private opening = false;
  private shut: () => void = () => {};

  constructor(private readonly deps: PipDeps) {
    this.tile = computed(() => {
      const { tiles, self } = deps.tiles.value;
      return chosen(self ? [...tiles, self] : tiles, deps.leading.value, this.way === "video");
    });
    this.aside = computed(() => {
      const size = this.size.value;
      const tile = size && this.tile.value;
      if (!tile || tile.kind === "self" || tile.track === null) return null;
      return { track: tile.track, width: size.w, height: size.h, priority: tile.kind === "share" ? "share" : "speaker" };
    });
    effect(() => {
      if (this.open.value && !deps.offered()) untracked(() => this.close());
    });
  }

  /** Takes a person's click or key; without one browsers open nothing. */
  toggle(): void {
    if (this.open.peek()) return this.close();
    if (this.way === null || this.opening || !this.deps.offered() || !this.tile.peek()) return;
    this.opening = true;
    (this.way === "document" ? this.openDocument() : this.openVideo()).catch(() => {}).finally(() => (this.opening = false)); // the browser says itself why not
  }

  close(): void {
    this.shut();
  }

  /** Away with the window and to the page. */
  back(): void {
    this.close();
    window.focus();
  }

  private async openDocument(): Promise<void> {
    const win = await documents()!.requestWindow(BEGINS);
    const measure = (): void => void (this.size.value = { w: win.innerWidth, h: win.innerHeight });
    furnish(win);
    win.addEventListener("resize", measure);
    win.addEventListener("pagehide", () => this.gone(), { once: true });
    this.shut = () => win.close();
    this.window.value = win;
    measure();
  }

  private async openVideo(): Promise<void> {
    const video = document.createElement("video");
    video.muted = video.playsInline = true;
    const stop = effect(() => play(video, this.tile.value?.stream ?? null));
    try {
      await video.play(); // without its sizes nothing opens
      const win = await video.requestPictureInPicture();
      const measure = (): void => void (this.size.value = { w: win.width, h: win.height });
      const still = this.handle();
      win.addEventListener("resize", measure);
      video.addEventListener("leavepictureinpicture", () => (stop(), still(), this.gone()), { once: true });
      this.shut = () => void document.exitPictureInPicture().catch(() => {});
      measure();
    } catch (e) {
      stop();
      throw e;
    }
  }

  /** Gives the browser's own window a microphone and a way out, where it can have them. */
  private handle(): () => void {
    const { mic, leave } = this.deps.acts();
    action("togglemicrophone", mic);
    action("hangup", leave);
    const stop = effect(() => void navigator.mediaSession?.setMicrophoneActive?.(this.deps.micOn()));
    return () => {
      stop();
      action("togglemicrophone", null);
      action("hangup", null);
    };
  }

  private gone(): void {
    this.shut = () => {};
    this.window.value = null;
    this.size.value = null;
  }
}

/** Changes the picture; with none, the last stays. */
function play(video: HTMLVideoElement, stream: MediaStream | null): void {
  if (!stream || video.srcObject === stream) return;
  video.srcObject = stream;
  video.play().catch(() => {});
}

/** The page's looks for another document. Sheets belong to one document, so their rules go. */
function furnish(win: Own): void {
  const rules = [...document.styleSheets, ...document.adoptedStyleSheets].flatMap((s) => [...s.cssRules]);
  const sheet = new win.CSSStyleSheet();
  sheet.replaceSync(rules.map((r) => r.cssText).join("\n"));
  win.document.adoptedStyleSheets = [sheet];
}

function action(name: string, run: (() => void) | null): void {
  try {
    navigator.mediaSession?.setActionHandler(name as MediaSessionAction, run);
  } catch {
    // A browser that does not know it has no button for it.
  }
}

interface Documents {
  requestWindow(size: { width: number; height: number }): Promise<Own>;
}

/** https://wicg.github.io/document-picture-in-picture/ */
function documents(): Documents | undefined {
  return (window as { documentPictureInPicture?: Documents }).documentPictureInPicture;
}
