// What a moderator does about one person and about the room, as menus.

import type { App } from "../app";
import { t } from "../i18n";
import type { Person } from "../protocol/messages";
import { barred, type Switch } from "../protocol/rights";
import { Icon, type IconName } from "./icons";
import { Menu, type Item } from "./menu";
import { pinning } from "./pin";

export function PersonMenu({ app, p }: { app: App; p: Person }) {
  return (
    <Menu class="plain" label={t("mod.about", { name: p.name })} groups={[pinning(app, p), media(app, p), standing(app, p), leaving(app, p)]}>
      <Icon name="more" size={18} />
    </Menu>
  );
}

export function RoomMenu({ app }: { app: App }) {
  return (
    <Menu class="link manage" label={t("mod.room")} groups={[everybody(app), doors(app), [ruling(app), ending(app)]].filter((g) => g.length > 0)}>
      {t("mod.room")}
      <Icon name="down" size={16} />
    </Menu>
  );
}

const icons: Record<Switch, [off: IconName, on: IconName]> = { mic: ["micOff", "mic"], camera: ["cameraOff", "camera"], share: ["shareOff", "share"] };

function media(app: App, { peer_id, ...p }: Person): Item[] {
  const { floor } = app;
  const off = (s: Switch): Item => ({ label: t(`mod.mute.${s}`), icon: icons[s][0], run: () => void floor.act({ verb: "mute", peer_id, value: s }) });
  const ask = (s: "mic" | "camera"): Item => ({ label: t(`mod.ask.${s}`), icon: icons[s][1], run: () => void floor.act({ verb: "ask", peer_id, value: s }) });
  const may = (s: Switch): boolean => barred(p, floor.rules.value, s) === null;
  const out: Item[] = [];
  for (const s of ["mic", "camera"] as const) if (p.media[s] || may(s)) out.push(p.media[s] ? off(s) : ask(s));
  if (p.media.share) out.push(off("share"));
  if (p.hand !== null) out.push({ label: t("hand.lower"), icon: "hand", run: () => void floor.act({ verb: "lower", peer_id }) });
  return out;
}

function standing({ floor }: App, { peer_id, ...p }: Person): Item[] {
  const role = p.role === "moderator" ? "regular" : "moderator";
  const mode = p.mode === "speaker" ? "viewer" : "speaker";
  const out: Item[] = [];
  if (!p.owner) out.push({ label: t(`mod.role.${role}`), icon: "shield", run: () => void floor.act({ verb: "role", peer_id, value: role }) });
  out.push({ label: t(`mod.mode.${mode}`), icon: mode === "viewer" ? "eye" : "people", run: () => void floor.act({ verb: "mode", peer_id, value: mode }) });
  return out;
}

function leaving({ floor }: App, { peer_id, name, owner }: Person): Item[] {
  if (owner) return [];
  const block = { title: t("mod.block.title", { name }), text: t("mod.block.text"), action: t("mod.block.yes"), act: { verb: "block", peer_id } as const };
  return [
    { label: t("mod.kick"), icon: "removed", danger: true, run: () => void floor.act({ verb: "kick", peer_id }) },
    { label: t("mod.block"), icon: "lock", danger: true, run: () => (floor.question.value = block) },
  ];
}

function everybody(app: App): Item[] {
  const { floor } = app;
  const out: Item[] = !app.shows("muteall") ? [] : [
    { label: t("mod.all.mic"), icon: "micOff", run: () => void floor.act({ verb: "mute", value: "mic" }) },
    { label: t("mod.all.camera"), icon: "cameraOff", run: () => void floor.act({ verb: "mute", value: "camera" }) },
  ];
  if (floor.hands.value.size > 0) out.push({ label: t("mod.all.hands"), icon: "hand", run: () => void floor.act({ verb: "lower" }) });
  return out;
}

function doors({ floor }: App): Item[] {
  const { locked, lobby } = floor.rules.value;
  return [
    { label: t("mod.lock"), choice: { kind: "check", on: locked }, run: () => void floor.act({ verb: "lock", value: !locked }) },
    { label: t("mod.lobby"), choice: { kind: "check", on: lobby }, run: () => void floor.act({ verb: "lobby", value: !lobby }) },
  ];
}

function ruling({ floor }: App): Item {
  return { label: t("rules.open"), icon: "sliders", run: () => (floor.ruling.value = true) };
}

function ending({ floor }: App): Item {
  const end = { title: t("mod.end.title"), text: t("mod.end.text"), action: t("mod.end.yes"), act: { verb: "end" } as const };
  return { label: t("mod.end"), icon: "leave", danger: true, run: () => (floor.question.value = end) };
}
