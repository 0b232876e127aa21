// "Why can't I connect?": the steps of a check in the order in which a call
// needs them, and what their outcomes say together. What a step does is given
// to it; here are no sockets and no devices.

import { hinders } from "./codes";

export const steps = ["secure", "server", "socket", "udp", "tcp", "relay", "mic", "camera", "frame", "storage"] as const;
export type Step = (typeof steps)[number];

/** poor: a call is possible with less; skipped: there was nothing to try, or no way to. */
export type Outcome = "waiting" | "running" | "good" | "poor" | "bad" | "skipped";

export interface Line {
  step: Step;
  outcome: Outcome;
  codes: readonly string[];
}

/** Finds codes, none if all is well; null if there is nothing to look at. */
export type Probe = () => Promise<readonly string[] | null>;

/** Ways of media: one of them is enough. */
const ways = ["udp", "tcp", "relay"] as const;
/** Ways that nobody misses while UDP is open; where it is not, that is the finding. */
const spare = new Set(["tcp_blocked", "relay_blocked"]);
const needs: Partial<Record<Step, Step>> = { socket: "server", udp: "socket", tcp: "socket", relay: "socket" };

export const untried: readonly Line[] = steps.map((step) => ({ step, outcome: "waiting", codes: [] }));

/** Runs the steps, ways of media at once, and tells after each how things stand. */
export async function check(probes: Record<Step, Probe>, tell: (lines: readonly Line[]) => void): Promise<readonly Line[]> {
  let lines = untried;
  const set = (step: Step, outcome: Outcome, codes: readonly string[] = []): void => {
    lines = lines.map((l) => (l.step === step ? { step, outcome, codes } : l));
    tell(lines);
  };
  const run = async (step: Step): Promise<void> => {
    const before = needs[step];
    if (before && !passes(lines, before)) return set(step, "skipped");
    set(step, "running");
    const codes = await probes[step]().catch(() => ["internal"]);
    set(step, codes === null ? "skipped" : codes.some(hinders) ? "bad" : codes.length > 0 ? "poor" : "good", codes ?? []);
  };
  await run("secure");
  await run("server");
  await run("socket");
  await Promise.all(ways.map(run));
  const blocked = ways.filter((w) => lines.some((l) => l.step === w && l.codes.includes(`${w}_blocked`)));
  if (!ways.some((w) => passes(lines, w))) for (const w of blocked) set(w, "bad", [`${w}_blocked`, "media_blocked"]);
  for (const step of ["mic", "camera", "frame", "storage"] as const) await run(step);
  return lines;
}

/** The code to name: what hinders a call before what makes it poorer, in the order of the steps; empty if all is well. */
export function verdict(lines: readonly Line[]): string {
  const codes = lines.flatMap((l) => l.codes);
  return codes.find(hinders) ?? codes.find((c) => !spare.has(c)) ?? "";
}

/** The check as text for support: in English, whatever the page speaks. */
export function report(lines: readonly Line[], about: Readonly<Record<string, string>>): string {
  const head = Object.entries(about).map(([k, v]) => `${k}: ${v}`);
  return [`Connection check: ${verdict(lines) || "no finding"}`, ...head, ...lines.map((l) => `${l.step}: ${[l.outcome, ...l.codes].join(" ")}`)].join("\n");
}

function passes(lines: readonly Line[], step: Step): boolean {
  const outcome = lines.find((l) => l.step === step)?.outcome;
  return outcome === "good" || outcome === "poor" && !found(lines, step);
}

/** Whether the step itself failed. */
function found(lines: readonly Line[], step: Step): boolean {
  return lines.some((l) => l.step === step && l.codes.some((c) => c.endsWith("_blocked") || hinders(c)));
}
