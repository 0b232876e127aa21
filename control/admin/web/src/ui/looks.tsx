// How the pages of the company look: a name, a logo, colours, instead of ours.

import { useEffect, useState } from "preact/hooks";
import { Problem, type Item } from "../api";
import { begin, bodyOf, type Values } from "../form";
import { t, type Key } from "../i18n";
import { words, type Model } from "../model";
import { looks } from "../sections";
import { choose, type Effective, type Setting } from "../settings";
import { Input } from "./form";
import { Icon } from "./icons";

/** Of a company: the page makes another for another one. */
export function Looks({ model }: { model: Model }) {
  const [setting, setSetting] = useState<Setting | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const load = () =>
    model.api.get<Effective>(model.path("settings")).then((e) => setSetting(e.settings.find((s) => s.name === "branding") ?? { name: "branding" }), setProblem);
  useEffect(() => void load(), []);
  return (
    <>
      <header class="block-head">
        <div>
          <h2>{t("looks")}</h2>
          <p class="quiet">{t("looks.about")}</p>
        </div>
      </header>
      {problem !== null ? (
        <div class="card note" role="alert">
          <Icon name="alert" />
          <p>{words(problem)}</p>
        </div>
      ) : setting === null ? (
        <div class="card waiting" role="status">
          <span class="hidden">{t("loading")}</span>
        </div>
      ) : (
        <Own model={model} setting={setting} load={load} />
      )}
    </>
  );
}

/** The fields, of what the company itself has chosen. */
function Own({ model, setting, load }: { model: Model; setting: Setting; load: () => Promise<void> }) {
  const own = setting.from === "company";
  const item = (own ? setting.value : {}) as Item;
  const [values, setValues] = useState<Values>(() => begin(looks, item));
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [problem, setProblem] = useState("");
  useEffect(() => setValues(begin(looks, item)), [setting]); // the same form, so that the focus stays
  const fixed = !model.access.may("PATCH", "/companies/{company}");
  const set = async (branding: unknown) => {
    setWrong({});
    setProblem("");
    try {
      await model.api.change(model.path(), null, choose("branding", branding));
      model.say(t("saved"));
      await load();
    } catch (e) {
      const inside = e instanceof Problem ? e.errors.map((x) => ({ ...x, field: x.field.replace("settings.branding.", "") })) : [];
      setWrong(Object.fromEntries(inside.map((x) => [x.field, x.reason])));
      setProblem(words(e));
    }
  };
  const submit = (e: Event) => {
    e.preventDefault();
    const body = bodyOf(looks, item, values);
    if (Object.keys(body).length > 0) void set(body);
  };
  return (
    <form class="card looks" onSubmit={submit} noValidate>
      <p class={own ? "from own" : "from"}>
        {t(own ? "set.own" : setting.from ? (`set.from.${setting.from}` as Key) : "set.from.none")}
        {own && !fixed && (
          <button type="button" class="link" onClick={() => void set(undefined)}>
            {t("looks.inherit")}
          </button>
        )}
      </p>
      <fieldset class="fields" disabled={fixed}>
        <legend class="hidden">{t("looks")}</legend>
        {looks.map((f) => (
          <Input key={f.name} field={f} item={item} value={values[f.name] ?? ""} scopes={[]} wrong={wrong[f.name]} set={(v) => setValues((all) => ({ ...all, [f.name]: v }))} />
        ))}
      </fieldset>
      <footer>
        <p class="problem" role="alert">
          {problem}
        </p>
        {!fixed && (
          <button type="submit" class="primary">
            {t("save")}
          </button>
        )}
      </footer>
    </form>
  );
}
