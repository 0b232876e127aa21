// The page when there is no call: why, in words, and what can be done.

import { useEffect, useRef } from "preact/hooks";
import type { App } from "../app";
import { codeKey, t, type Key } from "../i18n";
import type { Person } from "../protocol/messages";
import { remedy } from "../protocol/codes";
import type { Verdict } from "../protocol/session";
import { WhyLink } from "./check";
import { Icon, type IconName } from "./icons";
import { moment } from "./words";

const icons: Record<string, IconName> = {
  left: "door", superseded: "devices", kicked: "removed", blocked: "removed", room_closed: "door",
  transport_failed: "offline", unreachable: "offline", slow_consumer: "offline",
  locked: "lock", wrong_password: "lock", denied: "lock", full: "people",
  too_early: "later", token_expired: "clock", token_not_yet_valid: "later",
  node_full: "server", node_draining: "server", internal: "server", try_again: "server",
  not_found: "unlink", no_room: "unlink", token_malformed: "unlink", token_missing: "unlink",
};

/** Ends of which a check may find the cause. */
const unexplained = new Set(["unreachable", "transport_failed", "slow_consumer", "try_again", "internal", "bad_message", "node_full", "unsupported_browser"]);

interface FinalProps {
  app: App;
  phase: "refused" | "ended";
  code: string;
  /** Who decided it, and what else is known. */
  verdict?: Verdict | null;
}

export function Final({ app, phase, code, verdict }: FinalProps) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  // Who waited was turned away by somebody; others were by a rule.
  const key = code === "denied" && app.session.waited.value ? "refused.rejected" : codeKey(phase, code);
  const icon = icons[code] ?? (code.startsWith("token_") ? "shield" : "alert");
  const again = againLabel(phase, code);
  const calm = code === "left" || code === "room_closed";
  return (
    <main class="page final">
      <div class={`medal ${calm ? "calm" : ""}`}>
        <Icon name={icon} size={28} />
      </div>
      <h1 ref={title} tabIndex={-1}>
        {t(denies(app, code) ? "refused.access_denied" : key)}
      </h1>
      {!verdict?.reason && <p class="lead">{decided(code, verdict?.by, app.session.self) ?? t(`${key}.text` as Key)}</p>}
      {verdict?.opens && (code === "too_early" || code === "token_not_yet_valid") && <p class="lead">{t("refused.opens", { time: moment(verdict.opens) })}</p>}
      {verdict?.reason && (
        <blockquote class="said">
          <bdi>{verdict.reason}</bdi>
        </blockquote>
      )}
      {verdict?.contact && <p class="lead">{t("refused.contact", { contact: verdict.contact })}</p>}
      {again && (
        <button class="primary" onClick={() => app.again()}>
          {t(again)}
        </button>
      )}
      {unexplained.has(code) && <WhyLink app={app} />}
      {code !== "left" && <p class="code">{t("end.code", { code })}</p>}
    </main>
  );
}

/** Sites that send people to addresses of G-Core's form tell them of no more than this. */
function denies(app: App, code: string): boolean {
  return app.params.source === "gcore" && (code === "denied" || (code.startsWith("token_") && code !== "token_not_yet_valid"));
}

/** Who did it, in words. */
function decided(code: string, by: Person | undefined, self: string): string | undefined {
  if (!by || (code !== "kicked" && code !== "blocked" && code !== "room_closed")) return undefined;
  return by.peer_id === self ? t("ended.room_closed.self") : t(`ended.${code}.by`, { name: by.name });
}

/** The button, where one makes sense. */
function againLabel(phase: "refused" | "ended", code: string): Key | null {
  if (phase === "ended") return code === "kicked" || code === "blocked" || code === "room_closed" ? null : "end.rejoin";
  if (code === "no_room" || code === "unsupported_browser") return null;
  return remedy(code) === "none" ? null : "end.again";
}
