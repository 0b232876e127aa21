// Who is it? E-mail and password where the API has that, the company's own
// sign-in, or an API key.

import { useState } from "preact/hooks";
import { Problem } from "../api";
import { t } from "../i18n";
import { words, type Model } from "../model";
import { Gate, Line, Why } from "./gate";

export function SignIn({ model }: { model: Model }) {
  const [byKey, setByKey] = useState(!model.passwords);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const attempt = async (run: () => Promise<void>) => {
    if (busy) return;
    setBusy(true);
    setProblem("");
    try {
      await run();
    } catch (err) {
      const refused = err instanceof Problem && (err.status === 401 || err.status === 422);
      setProblem(refused ? t(byKey ? "signin.badKey" : "signin.wrong") : words(err));
      setBusy(false);
    }
  };
  const submit = (e: SubmitEvent) => {
    e.preventDefault();
    const form = new FormData(e.currentTarget as HTMLFormElement);
    const said = (name: string) => String(form.get(name) ?? "").trim();
    void attempt(() => (byKey ? model.byKey(said("key")) : model.byPassword(said("email"), String(form.get("password") ?? ""), said("company"))));
  };
  const reason = model.reason.value;
  return (
    <Gate title={t("signin")} lead={t("signin.lead")}>
      {reason && (
        <p class="reason" role="status">
          {t(reason)}
        </p>
      )}
      <form onSubmit={submit} key={String(byKey)}>
        {byKey ? (
          <Line name="key" type="password" label={t("signin.key")} hint={t("signin.key.hint")} auto="off" />
        ) : (
          <>
            <Line name="email" type="email" label={t("signin.email")} auto="username" />
            <Line name="password" type="password" label={t("signin.password")} auto="current-password" />
            <Line name="company" type="text" label={t("signin.company")} hint={t("signin.company.hint")} auto="organization" optional />
          </>
        )}
        <Why text={problem} />
        <button type="submit" class="primary wide" aria-busy={busy}>
          {busy ? t("signin.busy") : t("signin")}
        </button>
      </form>
      <div class="others">
        {!byKey && model.forgets && (
          <button type="button" class="link" onClick={() => model.toSignIn("forgot")}>
            {t("forgot")}
          </button>
        )}
        {!byKey && model.providers && (
          <button type="button" class="link" onClick={(e) => void attempt(() => model.byProvider(companyBeside(e.currentTarget)))}>
            {t("signin.provider")}
          </button>
        )}
        {model.passwords && (
          <button type="button" class="link" onClick={() => setByKey(!byKey)}>
            {t(byKey ? "signin.withPassword" : "signin.withKey")}
          </button>
        )}
      </div>
    </Gate>
  );
}

/** What the form on the same card says of the company. */
function companyBeside(button: HTMLElement): string {
  return button.closest(".card")?.querySelector<HTMLInputElement>("input[name=company]")?.value.trim() ?? "";
}
