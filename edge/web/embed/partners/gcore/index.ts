// The script that partners of G-Core Meet load: /meetBridgeApi.js.

import { MeetIframeBridge } from "./bridge";

declare global {
  interface Window {
    MeetIframeBridge?: { default: typeof MeetIframeBridge };
  }
}

// Loaded twice, it is the first that has the frames' channels.
window.MeetIframeBridge ??= { default: MeetIframeBridge };
