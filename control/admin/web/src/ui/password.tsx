// Where a password link leads: a password is chosen, or it is said why not.

import { useState } from "preact/hooks";
import { t } from "../i18n";
import { words, type Model } from "../model";
import { isAbout } from "../password";
import { Gate, Why } from "./gate";
import { chosen, NewPassword, type Wrong } from "./newpassword";

export function ChoosePassword({ model }: { model: Model }) {
  const link = model.link.value;
  if (link === "used") return <Done model={model} />;
  if (link === "") return <NoLink model={model} />;
  return <Choose model={model} key={link} />;
}

function Choose({ model }: { model: Model }) {
  const [wrong, setWrong] = useState<Wrong>({});
  const [busy, setBusy] = useState(false);
  const submit = async (e: SubmitEvent) => {
    e.preventDefault();
    if (busy) return;
    const c = chosen(e.currentTarget as HTMLFormElement);
    setWrong(c.wrong ?? {});
    if (c.wrong) return;
    setBusy(true);
    try {
      await model.redeem(c.password);
    } catch (err) {
      setWrong(isAbout(err, "password") ? { new: t("password.refused") } : { "": words(err) });
      setBusy(false);
    }
  };
  return (
    <Gate title={t("password.choose")} lead={t("password.choose.lead")}>
      <form onSubmit={(e) => void submit(e)} noValidate>
        <NewPassword wrong={wrong} />
        <Why text={wrong[""] ?? ""} />
        <button type="submit" class="primary wide" aria-busy={busy}>
          {busy ? t("saving") : t("password.save")}
        </button>
      </form>
    </Gate>
  );
}

function Done({ model }: { model: Model }) {
  return (
    <Gate title={t("password.done")} lead={t("password.done.lead")}>
      <button type="button" class="primary wide next" onClick={() => model.toSignIn()}>
        {t("signin")}
      </button>
    </Gate>
  );
}

function NoLink({ model }: { model: Model }) {
  return (
    <Gate title={t("link.over")} lead={t("link.over.lead")}>
      {model.forgets && (
        <button type="button" class="primary wide next" onClick={() => model.toSignIn("forgot")}>
          {t("link.ask")}
        </button>
      )}
      <button type="button" class="link" onClick={() => model.toSignIn()}>
        {t("signin")}
      </button>
    </Gate>
  );
}
