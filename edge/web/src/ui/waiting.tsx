// Before a moderator has let the person in: calm, with what they will bring.

import { useEffect, useRef } from "preact/hooks";
import type { App } from "../app";
import { t } from "../i18n";
import { Icon } from "./icons";
import { Choice, Preview } from "./prejoin";

export function Waiting({ app }: { app: App }) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  return (
    <main class="page prejoin waiting">
      <section class="preview-side">
        <Preview app={app} />
      </section>
      <section class="form-side">
        <h1 ref={title} tabIndex={-1}>
          {t("waiting.title")}
        </h1>
        <p class="quiet room">{t("waiting.text", { room: app.title.value })}</p>
        <Choice app={app} kind="mic" />
        <Choice app={app} kind="camera" />
        <button class="secondary" onClick={() => app.leave()}>
          <Icon name="leave" size={18} />
          {t("leave")}
        </button>
      </section>
    </main>
  );
}
