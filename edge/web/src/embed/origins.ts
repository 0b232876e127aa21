// Which sites may command the page: the source expressions that the server also
// sends as frame-ancestors (CSP Level 3, section 6.7.2.8), as far as it uses them.

/** The server's word of who may, from the page's own document. */
export function listed(doc: Document): string {
  return doc.querySelector<HTMLMetaElement>('meta[name="embed-origins"]')?.content ?? "";
}

/** Whether an origin is on the list. What is not understood allows nobody. */
export function allows(list: string, origin: string): boolean {
  if (!URL.canParse(origin)) return false; // "null" of a sandbox, above all
  const url = new URL(origin);
  return url.origin === origin && list.split(" ").some((source) => matches(source, url));
}

function matches(source: string, { protocol, hostname, port }: URL): boolean {
  if (source === "https:") return protocol === "https:";
  const parts = /^(https?:)\/\/(\*\.)?([a-z0-9.-]+)(?::(\d+|\*))?$/.exec(source);
  if (!parts) return false;
  const [, scheme, wild, host = "", wanted = ""] = parts;
  if (protocol !== scheme || (wanted !== "*" && wanted !== port)) return false;
  return wild ? hostname.endsWith(`.${host}`) && hostname.length > host.length + 1 : hostname === host;
}
