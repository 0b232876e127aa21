// Where in the page somebody is: #/company/section, so that a reload and a
// bookmark lead back.

export interface Place {
  company: string;
  section: string;
}

export function readPlace(hash: string): Place {
  const [company = "", section = ""] = hash.replace(/^#\/?/, "").split("/").map(decode);
  return { company, section };
}

export function hashOf(p: Place): string {
  return `#/${encodeURIComponent(p.company)}/${encodeURIComponent(p.section)}`;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

/** The link to a room: under the name that the page itself has, if that is the company's, else under its preferred one. */
export function roomLink(hosts: readonly string[], at: { origin: string; hostname: string }, publicId: string): string {
  const host = hosts.includes(at.hostname) ? undefined : hosts[0];
  return `${host === undefined ? at.origin : `https://${host}`}/m/${encodeURIComponent(publicId)}`;
}
