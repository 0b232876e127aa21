// A form in a dialog, made of a block's fields.

import { useId, useState } from "preact/hooks";
import { Problem, type Item } from "../api";
import { begin, bodyOf, inDays, missing, tidyScopes, valueAt, type Value, type Values } from "../form";
import { moment, t, type Key } from "../i18n";
import { words } from "../model";
import type { Field } from "../sections";
import { Dialog } from "./dialog";
import { Colour, Picture } from "./picture";

export interface FormProps {
  title: string;
  fields: readonly Field[];
  item: Item | null;
  scopes: readonly string[];
  save: (body: Record<string, unknown>) => Promise<void>;
  onClose: () => void;
}

export function Form({ title, fields, item, scopes, save, onClose }: FormProps) {
  const shown = fields.filter((f) => !(item !== null && f.once));
  const [values, setValues] = useState<Values>(() => begin(fields, item));
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);

  const submit = async (e: Event) => {
    e.preventDefault();
    if (busy) return;
    const empty = missing(fields, item, values);
    setWrong(Object.fromEntries(empty.map((n) => [n, t("field.required")])));
    setProblem("");
    if (empty.length > 0) {
      (e.target as HTMLFormElement).querySelector<HTMLElement>(`[name="${empty[0]}"]`)?.focus();
      return;
    }
    setBusy(true);
    try {
      await save(bodyOf(fields, item, values));
    } catch (err) {
      const named = err instanceof Problem ? err.errors.filter((x) => fields.some((f) => f.name === x.field)) : [];
      setWrong(Object.fromEntries(named.map((x) => [x.field, x.reason])));
      const others = err instanceof Problem ? err.errors.filter((x) => !named.includes(x)).map((x) => `${x.field}: ${x.reason}`) : [];
      setProblem([words(err), ...others].join(" "));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={(e) => void submit(e)} noValidate>
        <div class="fields">
          {shown.map((f) => (
            <Input key={f.name} field={f} item={item} value={values[f.name] ?? ""} scopes={scopes} wrong={wrong[f.name]} set={(v) => setValues((all) => ({ ...all, [f.name]: v }))} />
          ))}
        </div>
        <footer>
          <p class="problem" role="alert">
            {problem}
          </p>
          <button type="button" class="quiet-button" onClick={onClose}>
            {t("cancel")}
          </button>
          <button type="submit" class="primary" aria-busy={busy}>
            {busy ? t("saving") : t("save")}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

export interface InputProps {
  field: Field;
  item: Item | null;
  value: Value;
  scopes: readonly string[];
  wrong: string | undefined;
  set: (v: Value) => void;
}

export function Input(p: InputProps) {
  const id = useId();
  const { field: f, value } = p;
  const described = `${id}-hint ${id}-wrong`;
  const below = (
    <>
      {f.hint && (
        <p class="hint" id={`${id}-hint`}>
          {t(f.hint)}
        </p>
      )}
      <p class="problem" id={`${id}-wrong`}>
        {p.wrong}
      </p>
    </>
  );
  if (f.kind === "switch")
    return (
      <div class="field row">
        <div>
          <label for={id}>{t(f.label)}</label>
          {below}
        </div>
        <input id={id} name={f.name} type="checkbox" role="switch" class="switch" checked={value === true} aria-describedby={described} onChange={(e) => p.set(e.currentTarget.checked)} />
      </div>
    );
  if (f.kind === "scopes") return <Scopes {...p} legend={t(f.label)} below={f.hint ? t(f.hint) : ""} />;
  const shared = { id, name: f.name, "aria-describedby": described, "aria-invalid": p.wrong ? true : undefined, "aria-required": f.required };
  return (
    <div class="field">
      <label for={id}>
        {t(f.label)} {!f.required && f.kind !== "choice" && f.kind !== "until" && <span class="quiet">· {t("field.optional")}</span>}
      </label>
      {f.kind === "choice" ? (
        <select {...shared} value={value as string} onChange={(e) => p.set(e.currentTarget.value)}>
          {f.choices?.map((c) => (
            <option key={c.value} value={c.value}>
              {t(c.label)}
            </option>
          ))}
        </select>
      ) : f.kind === "until" ? (
        <Until {...p} shared={shared} />
      ) : f.kind === "picture" ? (
        <Picture {...p} shared={shared} />
      ) : f.kind === "colour" ? (
        <Colour {...p} shared={shared} />
      ) : f.kind === "long" ? (
        <textarea {...shared} rows={7} placeholder={f.example} spellcheck={false} value={value as string} onInput={(e) => p.set(e.currentTarget.value)} />
      ) : (
        <input
          {...shared}
          type={(f.kind === "password" || f.kind === "email" || f.kind === "url" ? f.kind : "text") as "text"}
          inputMode={f.kind === "digits" ? "numeric" : undefined}
          autocomplete={f.kind === "password" ? "new-password" : "off"}
          placeholder={f.example}
          value={value as string}
          onInput={(e) => p.set(e.currentTarget.value)}
        />
      )}
      {below}
    </div>
  );
}

const lifetimes = [30, 90, 365]; // days

function Until({ item, field, value, set, shared }: InputProps & { shared: Record<string, unknown> }) {
  const now = valueAt(item, field.name);
  return (
    <select
      {...shared}
      onChange={(e) => {
        const chosen = e.currentTarget.value;
        set(chosen === "keep" ? String(now) : chosen === "" ? "" : inDays(Number(chosen), Date.now()));
      }}
    >
      {typeof now === "string" && <option value="keep">{t("apikeys.asis", { time: moment(now) })}</option>}
      <option value="" selected={value === ""}>
        {t("apikeys.never")}
      </option>
      {lifetimes.map((n) => (
        <option key={n} value={n}>
          {t("apikeys.days", { n })}
        </option>
      ))}
    </select>
  );
}

function Scopes({ value, scopes, set, wrong, legend, below }: InputProps & { legend: string; below: string }) {
  const chosen = value as string[];
  const things = [...new Set(scopes.map((s) => s.split(":")[0] as string))];
  const toggle = (scope: string, on: boolean) => set(tidyScopes(on ? [...chosen, scope] : chosen.filter((s) => s !== scope)));
  return (
    <fieldset class="scopes">
      <legend>{legend}</legend>
      <p class="hint">{below}</p>
      <ul>
        {things.map((thing) => (
          <li key={thing}>
            <code>{thing}</code>
            {(["read", "write"] as const).map((verb) =>
              scopes.includes(`${thing}:${verb}`) ? (
                <label key={verb}>
                  <input
                    type="checkbox"
                    name={`${thing}:${verb}`}
                    checked={chosen.includes(`${thing}:${verb}`) || (verb === "read" && chosen.includes(`${thing}:write`))}
                    disabled={verb === "read" && chosen.includes(`${thing}:write`)}
                    onChange={(e) => toggle(`${thing}:${verb}`, e.currentTarget.checked)}
                  />
                  <span class="hidden">{thing} </span>
                  {t(`apikeys.${verb}` as Key)}
                </label>
              ) : (
                <span key={verb} />
              ),
            )}
          </li>
        ))}
      </ul>
      <p class="problem">{wrong}</p>
    </fieldset>
  );
}
