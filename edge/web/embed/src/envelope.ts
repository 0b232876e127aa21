// The messages between a meeting page in a frame and the page around it. Both
// sides share this file; edge/web/embed/DESIGN.md says why each check is there.
//
// A window message only ever offers a port; everything else travels on the port
// as JSON text, so that its size is known before it is read and nothing but
// plain values can arrive.

/** Of the envelope. Another version is another channel. */
export const VERSION = 1;
/** Characters of one message on the port, towards the page. */
export const MESSAGE_LIMIT = 64 << 10;
/** Characters of one towards the library: a picture fits. */
export const REPLY_LIMIT = 1 << 20;
/** Requests that may wait for their answers. */
export const WAITING_LIMIT = 64;
/** Window messages of ours carry this name. */
export const CHANNEL = "meridian-embed";

/** What a window message says; hello alone brings a port. */
export type Greeting =
  | { channel: typeof CHANNEL; v: number; type: "waiting"; page?: string } // page: which of the frame's, as in ready
  | { channel: typeof CHANNEL; v: number; type: "hello"; nonce: string }
  | { channel: typeof CHANNEL; v: number; type: "delegate" }
  | { channel: typeof CHANNEL; v: number; type: "refused"; nonce: string; code: string };

export type Request = { v: number; id: number; method: string; params: Record<string, unknown> };
export type Answer = { v: number; re: number; result: unknown } | { v: number; re: number; error: Fault };
export type Notice = { v: number; event: string; detail: Record<string, unknown> };

export interface Fault {
  code: string;
  message: string;
}

export function greeting(data: unknown): Greeting | null {
  if (!isRecord(data) || data["channel"] !== CHANNEL || data["v"] !== VERSION) return null;
  switch (data["type"]) {
    case "waiting":
    case "delegate":
      return data as Greeting;
    case "hello":
      return isNonce(data["nonce"]) ? (data as Greeting) : null;
    case "refused":
      return isNonce(data["nonce"]) && isCode(data["code"]) ? (data as Greeting) : null;
    default:
      return null;
  }
}

/** What came to the page: a request, the id of one that makes no sense, or nothing to answer at all. */
export function readRequest(data: unknown): Request | { bad: number } | null {
  const m = read(data, MESSAGE_LIMIT);
  const id = m?.["id"];
  if (!m || !isCount(id)) return null;
  const { method, params = {} } = m;
  if (typeof method !== "string" || method.length > 40 || !isRecord(params)) return { bad: id };
  return { v: VERSION, id, method, params };
}

/** What came to the library. */
export function readReply(data: unknown): Answer | Notice | null {
  const m = read(data, REPLY_LIMIT);
  if (!m) return null;
  const { re, error, event, detail } = m;
  if (isCount(re)) {
    if (error === undefined) return { v: VERSION, re, result: m["result"] };
    const { code, message } = isRecord(error) ? error : {};
    return { v: VERSION, re, error: { code: isCode(code) ? code : "internal", message: typeof message === "string" ? message : "" } };
  }
  return isCode(event) && isRecord(detail) ? { v: VERSION, event, detail } : null;
}

export function newNonce(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
}

function read(data: unknown, limit: number): Record<string, unknown> | null {
  if (typeof data !== "string" || data.length > limit) return null;
  try {
    const m: unknown = JSON.parse(data);
    return isRecord(m) && m["v"] === VERSION ? m : null;
  } catch {
    return null;
  }
}

function isRecord(x: unknown): x is Record<string, unknown> {
  return typeof x === "object" && x !== null && !Array.isArray(x);
}

function isNonce(x: unknown): x is string {
  return typeof x === "string" && /^[0-9a-f]{32}$/.test(x);
}

function isCode(x: unknown): x is string {
  return typeof x === "string" && /^[a-z_]{1,40}$/.test(x);
}

function isCount(x: unknown): x is number {
  return Number.isSafeInteger(x) && (x as number) > 0;
}
