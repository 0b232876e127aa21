// The switches of the company, each with where its value comes from.

import { useEffect, useId, useState } from "preact/hooks";
import { t, type Key } from "../i18n";
import { words, type Model } from "../model";
import { choose, groups, shown, typed, type Control, type Effective, type Setting } from "../settings";
import { Icon } from "./icons";

export function Settings({ model }: { model: Model }) {
  const company = model.company.value?.id ?? "";
  const [effective, setEffective] = useState<Effective | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const load = () => model.api.get<Effective>(model.path("settings")).then(setEffective, setProblem);
  useEffect(() => {
    setEffective(null);
    setProblem(null);
    void load();
  }, [company]);
  const set = async (name: string, value: unknown) => {
    try {
      await model.api.change(model.path(), null, choose(name, value));
      model.say(t("saved"));
    } catch (e) {
      model.say(words(e), true);
    }
    await load();
  };
  if (problem !== null)
    return (
      <div class="card note" role="alert">
        <Icon name="alert" />
        <p>{words(problem)}</p>
      </div>
    );
  const by = new Map((effective?.settings ?? []).map((s) => [s.name, s]));
  return (
    <>
      <header class="block-head">
        <div>
          <h2>{t("settings")}</h2>
          <p class="quiet">{t("settings.about")}</p>
        </div>
      </header>
      {effective === null ? (
        <div class="card waiting" role="status">
          <span class="hidden">{t("loading")}</span>
        </div>
      ) : (
        groups.map((g) => (
          <section class="block" key={g.title}>
            <h3>{t(g.title)}</h3>
            <ul class="card rows">
              {g.controls
                .filter((c) => by.has(c.name))
                .map((c) => (
                  <Line key={`${company}-${c.name}`} control={c} setting={by.get(c.name) as Setting} fixed={!model.access.may("PATCH", "/companies/{company}")} set={(v) => set(c.name, v)} />
                ))}
            </ul>
          </section>
        ))
      )}
    </>
  );
}

interface LineProps {
  control: Control;
  setting: Setting;
  fixed: boolean;
  set: (value: unknown) => Promise<void>;
}

function Line({ control: c, setting: s, fixed, set }: LineProps) {
  const id = useId();
  const own = s.from === "company";
  const about = { id, "aria-describedby": `${id}-about ${id}-from`, disabled: fixed };
  return (
    <li class="setting" data-setting={c.name}>
      <div class="what">
        <label for={id}>{t(c.label)}</label>
        <span class="sub" id={`${id}-about`}>
          {t(c.about)}
        </span>
        <span class={own ? "from own" : "from"} id={`${id}-from`}>
          {t(own ? "set.own" : s.from ? (`set.from.${s.from}` as Key) : "set.from.none")}
          {own && !fixed && (
            <button type="button" class="link" onClick={() => void set(undefined)}>
              {t("set.inherit", { value: spoken(c, s.inherited) })}
            </button>
          )}
        </span>
      </div>
      {c.kind === "switch" ? (
        <input {...about} name={c.name} type="checkbox" role="switch" class="switch" checked={s.value === true} onChange={(e) => void set(e.currentTarget.checked)} />
      ) : c.kind === "choice" ? (
        <select {...about} name={c.name} value={typeof s.value === "string" ? s.value : ""} onChange={(e) => void set(e.currentTarget.value || undefined)}>
          {!s.value && <option value="">{t("set.unset")}</option>}
          {c.choices?.map((o) => (
            <option key={o.value} value={o.value}>
              {t(o.label)}
            </option>
          ))}
        </select>
      ) : (
        <Typed about={about} control={c} setting={s} set={set} />
      )}
    </li>
  );
}

/** A value that is typed counts when it is left or confirmed. */
function Typed({ about, control: c, setting: s, set }: { about: Record<string, unknown>; control: Control; setting: Setting; set: LineProps["set"] }) {
  const now = shown(s.value);
  const commit = (text: string) => {
    if (text === now) return;
    void set(typed(c.kind, text));
  };
  return (
    <input
      {...about}
      key={now}
      name={c.name}
      type={(c.kind === "number" ? "number" : "text") as "number"}
      min={c.min}
      max={c.max}
      placeholder={t("set.unset")}
      defaultValue={now}
      onBlur={(e) => commit(e.currentTarget.value.trim())}
      onKeyDown={(e) => e.key === "Enter" && e.currentTarget.blur()}
    />
  );
}

function spoken(c: Control, value: unknown): string {
  if (value === undefined) return c.kind === "switch" ? t("set.off") : t("set.unset");
  if (typeof value === "boolean") return t(value ? "set.on" : "set.off");
  const choice = c.choices?.find((o) => o.value === value);
  return choice ? t(choice.label) : shown(value) || t("set.none");
}
