// <meridian-meeting url="https://meet.example.com/m/room">: the meeting as an
// element. Its events are DOM events of the same names with a detail.

import type { Events } from "./events";
import { createMeeting, type Meeting } from "./meeting";

const attributes = { url: "url", token: "token", "display-name": "displayName", "peer-id": "peerId", lang: "lang", title: "title" } as const;
const events: (keyof Events)[] = ["ready", "phasechange", "joined", "left", "participantjoined", "participantleft", "mediachanged", "speaking", "chatmessage", "layoutchanged", "pinchanged", "error"];

/** Makes the element known; where there is no DOM, as on a server, or a second time, nothing happens. */
export function define(name = "meridian-meeting"): void {
  if (typeof customElements === "undefined" || customElements.get(name)) return;
  customElements.define(
    name,
    class extends HTMLElement {
      /** Null while the element is in no document or has no address. */
      meeting: Meeting | null = null;
      static readonly observedAttributes = ["url"];

      connectedCallback(): void {
        if (!this.style.display) this.style.display = "block";
        this.show();
      }

      disconnectedCallback(): void {
        this.meeting?.destroy();
        this.meeting = null;
      }

      attributeChangedCallback(_: string, was: string | null, is: string | null): void {
        if (this.isConnected && was !== is) this.show();
      }

      private show(): void {
        this.disconnectedCallback();
        const options = { url: "" };
        for (const [attribute, option] of Object.entries(attributes)) {
          const value = this.getAttribute(attribute);
          if (value !== null) Object.assign(options, { [option]: value });
        }
        if (!options.url) return;
        const meeting = (this.meeting = createMeeting(this, options));
        for (const event of events) meeting.on(event, (detail) => this.dispatchEvent(new CustomEvent(event, { detail })));
      }
    },
  );
}
