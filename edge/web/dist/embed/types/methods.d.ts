import type { Device, Layout, Media, State } from "./events";
/** What of somebody a moderator may switch off. */
export type Source = "mic" | "camera" | "share";
export type Panel = "chat" | "people" | "info" | "connection" | "settings";
export type Role = "regular" | "moderator";
type None = Record<never, never>;
interface On {
    on: boolean;
}
interface Whom {
    peerId: string;
}
/** A device by the id that devices() gives, or by its label: ids differ from site to site. */
export interface Choice {
    id?: string;
    label?: string;
}
/** How somebody comes in: without it, with it, or with a certain one. */
export type Wish = boolean | Choice;
export type Picture = "jpeg" | "png";
export interface Methods {
    join: {
        params: {
            name?: string;
            mic?: Wish;
            camera?: Wish;
        };
        result: State;
    };
    leave: {
        params: None;
        result: void;
    };
    setMicrophone: {
        params: On;
        result: Media;
    };
    setCamera: {
        params: On;
        result: Media;
    };
    share: {
        params: On;
        result: Media;
    };
    setName: {
        params: {
            name: string;
        };
        result: void;
    };
    sendMessage: {
        params: {
            text: string;
        };
        result: void;
    };
    setPanel: {
        params: {
            panel: Panel | null;
        };
        result: void;
    };
    setControlsVisible: {
        params: On;
        result: void;
    };
    /** 0 to 100. */
    setVolume: {
        params: {
            volume: number;
        };
        result: number;
    };
    muteIncoming: {
        params: On;
        result: void;
    };
    devices: {
        params: None;
        result: Device[];
    };
    setDevice: {
        params: {
            kind: Device["kind"];
        } & Choice;
        result: void;
    };
    /** A language tag; the language spoken then. */
    setLocale: {
        params: {
            lang: string;
        };
        result: string;
    };
    setLayout: {
        params: {
            layout: Layout;
        };
        result: void;
    };
    pin: {
        params: {
            peerId: string | null;
            share?: boolean;
        };
        result: void;
    };
    state: {
        params: None;
        result: State;
    };
    /** Codes of findings. */
    diagnose: {
        params: None;
        result: string[];
    };
    /** A data URL. */
    screenshot: {
        params: Whom & {
            type?: Picture;
        };
        result: string;
    };
    /** Lets the sound be heard that the browser held back. */
    playSound: {
        params: None;
        result: void;
    };
    /** Bits per second of video, 0 for no bound: a moderator's for all, another person's for themselves. */
    setBitrate: {
        params: {
            max: number;
        };
        result: void;
    };
    raiseHand: {
        params: On;
        result: void;
    };
    react: {
        params: {
            text: string;
        };
        result: void;
    };
    /** Nobody named: everybody who waits. */
    admit: {
        params: Partial<Whom>;
        result: void;
    };
    reject: {
        params: Partial<Whom>;
        result: void;
    };
    /** Nobody named: everybody but moderators. */
    mute: {
        params: Partial<Whom> & {
            source: Source;
        };
        result: void;
    };
    kick: {
        params: Whom;
        result: void;
    };
    block: {
        params: Whom;
        result: void;
    };
    setRole: {
        params: Whom & {
            role: Role;
        };
        result: void;
    };
    lock: {
        params: On;
        result: void;
    };
    endForAll: {
        params: None;
        result: void;
    };
}
export type Method = keyof Methods;
export {};
