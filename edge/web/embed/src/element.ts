// <meridian-meeting url="https://meet.example.com/m/room">: the meeting as an
// element. Its events are DOM events of the same names with a detail.

import { eventNames, type Events } from "./events";
import { createMeeting, type Meeting } from "./meeting";

const attributes = { url: "url", token: "token", "display-name": "displayName", "peer-id": "peerId", lang: "lang", title: "title" } as const;

type Heard<K extends keyof Events> = (event: CustomEvent<Events[K]>) => void;

export interface MeetingElement extends HTMLElement {
  /** Null while the element is in no document or has no address. */
  readonly meeting: Meeting | null;
  addEventListener<K extends keyof Events>(type: K, listener: Heard<K>, options?: boolean | AddEventListenerOptions): void;
  addEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | AddEventListenerOptions): void;
  removeEventListener<K extends keyof Events>(type: K, listener: Heard<K>, options?: boolean | EventListenerOptions): void;
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject, options?: boolean | EventListenerOptions): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "meridian-meeting": MeetingElement;
  }
}

/** Makes the element known; where there is no DOM, as on a server, or a second time, nothing happens. */
export function define(name = "meridian-meeting"): void {
  if (typeof customElements === "undefined" || customElements.get(name)) return;
  customElements.define(
    name,
    class extends HTMLElement {
      meeting: Meeting | null = null;
      static readonly observedAttributes = Object.keys(attributes);
      private stale = false;

      connectedCallback(): void {
        if (!this.style.display) this.style.display = "block";
        this.show();
      }

      /** Who moves the element leaves and enters anew: a browser loads a moved frame again. */
      disconnectedCallback(): void {
        this.stale = false;
        this.meeting?.destroy();
        this.meeting = null;
      }

      attributeChangedCallback(name: string, was: string | null, is: string | null): void {
        if (!this.isConnected || was === is) return;
        if (name === "title" && this.meeting) this.meeting.frame.title = is ?? "";
        else if (!this.stale) {
          this.stale = true; // several attributes in a row are one new meeting
          queueMicrotask(() => this.stale && this.show());
        }
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
        for (const event of eventNames) meeting.on(event, (detail) => this.dispatchEvent(new CustomEvent(event, { detail })));
      }
    },
  );
}
