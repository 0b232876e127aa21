// Chooses the screen for the phase of the call, and holds what is on all of
// them: notices and the live region.

import type { App } from "../app";
import { t } from "../i18n";
import { Logo } from "./brand";
import { Call } from "./call";
import { CheckPage } from "./check";
import { Confirm } from "./confirm";
import { Final } from "./final";
import { Icon } from "./icons";
import { New } from "./new";
import { PreJoin } from "./prejoin";
import { Waiting } from "./waiting";

export function Root({ app }: { app: App }) {
  return (
    <>
      <Screen app={app} />
      <Logo app={app} />
      <Notices app={app} />
      <Confirm app={app} />
      <div class="hidden" role="status" aria-live="polite">
        {app.spoken.value}
      </div>
    </>
  );
}

function Screen({ app }: { app: App }) {
  if (app.check.open.value) return <CheckPage app={app} />;
  if (app.localError.value) return <Final app={app} phase="refused" code={app.localError.value} />;
  const phase = app.session.phase.value;
  if (app.params.fresh && phase === "idle") return <New app={app} />;
  if (phase === "idle" && app.looking.value) return <Looking />;
  if (app.atDoor.value && !app.returning.value) return <PreJoin app={app} />;
  switch (phase) {
    case "idle":
    case "joining":
      return <Loading app={app} />;
    case "waiting":
      return <Waiting app={app} />;
    case "live":
    case "reconnecting":
      return <Call app={app} />;
    case "refused":
    case "ended":
      return <Final app={app} phase={phase} code={app.session.verdict.value?.code ?? "internal"} verdict={app.session.verdict.value} />;
  }
}

/** What the page was served with, until it is known what stands here. */
function Looking() {
  return (
    <main class="splash" aria-busy="true" aria-label={t("pre.looking")}>
      <span />
    </main>
  );
}

function Loading({ app }: { app: App }) {
  // Nothing is under way until the page around asks for it.
  if (app.awaited && app.session.phase.value === "idle" && !app.returning.value)
    return (
      <main class="page loading">
        <p class="quiet">{t("pre.room", { room: app.title.value })}</p>
      </main>
    );
  return (
    <main class="page loading" aria-busy="true">
      <div class="spinner" />
      <p>{t(app.returning.value ? "pre.returning" : "pre.joining")}</p>
      <p class="quiet">{t("pre.room", { room: app.title.value })}</p>
    </main>
  );
}

function Notices({ app }: { app: App }) {
  if (app.notices.value.length === 0) return null;
  return (
    <div class="notices" role="region" aria-label={t("notices")}>
      {app.notices.value.map((n) => (
        <div key={n.id} class={`notice ${n.tone}`}>
          {n.tone === "problem" && <Icon name="alert" size={18} />}
          <span>{n.text}</span>
          {n.act && (
            <button class="link" onClick={() => (app.dismiss(n.id), n.act?.run())}>
              {t(n.act.label)}
            </button>
          )}
          <button class="plain" aria-label={t("close")} onClick={() => app.dismiss(n.id)}>
            <Icon name="close" size={16} />
          </button>
        </div>
      ))}
    </div>
  );
}
