// Waiting for what the model will be.

import { effect } from "@preact/signals-core";

/** Settles once what the signals in ok say is true. */
export function until(ok: () => boolean): Promise<void> {
  return new Promise((done) => {
    let stop: (() => void) | undefined;
    let over = false;
    stop = effect(() => {
      if (over || !ok()) return;
      over = true;
      done();
      queueMicrotask(() => stop?.());
    });
  });
}
