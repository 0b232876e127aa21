import { type Report } from "./diagnose";
import { type Device, type Events, type Layout, type Media, type State } from "./events";
import type { Choice, Panel, Picture, Role, Source, Wish } from "./methods";
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
export declare const PERMISSIONS = "camera; microphone; display-capture; speaker-selection; autoplay; fullscreen; clipboard-write";
/** A person may be asked for their camera meanwhile. */
export declare const PERSON_MS = 120000;
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
    /** Joins, with those devices where some are named. Settles when in the call; joining twice is joining once. */
    join(name?: string, devices?: {
        mic?: Wish;
        camera?: Wish;
    }): Promise<State>;
    leave(): Promise<void>;
    /** Settles with what is on then; rejects with why a device is not there. */
    setMicrophone(on: boolean): Promise<Media>;
    setCamera(on: boolean): Promise<Media>;
    /**
     * Shares a screen or stops. Browsers want a click just before, and most want
     * it in the frame: then it rejects with `share_denied`, and the frame shows a
     * button of its own.
     */
    share(on?: boolean): Promise<Media>;
    /** Sets the displayed name, before and in the call; the person may be unable to, you are not. */
    setName(name: string): Promise<void>;
    /** Settles when the room has the message. */
    sendMessage(text: string): Promise<void>;
    /** Opens one of the page's panels, or none. */
    setPanel(panel: Panel | null): Promise<void>;
    raiseHand(on?: boolean): Promise<void>;
    /** Shows an emoji or a short word to everybody for a moment. */
    react(text: string): Promise<void>;
    /** For moderators, as all that follow: lets somebody in who waits, or everybody. */
    admit(peerId?: string): Promise<void>;
    reject(peerId?: string): Promise<void>;
    /** Switches off what somebody sends. They may switch it on again where the rules let them. */
    mute(peerId: string, source?: Source): Promise<void>;
    /** As mute, for everybody but moderators. */
    muteAll(source?: Source): Promise<void>;
    /** Puts somebody out of the meeting; they may come back. */
    kick(peerId: string): Promise<void>;
    /** Puts somebody out for good. */
    block(peerId: string): Promise<void>;
    setRole(peerId: string, role: Role): Promise<void>;
    /** Lets nobody in any more, or again. */
    lock(on?: boolean): Promise<void>;
    endForAll(): Promise<void>;
    /** The picture of somebody on the stage as it is now, as a data URL. */
    screenshot(peerId: string, type?: Picture): Promise<string>;
    /** `not_allowed` while a moderator presents to this person. */
    setLayout(layout: Layout): Promise<void>;
    /** Enlarges a participant, or the screen they share, for this person; null restores. `no_such_peer` for who has no tile. */
    pin(peerId: string | null, share?: boolean): Promise<void>;
    /** Takes all of the page's controls away, or brings them back. */
    setControlsVisible(on: boolean): Promise<void>;
    /** How loud the meeting is, 0 to 100; settles with what is set then. */
    setVolume(volume: number): Promise<number>;
    /** Silences the others for this person alone. */
    muteIncoming(on: boolean): Promise<void>;
    /** The devices that the browser names to the page: none before the person has allowed one. */
    devices(): Promise<Device[]>;
    /** Changes one device in the call; the others go on as they are. */
    setDevice(kind: Device["kind"], device: string | Choice): Promise<void>;
    /** Gives the frame the whole screen, upon a click; `fullscreen_denied` without one. */
    setFullScreen(on?: boolean): Promise<void>;
    get fullScreen(): boolean;
    /** After `soundblocked` and a click; `sound_blocked` where that was not enough. */
    playSound(): Promise<void>;
    /** Bounds the video that is sent, bits per second from 30,000; 0 lifts the bound. A moderator bounds everybody. */
    setBitrate(max: number): Promise<void>;
    /** The language of the page from now on; settles with the one it speaks, English where it does not know the tag. */
    setLocale(lang: string): Promise<string>;
    state(): Promise<State>;
    /** Says what stands between this page and a meeting. Never rejects. */
    diagnose(): Promise<Report>;
    private ask;
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
