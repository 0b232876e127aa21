import { type Report } from "./diagnose";
import { type Events, type Media, type State } from "./events";
export interface Options {
    /** Address of the room, as https://meet.example.com/m/room. Further parameters of the page may be in it. */
    url: string;
    token?: string;
    /** Given by you: the person cannot change it. */
    displayName?: string;
    peerId?: string;
    lang?: string;
    /** Title of the frame, for screen readers. */
    title?: string;
}
/** What the meeting needs of the page around it. */
export declare const PERMISSIONS = "camera; microphone; display-capture; autoplay; fullscreen; clipboard-write";
export declare class Meeting {
    private readonly container;
    readonly frame: HTMLIFrameElement;
    private readonly channel;
    private readonly listeners;
    private destroyed;
    private readonly origin;
    /** Use [createMeeting]. */
    constructor(container: Element, options: Options);
    /** Listens until the function it returns is called, or the meeting destroyed. */
    on<K extends keyof Events>(event: K, listener: (detail: Events[K]) => void): () => void;
    /** Settles when the page answers; rejects with `no_answer` or `origin_not_allowed`. */
    ready(): Promise<void>;
    /** Joins, under the name if the page was given none. Settles when in the call; joining twice is joining once. */
    join(name?: string): Promise<State>;
    leave(): Promise<void>;
    /** Settles with what is on then; rejects with why a device is not there. */
    setMicrophone(on: boolean): Promise<Media>;
    setCamera(on: boolean): Promise<Media>;
    /** Shares a screen or stops. Browsers want a click just before. */
    share(on?: boolean): Promise<Media>;
    /** Sets the name to join under; `in_call` once joined. */
    setName(name: string): Promise<void>;
    /** Settles when the room has the message. */
    sendMessage(text: string): Promise<void>;
    /** Opens one of the page's panels, or none. */
    setPanel(panel: "chat" | "people" | "connection" | null): Promise<void>;
    state(): Promise<State>;
    /** Says what stands between this page and a meeting. Never rejects. */
    diagnose(): Promise<Report>;
    /** Leaves and takes the frame away. What is under way rejects with `destroyed`; again is nothing. */
    destroy(): void;
}
/**
 * Puts a meeting into an element, which decides its size. An element holds one
 * meeting: what was there before is destroyed. Throws a TypeError for an
 * address that is no URL.
 */
export declare function createMeeting(container: Element, options: Options): Meeting;
/** The page's address with the options in it. */
export declare function address(o: Options, base?: string): URL;
