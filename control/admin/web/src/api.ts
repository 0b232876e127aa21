// The native API as the page calls it. Who calls is a cookie that scripts
// cannot read, or a credential that stays in this object and goes with the tab.

export interface FieldError {
  field: string;
  reason: string;
}

/** A refusal (RFC 9457), or code "unreachable" when nobody answered. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail = "",
    readonly errors: FieldError[] = [],
    readonly requestId = "",
  ) {
    super(`${code}: ${detail}`);
  }
}

/** A thing of the API; members beyond these are the thing's own. */
export interface Item {
  id: string;
  version?: number;
  [member: string]: unknown;
}

export interface Page {
  items: Item[];
  next_cursor?: string;
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

const deadline = 20_000; // ms

export class Api {
  /** An API key or a session's token; null: the cookie has it. */
  credential: string | null = null;
  /** Called when the credential has ended while the page was open. */
  onEnded: () => void = () => {};

  constructor(private readonly fetch: Fetch = (url, init) => globalThis.fetch(url, init)) {}

  async call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
    const init: RequestInit = { method, headers: { ...headers }, credentials: "same-origin", redirect: "error", signal: AbortSignal.timeout(deadline) };
    const h = init.headers as Record<string, string>;
    if (this.credential) h["Authorization"] = `Bearer ${this.credential}`;
    if (body !== undefined) {
      h["Content-Type"] = "application/json";
      init.body = JSON.stringify(body);
    }
    let res: Response;
    try {
      res = await this.fetch(`/api/v1${path}`, init);
    } catch {
      throw new Problem(0, "unreachable");
    }
    if (!res.ok) {
      const p = await problemOf(res);
      if (p.status === 401 && path !== "/sessions" && path !== "/me") this.onEnded();
      throw p;
    }
    if (res.status === 204) return undefined as T;
    try {
      const text = await res.text();
      return (res.status === 202 && text === "" ? undefined : JSON.parse(text)) as T;
    } catch {
      throw new Problem(res.status, "unreachable");
    }
  }

  list(path: string, cursor = "", limit = 50): Promise<Page> {
    const q = new URLSearchParams({ limit: String(limit) });
    if (cursor) q.set("cursor", cursor);
    return this.call("GET", `${path}${path.includes("?") ? "&" : "?"}${q}`);
  }

  /** Whether a browser that opens a path is sent elsewhere. The answer itself is not for scripts. */
  async leadsAway(path: string): Promise<boolean> {
    try {
      const res = await this.fetch(`/api/v1${path}`, { method: "GET", credentials: "same-origin", redirect: "manual", signal: AbortSignal.timeout(deadline) });
      if (res.type !== "opaqueredirect" && res.status !== 401) throw await problemOf(res);
      return res.type === "opaqueredirect";
    } catch (e) {
      throw e instanceof Problem ? e : new Problem(0, "unreachable");
    }
  }

  get<T = Item>(path: string): Promise<T> {
    return this.call("GET", path);
  }

  /** A repetition by an impatient network makes nothing twice. */
  create<T = Item>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
    return this.call("POST", path, body, { "Idempotency-Key": onceKey(), ...headers });
  }

  /** Refused when somebody else has changed the item since it was read. */
  change(path: string, item: Item | null, body: unknown): Promise<Item> {
    return this.call("PATCH", path, body, item?.version ? { "If-Match": `"${item.version}"` } : {});
  }

  remove(path: string): Promise<void> {
    return this.call("DELETE", path);
  }
}

async function problemOf(res: Response): Promise<Problem> {
  try {
    const p = (await res.json()) as { code?: string; detail?: string; errors?: FieldError[]; request_id?: string };
    return new Problem(res.status, p.code ?? "internal", p.detail, p.errors, p.request_id);
  } catch {
    return new Problem(res.status, res.status >= 500 ? "unreachable" : "internal");
  }
}

function onceKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
}
