import { type Events } from "./events";
import { type Meeting } from "./meeting";
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
export declare function define(name?: string): void;
export {};
