// Who is it? E-mail and password where the API has that, or an API key.

import { useId, useState } from "preact/hooks";
import { Problem } from "../api";
import { t } from "../i18n";
import { words, type Model } from "../model";
import { Icon, Logo } from "./icons";
import { Languages } from "./shell";

export function SignIn({ model }: { model: Model }) {
  const [byKey, setByKey] = useState(!model.passwords);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);
  const submit = async (e: SubmitEvent) => {
    e.preventDefault();
    const form = new FormData(e.currentTarget as HTMLFormElement);
    const said = (name: string) => String(form.get(name) ?? "").trim();
    setBusy(true);
    setProblem("");
    try {
      if (byKey) await model.byKey(said("key"));
      else await model.byPassword(said("email"), String(form.get("password") ?? ""), said("company"));
    } catch (err) {
      const refused = err instanceof Problem && (err.status === 401 || err.status === 422);
      setProblem(refused ? t(byKey ? "signin.badKey" : "signin.wrong") : words(err));
      setBusy(false);
    }
  };
  const reason = model.reason.value;
  return (
    <main class="signin" id="content">
      <div class="card">
        <Logo />
        <h1>{t("signin")}</h1>
        <p class="quiet">{t("signin.lead")}</p>
        {reason && (
          <p class="reason" role="status">
            {t(reason)}
          </p>
        )}
        <form onSubmit={(e) => void submit(e)} key={String(byKey)}>
          {byKey ? (
            <Line name="key" type="password" label={t("signin.key")} hint={t("signin.key.hint")} auto="off" />
          ) : (
            <>
              <Line name="email" type="email" label={t("signin.email")} auto="username" />
              <Line name="password" type="password" label={t("signin.password")} auto="current-password" />
              <Line name="company" type="text" label={t("signin.company")} hint={t("signin.company.hint")} auto="organization" optional />
            </>
          )}
          <p class="problem" role="alert">
            {problem && <Icon name="alert" size={16} />}
            {problem}
          </p>
          <button type="submit" class="primary wide" aria-busy={busy}>
            {busy ? t("signin.busy") : t("signin")}
          </button>
        </form>
        {model.passwords && (
          <button type="button" class="link" onClick={() => setByKey(!byKey)}>
            {t(byKey ? "signin.withPassword" : "signin.withKey")}
          </button>
        )}
      </div>
      <Languages />
    </main>
  );
}

function Line({ name, type, label, hint, auto, optional }: { name: string; type: string; label: string; hint?: string; auto: string; optional?: boolean }) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>
        {label} {optional && <span class="quiet">· {t("field.optional")}</span>}
      </label>
      <input id={id} name={name} type={type as "text"} required={!optional} autocomplete={auto as "off"} spellcheck={false} aria-describedby={hint ? `${id}-hint` : undefined} />
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}
