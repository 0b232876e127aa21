/** Of the envelope. Another version is another channel. */
export declare const VERSION = 1;
/** Characters of one message on the port, towards the page. */
export declare const MESSAGE_LIMIT: number;
/** Characters of one towards the library: a picture fits. */
export declare const REPLY_LIMIT: number;
/** Requests that may wait for their answers. */
export declare const WAITING_LIMIT = 64;
/** Window messages of ours carry this name. */
export declare const CHANNEL = "meridian-embed";
/** What a window message says; hello alone brings a port. */
export type Greeting = {
    channel: typeof CHANNEL;
    v: number;
    type: "waiting";
    page?: string;
} | {
    channel: typeof CHANNEL;
    v: number;
    type: "hello";
    nonce: string;
} | {
    channel: typeof CHANNEL;
    v: number;
    type: "delegate";
} | {
    channel: typeof CHANNEL;
    v: number;
    type: "refused";
    nonce: string;
    code: string;
};
export type Request = {
    v: number;
    id: number;
    method: string;
    params: Record<string, unknown>;
};
export type Answer = {
    v: number;
    re: number;
    result: unknown;
} | {
    v: number;
    re: number;
    error: Fault;
};
export type Notice = {
    v: number;
    event: string;
    detail: Record<string, unknown>;
};
export interface Fault {
    code: string;
    message: string;
}
export declare function greeting(data: unknown): Greeting | null;
/** What came to the page: a request, the id of one that makes no sense, or nothing to answer at all. */
export declare function readRequest(data: unknown): Request | {
    bad: number;
} | null;
/** What came to the library. */
export declare function readReply(data: unknown): Answer | Notice | null;
export declare function newNonce(): string;
