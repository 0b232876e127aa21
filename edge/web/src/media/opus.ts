// What of Opus an offer must say by itself. Nodes answer with the parameters
// they were offered, and those of the answer govern what the browser sends.

/** The offer with discontinuous transmission wanted of Opus (RFC 7587 section 6.1): silence costs next to nothing. */
export function withDtx(sdp: string): string {
  const types = new Set([...sdp.matchAll(/^a=rtpmap:(\d+) opus\//gim)].map((m) => m[1]));
  return sdp.replace(/^a=fmtp:(\d+) ([^\r\n]*)/gm, (line, type: string, parameters: string) =>
    types.has(type) && !/(^|;)\s*usedtx=/i.test(parameters) ? `${line};usedtx=1` : line,
  );
}
