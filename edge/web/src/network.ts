// What the browser says of the device's network, to whom it matters: a call must
// not wait for timeouts when the device knows better.

import { signal } from "@preact/signals-core";

/** Kinds of connection, where the browser tells them; it also tells every new estimate of them. */
interface Connection extends EventTarget {
  readonly type?: string;
}

export class Network {
  /** The device says that it has no network at all. */
  readonly offline = signal(navigator.onLine === false);
  /** Surely another network, or one again; or perhaps. */
  onchange: (surely: boolean) => void = () => {};

  constructor() {
    addEventListener("offline", () => (this.offline.value = true));
    addEventListener("online", () => {
      this.offline.value = false;
      this.onchange(true);
    });
    const { connection } = navigator as { connection?: Connection };
    let type = connection?.type;
    connection?.addEventListener("change", () => {
      this.onchange(connection.type !== type);
      type = connection.type;
    });
    // A computer that slept and a page that was frozen may wake up elsewhere.
    addEventListener("pageshow", (e) => e.persisted && this.onchange(true));
    document.addEventListener("resume", () => this.onchange(true));
  }
}
