// What stands between the embedding page and a meeting, as stable codes.

import { hinders } from "./findings";

export interface Report {
  /** No finding hinders a call. */
  ok: boolean;
  findings: Finding[];
}

export interface Finding {
  code: string;
  /** Whether a call is impossible with it, or only poorer. */
  hinders: boolean;
}

const REACH_MS = 5_000;

export async function diagnose(frame: HTMLIFrameElement, origin: string, page: () => Promise<unknown>): Promise<Report> {
  const [reached, inside] = await Promise.all([reach(origin), ask(page)]);
  const codes = new Set([...around(frame), ...reached, ...inside]);
  const findings = [...codes].map((code) => ({ code, hinders: hinders(code) }));
  return { ok: !findings.some((f) => f.hinders), findings };
}

/** What the page around the frame lacks or withholds. */
function around(frame: HTMLIFrameElement): string[] {
  const out: string[] = [];
  if (!isSecureContext) out.push("insecure_context");
  const policy = (document as { featurePolicy?: { allowsFeature(f: string): boolean } }).featurePolicy;
  const given = new Set(frame.allow.split(";").map((part) => part.trim().split(/\s+/)[0]));
  for (const feature of ["camera", "microphone", "display-capture"]) {
    if (!given.has(feature) || policy?.allowsFeature(feature) === false) out.push(`frame_lacks_${feature.replace("-", "_")}`);
  }
  return out;
}

async function reach(origin: string): Promise<string[]> {
  try {
    await fetch(`${origin}/probe`, { credentials: "omit", cache: "no-store", signal: AbortSignal.timeout(REACH_MS) });
    return [];
  } catch {
    return ["unreachable"];
  }
}

async function ask(page: () => Promise<unknown>): Promise<string[]> {
  try {
    const list = await page();
    return Array.isArray(list) ? list.filter((c): c is string => typeof c === "string") : [];
  } catch (e) {
    return [(e as { code?: string }).code ?? "internal"];
  }
}
