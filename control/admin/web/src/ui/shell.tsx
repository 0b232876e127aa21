// The frame: sections at the side, the company on top, what is chosen beside.

import { useSignalEffect } from "@preact/signals";
import { useEffect, useId, useState } from "preact/hooks";
import { hashOf } from "../address";
import { lang, languages, t, type Lang } from "../i18n";
import type { Model } from "../model";
import { BlockView } from "./block";
import { ChangePassword } from "./change";
import { Forgot } from "./forgot";
import { Icon, Logo } from "./icons";
import { Looks } from "./looks";
import { ChoosePassword } from "./password";
import { Settings } from "./settings";
import { SignIn } from "./signin";

const names: Record<Lang, string> = { en: "English", ru: "Русский" };

export function Root({ model }: { model: Model }) {
  useSignalEffect(() => {
    document.documentElement.lang = lang.value;
    const company = model.company.value;
    document.title = company ? `${company.name} · ${t("app")}` : t("app");
  });
  return (
    <>
      {model.phase.value === "loading" && (
        <div class="splash" role="status">
          <span class="hidden">{t("loading")}</span>
        </div>
      )}
      {model.phase.value === "away" && (
        <main class="signin">
          <div class="card">
            <Logo />
            <p role="alert">{t("away")}</p>
            <button type="button" class="primary" onClick={() => void model.begin()}>
              {t("again")}
            </button>
          </div>
        </main>
      )}
      {model.phase.value === "signin" && <SignIn model={model} />}
      {model.phase.value === "forgot" && <Forgot model={model} />}
      {model.phase.value === "password" && <ChoosePassword model={model} />}
      {model.phase.value === "ready" && <Shell model={model} />}
      <Notices model={model} />
    </>
  );
}

function Shell({ model }: { model: Model }) {
  const sections = model.sections();
  const chosen = sections.find((s) => s.id === model.section.value);
  const company = model.company.value;
  const [changing, setChanging] = useState(false);
  useEffect(() => {
    // On a narrow window the sections are a strip that scrolls.
    document.querySelector("nav.side a[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [chosen]);
  return (
    <div class="shell">
      <a class="skip" href="#content" onClick={skip}>
        {t("skip")}
      </a>
      <header class="top">
        <Logo />
        <Companies model={model} />
        <Who model={model} onChangePassword={() => setChanging(true)} />
      </header>
      <nav class="side" aria-label={t("main")}>
        <ul>
          {sections.map((s) => (
            <li key={s.id}>
              <a href={hashOf({ company: company?.id ?? "", section: s.id })} aria-current={s === chosen ? "page" : undefined}>
                <Icon name={s.icon} />
                <span>{t(s.title)}</span>
              </a>
            </li>
          ))}
        </ul>
        <Languages />
      </nav>
      <main id="content" tabIndex={-1}>
        <h1 class="hidden">{chosen ? t(chosen.title) : t("app")}</h1>
        {!company ? (
          <p class="card note quiet">{t("companies.none")}</p>
        ) : !chosen ? (
          <p class="card note quiet">{t("nothing")}</p>
        ) : chosen.id === "settings" ? (
          <Settings model={model} />
        ) : chosen.id === "looks" ? (
          <Looks model={model} key={company.id} />
        ) : (
          model.blocks(chosen).map((b) => <BlockView key={`${company.id}/${b.path}`} model={model} block={b} />)
        )}
      </main>
      {changing && <ChangePassword model={model} onClose={() => setChanging(false)} />}
    </div>
  );
}

/** The address is for places of the page; a jump must not change it. */
function skip(e: Event): void {
  e.preventDefault();
  document.getElementById("content")?.focus();
}

function Companies({ model }: { model: Model }) {
  const id = useId();
  const all = model.companies.value;
  const company = model.company.value;
  const known = all.some((c) => c.id === company?.id);
  if (all.length < 2 && known) return <strong class="company">{company?.name}</strong>;
  return (
    <div class="company">
      <label class="hidden" for={id}>
        {t("company")}
      </label>
      <select id={id} name="company" value={company?.id ?? ""} title={model.manyCompanies.value ? t("companies.many") : undefined} onChange={(e) => model.go(model.section.value, e.currentTarget.value)}>
        {!known && company && <option value={company.id}>{company.name}</option>}
        {all.map((c) => (
          <option key={c.id} value={c.id}>
            {c.name}
          </option>
        ))}
      </select>
    </div>
  );
}

function Who({ model, onChangePassword }: { model: Model; onChangePassword: () => void }) {
  const me = model.me.value;
  const name = me?.user ? (me.user.name ?? me.user.email ?? me.user.id) : (me?.key?.name ?? "");
  return (
    <div class="who">
      {name && <span class="quiet">{t(me?.user ? "as" : "as.key", { name })}</span>}
      {model.changesPassword && (
        <button type="button" class="quiet-button" aria-label={t("password.change")} title={t("password.change")} onClick={onChangePassword}>
          <Icon name="key" />
          <span>{t("signin.password")}</span>
        </button>
      )}
      <button type="button" class="quiet-button" aria-label={t("signout")} title={t("signout")} onClick={() => void model.signOut()}>
        <Icon name="leave" />
        <span>{t("signout")}</span>
      </button>
    </div>
  );
}

export function Languages() {
  const id = useId();
  return (
    <div class="languages">
      <label class="hidden" for={id}>
        {t("language")}
      </label>
      <select
        id={id}
        name="language"
        value={lang.value}
        onChange={(e) => {
          lang.value = e.currentTarget.value as Lang;
        }}
      >
        {(Object.keys(languages) as Lang[]).map((l) => (
          <option key={l} value={l} lang={l}>
            {names[l]}
          </option>
        ))}
      </select>
    </div>
  );
}

function Notices({ model }: { model: Model }) {
  return (
    <div class="notices" role="status" aria-live="polite">
      {model.notices.value.map((n) => (
        <div class={n.problem ? "notice bad" : "notice"} key={n.id}>
          <Icon name={n.problem ? "alert" : "check"} />
          <span>{n.text}</span>
          <button type="button" class="plain" aria-label={t("close")} onClick={() => model.hush(n.id)}>
            <Icon name="close" size={16} />
          </button>
        </div>
      ))}
    </div>
  );
}
