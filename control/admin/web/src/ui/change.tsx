// Changing one's own password, which ends all sessions, this one too.

import { useState } from "preact/hooks";
import { t } from "../i18n";
import { words, type Model } from "../model";
import { isAbout } from "../password";
import { Dialog } from "./dialog";
import { Line } from "./gate";
import { chosen, NewPassword, type Wrong } from "./newpassword";

export function ChangePassword({ model, onClose }: { model: Model; onClose: () => void }) {
  const [wrong, setWrong] = useState<Wrong>({});
  const [busy, setBusy] = useState(false);
  const submit = async (e: SubmitEvent) => {
    e.preventDefault();
    if (busy) return;
    const form = e.currentTarget as HTMLFormElement;
    const c = chosen(form);
    setWrong(c.wrong ?? {});
    if (c.wrong) return;
    setBusy(true);
    try {
      await model.changePassword(String(new FormData(form).get("password") ?? ""), c.password);
    } catch (err) {
      setWrong(fault(err));
      setBusy(false);
    }
  };
  return (
    <Dialog title={t("password.change")} onClose={onClose}>
      <form onSubmit={(e) => void submit(e)} noValidate>
        <p class="sheet-text">{t("password.change.lead")}</p>
        <div class="fields">
          <Line name="password" type="password" label={t("password.now")} auto="current-password" wrong={wrong["password"]} />
          <NewPassword wrong={wrong} />
        </div>
        <footer>
          <p class="problem" role="alert">
            {wrong[""]}
          </p>
          <button type="button" class="quiet-button" onClick={onClose}>
            {t("cancel")}
          </button>
          <button type="submit" class="primary" aria-busy={busy}>
            {busy ? t("saving") : t("password.save")}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

function fault(err: unknown): Wrong {
  if (isAbout(err, "password")) return { password: t("password.wrong") };
  if (isAbout(err, "new_password")) return { new: t("password.refused") };
  return { "": words(err) };
}
