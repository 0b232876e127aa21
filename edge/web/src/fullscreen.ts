// The whole screen. Browsers give it for a gesture only, and not to a frame
// whose page does not allow it: then there is no such thing here.

import { signal } from "@preact/signals-core";

export class FullScreen {
  readonly available = document.fullscreenEnabled === true;
  readonly on = signal(false);

  constructor() {
    document.addEventListener("fullscreenchange", () => (this.on.value = document.fullscreenElement !== null));
  }

  toggle(): void {
    if (!this.available) return;
    const done = document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen();
    done.catch(() => {}); // the browser says itself why not
  }

  /** As soon as a browser lets it: at the first click or key. */
  atFirstGesture(): void {
    if (!this.available) return;
    const enter = (e: Event): void => {
      if (e instanceof KeyboardEvent && e.key === "Escape") return;
      removeEventListener("click", enter, true);
      removeEventListener("keydown", enter, true);
      if (!document.fullscreenElement) this.toggle();
    };
    addEventListener("click", enter, true);
    addEventListener("keydown", enter, true);
  }
}
