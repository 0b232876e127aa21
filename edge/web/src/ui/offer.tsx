// The page around the frame asked to share, and the browser wants the click in
// here: a button for it.

import type { App } from "../app";
import { t } from "../i18n";

export function ShareOffer({ app }: { app: App }) {
  if (!app.shareOffered.value || app.devices.share.value || app.floor.bars.value.share) return null;
  const answer = (yes: boolean): void => {
    app.shareOffered.value = false;
    if (yes) app.floor.toggle("share");
  };
  return (
    <div class="pill ask" role="group" aria-label={t("share.offer")}>
      <span role="status">{t("share.offer")}</span>
      <span class="answers">
        <button class="primary slim" onClick={() => answer(true)}>
          {t("ask.share.yes")}
        </button>
        <button class="link" onClick={() => answer(false)}>
          {t("ask.no")}
        </button>
      </span>
    </div>
  );
}
