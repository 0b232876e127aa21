// What this person sets for themselves: devices, what they hear, the language.

import type { ComponentChildren } from "preact";
import type { App } from "../app";
import { canChooseOutput } from "../hearing";
import { lang, languages, spoken, t } from "../i18n";
import { prefer } from "../language";
import { Icon, type IconName } from "./icons";
import { Keys } from "./keys";
import { Choice, Meter } from "./prejoin";

export function SettingsPanel({ app }: { app: App }) {
  return (
    <div class="scroll settings">
      {app.floor.me.value?.mode !== "viewer" && <Own app={app} />}
      {app.shows("volume") && <Others app={app} />}
      <h3>{t("set.language")}</h3>
      <Language app={app} />
      <Keys app={app} />
    </div>
  );
}

/** What others get of this person, and how the person sees themselves. */
function Own({ app }: { app: App }) {
  return (
    <>
      <h3>{t("device.settings")}</h3>
      <Choice app={app} kind="mic" />
      <Meter app={app} />
      <Choice app={app} kind="camera" />
      <Check name="mirror" label={t("set.mirror")} on={app.mirror.value} set={(on) => app.setMirror(on)} />
    </>
  );
}

/** What this person gets of the others. */
function Others({ app }: { app: App }) {
  return (
    <>
      <h3>{t("set.hear")}</h3>
      <Output app={app} />
      <Volume app={app} />
      <Check name="deaf" label={t("set.deaf")} on={app.hearing.muted.value} set={(on) => (app.hearing.muted.value = on)} />
    </>
  );
}

export function Language({ app }: { app: App }) {
  const change = async (tag: string): Promise<void> => {
    const wanted = spoken(tag);
    if (wanted && !(await prefer(wanted, app.store))) app.notify(t("set.language.failed"), "problem");
  };
  return (
    <Select icon="globe" label={t("set.language")} value={lang()} choose={(tag) => void change(tag)}>
      {Object.entries(languages).map(([tag, name]) => (
        <option key={tag} value={tag} lang={tag}>
          {name}
        </option>
      ))}
    </Select>
  );
}

function Output({ app }: { app: App }) {
  const speakers = app.devices.speakers();
  if (!canChooseOutput() || speakers.length === 0) return null;
  const chosen = app.hearing.output.value;
  const current = speakers.some((d) => d.deviceId === chosen) ? chosen : speakers[0]?.deviceId;
  return (
    <Select icon="sound" label={t("device.speaker")} value={current} choose={(id) => app.hearing.setOutput(id)}>
      {speakers.map((d, i) => (
        <option key={d.deviceId} value={d.deviceId}>
          {d.label || `${t("device.speaker")} ${i + 1}`}
        </option>
      ))}
    </Select>
  );
}

interface SelectProps {
  icon: IconName;
  label: string;
  value: string | undefined;
  choose: (value: string) => void;
  children: ComponentChildren;
}

function Select({ icon, label, value, choose, children }: SelectProps) {
  return (
    <label class={`choice ${icon}`}>
      <Icon name={icon} size={18} />
      <span class="hidden">{label}</span>
      <select aria-label={label} value={value} onChange={(e) => choose(e.currentTarget.value)}>
        {children}
      </select>
      <Icon name="down" size={16} />
    </label>
  );
}

function Volume({ app }: { app: App }) {
  const { volume, muted } = app.hearing;
  return (
    <label class="slider">
      <span>{t("set.volume")}</span>
      <input type="range" aria-label={t("set.volume")} min="0" max="100" step="5" value={volume.value} disabled={muted.value} onInput={(e) => app.hearing.setVolume(e.currentTarget.valueAsNumber)} />
      <output>{volume.value}</output>
    </label>
  );
}

function Check({ name, label, on, set }: { name: string; label: string; on: boolean; set: (on: boolean) => void }) {
  return (
    <label class={`check ${name}`}>
      <input type="checkbox" role="switch" checked={on} onChange={(e) => set(e.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}
