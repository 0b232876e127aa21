/** Why a method failed. Codes are stable; edge/web/embed/README.md lists them. */
export declare class MeetingError extends Error {
    readonly code: string;
    readonly name = "MeetingError";
    constructor(code: string, message?: string);
}
/** The two windows and the address, so that tests need no browser. */
export interface Ends {
    here: Pick<Window, "addEventListener" | "removeEventListener">;
    /** The frame's window, null while there is none. */
    there: () => Pick<Window, "postMessage"> | null;
    /** Origin of the meeting page, never a wildcard. */
    origin: string;
}
/** A frame that the browser refused to show never answers. */
export declare const OPEN_MS = 20000;
export declare class Channel {
    private readonly ends;
    onnotice: (event: string, detail: Record<string, unknown>) => void;
    onopen: () => void;
    private port;
    /** Of the frame's, the one that has the port. */
    private page;
    /** The offer on its way. Only its own port counts once that speaks. */
    private offered;
    private readonly waiting;
    private lastId;
    private closed;
    private opening;
    constructor(ends: Ends);
    /** Settles when the page has taken the port. */
    open(): Promise<void>;
    /** Asks the page. Rejects with a [MeetingError]; `timeout` after limit ms. */
    ask(method: string, params?: object, limit?: number): Promise<unknown>;
    /** Offers the port to a page that may be there already; what is loaded yet says so by itself. */
    knock(): void;
    /** Lets the page ask for a screen on the strength of a click here, where the browser knows how. */
    delegate(): void;
    close(): void;
    private readonly heard;
    /** The page is there; when it was there before, it knows nothing of what it was asked then. */
    private loaded;
    private offer;
    private arrived;
    private adopt;
    private drop;
    private settle;
}
