export interface Media {
    mic: boolean;
    camera: boolean;
    share: boolean;
}
/** Something that can be chosen by setDevice. */
export interface Device {
    kind: "mic" | "camera" | "speaker";
    id: string;
    /** As the system names it. */
    label: string;
}
export interface Participant {
    peerId: string;
    name: string;
    role: string;
    /** speaker, observer (heard, no camera) or viewer (publishes nothing). */
    mode: string;
    /** reconnecting: gone without a word, awaited. */
    state: "present" | "reconnecting";
    media: Media;
    /** When the hand was raised; null while it is down. */
    hand: string | null;
}
/** Who waits to be admitted. */
export interface Guest {
    peerId: string;
    name: string;
    since: string;
}
export interface Events {
    /** The channel stands; also after the frame was loaded again. */
    ready: Record<never, never>;
    phasechange: {
        phase: Phase;
    };
    /** A moderator must let this person in. */
    waiting: Record<never, never>;
    /** Also after the place in the room was lost and taken anew. */
    joined: {
        peerId: string;
        name: string;
        media: Media;
        participants: Participant[];
    };
    /** The call is over for this person; reason `left` or a code of the signalling protocol. `lost`: the room has given the place up, the page goes on trying. */
    left: {
        reason: string;
    };
    participantjoined: {
        participant: Participant;
    };
    participantleft: {
        peerId: string;
        name: string;
        reason: string;
    };
    /** What somebody sends; own says that it is this person. */
    mediachanged: {
        peerId: string;
        media: Media;
        own: boolean;
    };
    namechanged: {
        peerId: string;
        name: string;
        own: boolean;
    };
    /** A device that was wanted is not there, or the person chose no screen; code as the methods have it. */
    deviceerror: {
        kind: "mic" | "camera" | "share";
        code: string;
    };
    /** The browser holds the sound back until somebody clicks; see playSound. */
    soundblocked: Record<never, never>;
    speaking: {
        peerIds: string[];
    };
    chatmessage: {
        seq: number;
        peerId: string;
        name: string;
        text: string;
        at: string;
        own: boolean;
    };
    /** By the person, by you, or by a moderator who presents. */
    layoutchanged: {
        layout: Layout;
    };
    /** Who stands large by a choice, or their shared screen; null: nobody. */
    pinchanged: {
        peerId: string | null;
        share: boolean;
    };
    handchanged: {
        peerId: string;
        name: string;
        up: boolean;
        own: boolean;
    };
    reaction: {
        peerId: string;
        name: string;
        text: string;
        own: boolean;
    };
    /** Who waits at the door; told to moderators, all of them each time. */
    lobbychanged: {
        waiting: Guest[];
    };
    error: {
        code: string;
        message: string;
    };
}
/** Every event by name; the type sees that none is missing. */
export declare const eventNames: (keyof Events)[];
export type Layout = "gallery" | "bottom-speaker" | "left-side-speaker" | "strip";
/** Waiting: a moderator must let the person in; `joined` follows, or `error` where they are rejected. */
export type Phase = "idle" | "joining" | "waiting" | "live" | "reconnecting" | "refused" | "ended";
/** What the meeting is now. */
export interface State {
    phase: Phase;
    /** Why the call was refused or ended; empty otherwise. */
    code: string;
    room: string;
    peerId: string;
    name: string;
    media: Media;
    participants: Participant[];
    /** Who waits at the door; empty to all but moderators. */
    waiting: Guest[];
}
type Listener<K extends keyof Events> = (detail: Events[K]) => void;
/** Listeners by event. One that throws hinders no other. */
export declare class Listeners {
    private readonly lists;
    /** Adds a listener and returns what removes it. */
    add<K extends keyof Events>(event: K, listener: Listener<K>): () => void;
    tell(event: string, detail: unknown): void;
    clear(): void;
}
export {};
