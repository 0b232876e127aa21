// What holds for everybody in the room, as a moderator sets it.

import { useLayoutEffect, useRef } from "preact/hooks";
import type { App } from "../app";
import { t } from "../i18n";
import { boundSteps, isStep } from "../protocol/bound";
import type { Act, Audience, MuteMode } from "../protocol/messages";
import { Icon } from "./icons";
import { PlayerSetting } from "./player";
import { bitrate } from "./words";

interface Option {
  value: string;
  label: string;
}

const modes: readonly MuteMode[] = ["free", "quiet", "lecture"];
const audiences: readonly Audience[] = ["all", "speakers", "moderators", "nobody"];
/** Viewers have nothing to share, so "all" would promise what is not. */
const sharers = audiences.filter((a) => a !== "all");

export function RulesView({ app, back }: { app: App; back: () => void }) {
  const { floor } = app;
  const { mute_mode, share, chat, hands, bitrate: bound } = floor.rules.value;
  const first = useRef<HTMLButtonElement>(null);
  useLayoutEffect(() => first.current?.focus(), []);
  const set = (act: Act): Promise<void> => floor.act(act);
  const open = (of: readonly Audience[]): Option[] => of.map((a) => ({ value: a, label: t(`rules.audience.${a}`) }));
  return (
    <section
      class="scroll rules"
      aria-label={t("rules")}
      onKeyDown={(e) => {
        if (e.key !== "Escape") return;
        e.stopPropagation(); // one step back, not out of the panel
        back();
      }}
    >
      <div class="heading">
        <button ref={first} class="plain" aria-label={t("rules.back")} title={t("rules.back")} onClick={back}>
          <Icon name="back" />
        </button>
        <h3>{t("rules")}</h3>
      </div>
      <Setting label={t("rules.speech")} value={mute_mode} options={modes.map((m) => ({ value: m, label: t(`mod.speech.${m}`) }))} set={(v) => set({ verb: "mute_mode", value: v as MuteMode })} />
      <Setting label={t("rules.share")} value={share} options={open(share === "all" ? audiences : sharers)} set={(v) => set({ verb: "share", value: v as Audience })} />
      <Setting label={t("rules.chat")} value={chat} options={open(audiences)} set={(v) => set({ verb: "chat", value: v as Audience })} />
      <Setting label={t("rules.hands")} value={hands} options={open(audiences)} set={(v) => set({ verb: "hands", value: v as Audience })} />
      <Setting label={t("rules.bitrate")} hint={t("rules.bitrate.hint")} value={String(bound)} options={bounds(bound)} set={(v) => set({ verb: "bitrate", value: Number(v) })} />
      <PlayerSetting app={app} />
    </section>
  );
}

/** The named steps, and whatever else the room has been given. */
function bounds(now: number): Option[] {
  const named = boundSteps.map((s) => ({ value: String(s.max), label: t(`rules.bitrate.${s.name}`) }));
  return isStep(now) ? named : [...named, { value: String(now), label: t("rules.bitrate.custom", { rate: bitrate(now) }) }];
}

interface SettingProps {
  label: string;
  hint?: string;
  value: string;
  options: Option[];
  set: (value: string) => Promise<void>;
}

function Setting({ label, hint, value, options, set }: SettingProps) {
  const rule = useRef(value);
  rule.current = value;
  const choose = async (select: HTMLSelectElement): Promise<void> => {
    await set(select.value);
    select.value = rule.current; // what the room has refused goes back
  };
  return (
    <label class="setting">
      <span>{label}</span>
      <span class="choice">
        <select value={value} onChange={(e) => void choose(e.currentTarget)}>
          {options.map((o) => (
            <option key={o.value} value={o.value}>
              {o.label}
            </option>
          ))}
        </select>
        <Icon name="down" size={16} />
      </span>
      {hint && <span class="quiet">{hint}</span>}
    </label>
  );
}
