// Choosing how the stage looks: a button of the bar, and the same items for the
// menu of what the bar has no room for.

import type { App } from "../app";
import { t } from "../i18n";
import { Icon } from "./icons";
import { layouts } from "./layout";
import { Menu, type Item } from "./menu";

export function LayoutMenu({ app }: { app: App }) {
  const { look } = app;
  const groups = layoutItems(app);
  if (groups.length === 0) return null;
  const label = look.presented.value ? `${t("layout")}, ${look.presenting()}` : t("layout");
  return (
    <Menu class={`round subtle roomy ${look.follows.value ? "active" : ""}`} label={label} groups={groups}>
      <Icon name="grid" />
    </Menu>
  );
}

export function layoutItems(app: App): Item[][] {
  const layouts = app.shows("layout") ? [presented(app), app.look.led.value ? [] : shapes(app), tiles(app), presenting(app)] : [];
  return [...layouts, [...(app.shows("fullscreen") ? screen(app) : []), ...(app.shows("pip") ? pip(app) : [])]].filter((g) => g.length > 0);
}

/** Who presents, and the way out and back. */
function presented({ look }: App): Item[] {
  if (!look.presented.value) return [];
  const who: Item = { label: look.presenting(), off: look.presenting(), run: () => {} };
  const apart = look.apart.value;
  return [who, { label: t(apart ? "present.follow" : "present.apart"), icon: apart ? "present" : "eye", run: () => (look.apart.value = !apart) }];
}

function shapes({ look }: App): Item[] {
  return layouts.map((l) => ({ label: t(`layout.${l}`), choice: { kind: "radio", on: look.layout.value === l }, run: () => void look.setLayout(l) }));
}

function tiles({ look }: App): Item[] {
  return [
    { label: t("layout.small"), choice: { kind: "check", on: look.small.value }, run: () => (look.small.value = !look.small.value) },
    { label: t("layout.videoFirst"), choice: { kind: "check", on: look.videoFirst.value }, run: () => (look.videoFirst.value = !look.videoFirst.value) },
  ];
}

function screen({ fullScreen }: App): Item[] {
  const full = fullScreen.on.value;
  if (!fullScreen.available) return [];
  return [{ label: t(full ? "screen.leave" : "screen.enter"), icon: full ? "reduce" : "enlarge", run: () => fullScreen.toggle() }];
}

function pip({ pip }: App): Item[] {
  if (pip.way === null) return [];
  const open = pip.open.value;
  const off = pip.tile.value ? undefined : t("pip.none");
  return [{ label: t(open ? "pip.close" : "pip.open"), icon: "pip", ...(off && !open ? { off } : {}), run: () => pip.toggle() }];
}

function presenting({ look, floor }: App): Item[] {
  if (!floor.moderates.value) return [];
  const on = look.presented.value;
  return [{ label: t(on ? "present.end" : "present"), icon: "present", run: () => look.present(!on) }];
}
