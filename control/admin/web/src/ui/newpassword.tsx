// The two fields of a new password, shown or hidden together.

import { useState } from "preact/hooks";
import { t } from "../i18n";
import { least, wrongPassword } from "../password";
import { Line } from "./gate";

/** Which field is wrong, and why; "" names no field. */
export type Wrong = Record<string, string>;

export function NewPassword({ wrong }: { wrong: Wrong }) {
  const [shown, setShown] = useState(false);
  const type = shown ? "text" : "password";
  return (
    <>
      <Line name="new" type={type} label={t("password.new")} hint={t("password.rule", { n: least })} auto="new-password" wrong={wrong["new"]} />
      <Line name="again" type={type} label={t("password.again")} auto="new-password" wrong={wrong["again"]} />
      <label class="check">
        <input type="checkbox" name="shown" checked={shown} onChange={(e) => setShown(e.currentTarget.checked)} />
        {t("password.show")}
      </label>
    </>
  );
}

/** The password that a form holds, or what is wrong with it; the field is then where one goes on. */
export function chosen(form: HTMLFormElement): { password: string; wrong: Wrong | null } {
  const said = new FormData(form);
  const password = String(said.get("new") ?? "");
  const fault = wrongPassword(password, String(said.get("again") ?? ""));
  if (fault) form.querySelector<HTMLElement>(`[name=${fault.field}]`)?.focus();
  return { password, wrong: fault && { [fault.field]: t(fault.why, { n: least }) } };
}
