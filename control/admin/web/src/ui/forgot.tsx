// Asks for a letter with a password link. The answer tells nobody whether an
// address is somebody's.

import { useState } from "preact/hooks";
import { t } from "../i18n";
import { words, type Model } from "../model";
import { Gate, Line, Why } from "./gate";

export function Forgot({ model }: { model: Model }) {
  const [sent, setSent] = useState("");
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (e: SubmitEvent) => {
    e.preventDefault();
    if (busy) return;
    const form = new FormData(e.currentTarget as HTMLFormElement);
    const email = String(form.get("email") ?? "").trim();
    setBusy(true);
    setProblem("");
    try {
      await model.forgot(email, String(form.get("company") ?? "").trim());
      setSent(email);
    } catch (err) {
      setProblem(words(err));
    }
    setBusy(false);
  };
  const back = (
    <button type="button" class="link" onClick={() => model.toSignIn()}>
      {t("forgot.back")}
    </button>
  );
  if (sent)
    return (
      <Gate title={t("forgot.sent")} lead={t("forgot.sent.lead", { email: sent })}>
        <div class="next">{back}</div>
      </Gate>
    );
  return (
    <Gate title={t("forgot.title")} lead={t("forgot.lead")}>
      <form onSubmit={(e) => void submit(e)}>
        <Line name="email" type="email" label={t("signin.email")} auto="username" />
        <Line name="company" type="text" label={t("signin.company")} hint={t("signin.company.hint")} auto="organization" optional />
        <Why text={problem} />
        <button type="submit" class="primary wide" aria-busy={busy}>
          {busy ? t("forgot.busy") : t("forgot.send")}
        </button>
      </form>
      {back}
    </Gate>
  );
}
