// A moderator's question to switch something on. Nothing switches on by itself.

import type { App } from "../app";
import { t } from "../i18n";

export function Ask({ app }: { app: App }) {
  const source = app.floor.asked.value;
  if (!source) return null;
  return (
    <div class="pill ask" role="group" aria-label={t(`ask.${source}`)}>
      <span>{t(`ask.${source}`)}</span>
      <span class="answers">
        <button class="primary slim" onClick={() => app.floor.answer(true)}>
          {t(`ask.${source}.yes`)}
        </button>
        <button class="link" onClick={() => app.floor.answer(false)}>
          {t("ask.no")}
        </button>
      </span>
    </div>
  );
}
