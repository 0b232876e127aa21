// Enlarging one: for oneself, or by a moderator for all.

import type { App } from "../app";
import { t } from "../i18n";
import type { Subject } from "../look";
import type { Person } from "../protocol/messages";
import { Icon } from "./icons";
import type { Item } from "./menu";

/** On a tile, for a pointer over it, the focus within, or a touch. */
export function Pins({ app, subject, name, small }: { app: App; subject: Subject; name: string; small: boolean }) {
  const { look, floor } = app;
  if (look.led.value || !app.shows("layout")) return null;
  const lit = look.spotlight.value === subject;
  const pinned = look.pinned.value === subject && !lit;
  const size = small ? 16 : 18;
  return (
    <div class="pins">
      <button class="glass" aria-pressed={pinned} aria-label={t(pinned ? "pin.off" : "pin.name", { name })} title={t(pinned ? "pin.off" : "pin.name", { name })} onClick={() => look.togglePin(subject)}>
        <Icon name={pinned ? "pinOff" : "pin"} size={size} />
      </button>
      {floor.moderates.value && !look.presented.value && (
        <button class={`glass ${lit ? "lit" : ""}`} aria-pressed={lit} aria-label={t(lit ? "spot.off" : "spot.name", { name })} title={t(lit ? "spot.off" : "spot.name", { name })} onClick={() => look.light(lit ? null : subject)}>
          <Icon name="star" size={size} />
        </button>
      )}
    </div>
  );
}

/** Why a tile is large. */
export function PinMark({ app, size }: { app: App; size: number }) {
  const lit = app.look.pinned.value === app.look.spotlight.value;
  return (
    <span class="mark calm" title={t(lit ? "tile.spotlight" : "tile.pinned")}>
      <Icon name={lit ? "star" : "pin"} size={size} />
    </span>
  );
}

/** The same in a moderator's menu about one person. */
export function pinning(app: App, p: Person): Item[] {
  const { look } = app;
  if (p.mode !== "speaker" || look.led.value || !app.shows("layout")) return [];
  const subject = `person:${p.peer_id}` as const;
  const lit = look.spotlight.value === subject;
  const pinned = look.pinned.value === subject && !lit;
  const pin: Item = { label: t(look.drives.value ? "pin.all" : "pin"), choice: { kind: "check", on: pinned }, run: () => look.togglePin(subject) };
  const light: Item = { label: t("spot"), choice: { kind: "check", on: lit }, run: () => look.light(lit ? null : subject) };
  return look.presented.value ? [pin] : [pin, light];
}

/** In the list of people, for who has no such menu. */
export function PinButton({ app, p }: { app: App; p: Person }) {
  const { look } = app;
  if (p.mode !== "speaker" || look.led.value || !app.shows("layout")) return null;
  const subject = `person:${p.peer_id}` as const;
  const pinned = look.pinned.value === subject && look.spotlight.value !== subject;
  const label = t(pinned ? "pin.off" : "pin.name", { name: p.name });
  return (
    <button class="plain" aria-pressed={pinned} aria-label={label} title={label} onClick={() => look.togglePin(subject)}>
      <Icon name={pinned ? "pinOff" : "pin"} size={18} />
    </button>
  );
}
