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

/** Links to a room: under the names of its company, else under the one that the page itself has. */
export function roomLinks(hosts: readonly string[], origin: string, publicId: string): string[] {
  const bases = hosts.length > 0 ? hosts.map((h) => `https://${h}`) : [origin];
  return bases.map((b) => `${b}/m/${encodeURIComponent(publicId)}`);
}
