// The call: stage, controls, and one panel beside or over it.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { App } from "../app";
import { t } from "../i18n";
import { ChatPanel } from "./chat";
import { ConnectionPanel } from "./connection";
import { Controls } from "./controls";
import { Icon } from "./icons";
import { InfoPanel } from "./info";
import { Sound } from "./media";
import { PeoplePanel } from "./people";
import { PipWindow } from "./pip";
import { Ask } from "./ask";
import { ShareOffer } from "./offer";
import { Reactions } from "./reactions";
import { SettingsPanel } from "./settings";
import { shortcuts } from "./shortcuts";
import { StageView } from "./stage";

export function Call({ app }: { app: App }) {
  const panel = app.panel.value;
  useShortcuts(app);
  return (
    <div class={`call ${panel ? "with-panel" : ""}`}>
      <main class={`stage-area ${app.look.small.value ? "packed" : ""}`}>
        <h1 class="hidden">{app.title.value}</h1>
        <StageView app={app} />
        <Reactions app={app} />
        <div class="pills">
          <Banner app={app} />
          <Ask app={app} />
          <ShareOffer app={app} />
          {app.devices.share.value && (
            <div class="pill sharing">
              <Icon name="screen" size={18} />
              <span>{t("share.own")}</span>
              <button class="link" onClick={() => app.devices.stopShare()}>
                {t("share.stop")}
              </button>
            </div>
          )}
          {app.look.drives.value && (
            <div class="pill presenting">
              <Icon name="present" size={18} />
              <span>{t("present.own")}</span>
              <button class="link" onClick={() => app.look.present(false)}>
                {t("present.end")}
              </button>
            </div>
          )}
          {app.soundBlocked.value && (
            <div class="pill">
              <span>{t("sound.blocked")}</span>
              <button class="primary slim" onClick={() => (app.soundBlocked.value = false)}>
                <Icon name="sound" size={18} />
                {t("sound.allow")}
              </button>
            </div>
          )}
        </div>
      </main>
      {panel && <Panel app={app} />}
      {app.controlsVisible.value && <Controls app={app} />}
      <Sound app={app} />
      <PipWindow app={app} />
    </div>
  );
}

function Panel({ app }: { app: App }) {
  const panel = app.panel.value;
  const ref = useRef<HTMLElement>(null);
  // Focus goes into the panel that opens and back to where it came from, at once:
  // later it would take the focus from what was opened meanwhile.
  useLayoutEffect(() => {
    const before = document.activeElement as HTMLElement | null;
    ref.current?.querySelector<HTMLElement>("[data-first]")?.focus();
    return () => before?.focus?.();
  }, [panel]);
  if (!panel) return null;
  return (
    <aside ref={ref} class="panel" aria-label={t(panel)}>
      <header>
        <h2>{t(panel)}</h2>
        <button class="plain" aria-label={t("close")} data-first={panel === "chat" ? undefined : true} onClick={() => (app.panel.value = null)}>
          <Icon name="close" />
        </button>
      </header>
      {panel === "chat" ? <ChatPanel app={app} /> : panel === "people" ? <PeoplePanel app={app} /> : panel === "info" ? <InfoPanel app={app} /> : panel === "settings" ? <SettingsPanel app={app} /> : <ConnectionPanel app={app} />}
    </aside>
  );
}

function Banner({ app }: { app: App }) {
  const offline = app.network.offline.value;
  const away = offline || app.session.phase.value === "reconnecting";
  const [long, setLong] = useState(false);
  useEffect(() => {
    setLong(false);
    if (!away) return;
    const timer = setTimeout(() => setLong(true), 12_000);
    return () => clearTimeout(timer);
  }, [away, offline]);
  if (!away) return null;
  return (
    <div class="pill banner">
      {offline ? <Icon name="offline" size={18} /> : <span class="spinner small" />}
      <span>{t(offline ? "banner.offline" : long ? "banner.reconnecting.long" : "banner.reconnecting")}</span>
    </div>
  );
}

/** As long as the call is on screen. */
function useShortcuts(app: App): void {
  useEffect(() => {
    const press = shortcuts(app);
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}
