// Who comes in, and what they know: the name, the room's password, the PIN that
// makes a moderator, and Join.

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { App } from "../app";
import { t, type Key } from "../i18n";
import type { Answer } from "../secrets";

type Missing = "name" | "password";

export function EntryForm({ app, joining }: { app: App; joining: boolean }) {
  const [missing, setMissing] = useState<Missing | null>(null);
  const { name, nameLocked } = app.attributes.value;
  const { secrets } = app;
  const submit = (e: Event): void => {
    e.preventDefault();
    const lacks = lacking(app);
    setMissing(lacks);
    if (lacks) document.getElementById(lacks)?.focus();
    else void app.join(nameLocked ? name : app.name.value.trim());
  };
  useEffect(() => attend(secrets.answer.value), [secrets.answers.value]);
  const typed = (): void => {
    setMissing(null);
    secrets.tried();
  };
  return (
    <form class="name-form" noValidate>
      {nameLocked ? (
        <p class="given">{t("pre.as", { name })}</p>
      ) : (
        <Field id="name" label={t("pre.name")} problem={missing === "name" && t("pre.name.missing")}>
          {(aria) => (
            <input
              {...aria}
              type="text"
              dir={app.name.value ? "auto" : undefined}
              autocomplete="name"
              maxLength={80}
              placeholder={t("pre.name.placeholder")}
              value={app.name.value}
              onInput={(e) => {
                app.name.value = e.currentTarget.value;
                setMissing(null);
              }}
            />
          )}
        </Field>
      )}
      {secrets.asked.value && (
        <Field id="password" label={t("door.password")} wrong={missing === "password" || secrets.answer.value !== "asked"} problem={missing === "password" ? t("door.password.missing") : said(secrets.answer.value, "password")}>
          {(aria) => <SecretInput aria={aria} value={secrets.password.value} label={t("door.password")} change={(v) => (typed(), (secrets.password.value = v))} />}
        </Field>
      )}
      {secrets.helps.value && <Pin app={app} typed={typed} />}
      {/* Enter clicks it as well; a sandboxed frame without allow-forms knows no submit. */}
      <button class="primary wide" type="submit" disabled={joining} onClick={submit} onPointerEnter={() => app.intend()} onFocus={() => app.intend()}>
        {joining && <span class="spinner small" />}
        {t(joining ? "pre.joining" : "pre.join")}
      </button>
      <Slow joining={joining} />
    </form>
  );
}

/** What keeps a join from being asked for. */
function lacking(app: App): Missing | null {
  if (!app.attributes.value.nameLocked && !app.name.value.trim()) return "name";
  return app.secrets.asked.value && !app.secrets.password.value ? "password" : null;
}

/** The PIN is few people's: the field stands behind a word. */
function Pin({ app, typed }: { app: App; typed: () => void }) {
  const { secrets } = app;
  const [open, setOpen] = useState(secrets.pin.value !== "");
  useEffect(() => {
    if (open && !secrets.pin.value) document.getElementById("pin")?.focus();
  }, [open]);
  if (!open)
    return (
      <button class="link pin" type="button" onClick={() => setOpen(true)}>
        {t("door.pin.open")}
      </button>
    );
  return (
    <Field id="pin" label={t("door.pin")} problem={said(secrets.answer.value, "pin", secrets.asked.value)}>
      {(aria) => <SecretInput aria={aria} digits value={secrets.pin.value} label={t("door.pin")} change={(v) => (typed(), (secrets.pin.value = v))} />}
    </Field>
  );
}

interface Aria {
  id: string;
  "aria-invalid": boolean;
  "aria-describedby": string | undefined;
}

/** The label stands in the field where there is no room for it above. */
function SecretInput({ aria, value, change, label, digits = false }: { aria: Aria; value: string; change: (v: string) => void; label: string; digits?: boolean }) {
  return <input {...aria} type="password" inputMode={digits ? "numeric" : undefined} autocomplete="off" maxLength={digits ? 12 : 256} placeholder={label} value={value} onInput={(e) => change(e.currentTarget.value)} />;
}

interface FieldProps {
  id: string;
  label: string;
  /** What is to be said of it. */
  problem: string | false;
  /** Whether that is a fault; else it is a word to who did nothing wrong. */
  wrong?: boolean;
  children: (aria: Aria) => ComponentChildren;
}

function Field({ id, label, problem, wrong = true, children }: FieldProps) {
  return (
    <>
      <label class="field">
        <span>{label}</span>
        {children({ id, "aria-invalid": wrong && Boolean(problem), "aria-describedby": problem ? `${id}-problem` : undefined })}
      </label>
      {problem && (
        <p id={`${id}-problem`} class={wrong ? "problem" : "quiet hint"} role="alert">
          {problem}
        </p>
      )}
    </>
  );
}

const sentences: Record<Exclude<Answer, "">, Key> = {
  asked: "door.asked", password: "door.password.wrong", pin: "door.pin.wrong", either: "door.either.wrong", pause: "door.pause",
};

/** What an answer says at a field; what is about both stands at the password, where there is one. */
function said(answer: Answer, at: "password" | "pin", both = false): string | false {
  if (answer === "") return false;
  const about = answer === "pin" ? "pin" : answer === "password" || answer === "asked" || both ? "password" : at;
  return about === at && t(sentences[answer]);
}

/** Puts the cursor where an answer is about, ready to be typed over. */
function attend(answer: Answer): void {
  if (answer === "" || answer === "pause") return;
  const field = document.getElementById(answer === "pin" ? "pin" : "password");
  if (field instanceof HTMLInputElement) {
    field.focus();
    field.select();
  }
}

/** A join that takes long. */
function Slow({ joining }: { joining: boolean }) {
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    setSlow(false);
    if (!joining) return;
    const timer = setTimeout(() => setSlow(true), 4_000);
    return () => clearTimeout(timer);
  }, [joining]);
  return slow ? (
    <p class="quiet" role="status">
      {t("pre.still")}
    </p>
  ) : null;
}
