// The bar: what one does all the time in the middle, what one looks up at the side.

import type { ComponentChildren } from "preact";
import type { App, Panel } from "../app";
import { why } from "../floor";
import { t } from "../i18n";
import type { Switch } from "../protocol/rights";
import { Icon, type IconName } from "./icons";
import { LayoutMenu, layoutItems } from "./layouts";
import { Menu, type Item } from "./menu";
import { reactionRow } from "./reactions";
import { quality } from "./words";

export function Controls({ app }: { app: App }) {
  const people = app.people.value.length;
  const waiting = app.session.lobby.value.length;
  const unread = app.unread.value;
  const level = quality(app.figures.value, app.session.rtt.value, app.connected.value, app.session.quality.value).level;
  return (
    <section class="controls" aria-label={t("controls")}>
      <div class="where">
        {app.shows("info") ? (
          <button class="room" aria-label={`${t("info")}, ${app.title.value}`} aria-expanded={app.panel.value === "info"} title={t("info")} onClick={() => app.togglePanel("info")}>
            <Icon name="info" size={16} />
            <span class="room">{app.title.value}</span>
          </button>
        ) : (
          <span class="room">{app.title.value}</span>
        )}
        {app.floor.rules.value.locked && (
          <span role="img" aria-label={t("people.locked")} title={t("people.locked")}>
            <Icon name="lock" size={16} />
          </span>
        )}
      </div>
      <div class="main">
        <Media app={app} />
        <Floor app={app} />
        {app.shows("leave") && <Button icon="leave" danger label={t("leave")} onClick={() => app.leave()} />}
      </div>
      <div class="side">
        <LayoutMenu app={app} />
        <PanelButton app={app} panel="chat" icon="chat" hint="C" label={unread > 0 ? `${t("chat")}, ${t("chat.unread", { n: unread })}` : t("chat")}>
          {unread > 0 && <span class="badge">{unread > 99 ? "99+" : unread}</span>}
        </PanelButton>
        <PanelButton app={app} panel="people" icon="people" label={[`${t("people")}, ${t("people.count", { n: people })}`, waiting > 0 && t("lobby.count", { n: waiting })].filter(Boolean).join(", ")}>
          {waiting > 0 ? <span class="badge">{waiting}</span> : <span class="count">{people}</span>}
        </PanelButton>
        <PanelButton app={app} panel="connection" roomy label={`${t("connection")}, ${t(`conn.${level}`)}`}>
          <Bars level={level} />
        </PanelButton>
        <PanelButton app={app} panel="settings" icon="settings" roomy label={t("settings")} />
        <More app={app} />
      </div>
    </section>
  );
}

/** Whether there is a button for it: not where the person's mode does not know it. */
function offered(app: App, s: Switch): boolean {
  return app.shows(s) && app.floor.bars.value[s] !== "viewer" && app.floor.bars.value[s] !== "observer";
}

/** Why it cannot be switched on. */
function barred(app: App, s: Switch): string | undefined {
  const bar = app.floor.bars.value[s];
  return bar && !app.devices.tracks.value[s] ? why(s, bar) : undefined;
}

export function MicButton({ app }: { app: App }) {
  const on = app.devices.tracks.value.mic !== null;
  if (!offered(app, "mic")) return null;
  return <Button icon={on ? "mic" : "micOff"} off={!on} barred={barred(app, "mic")} label={t(on ? "mic.mute" : "mic.unmute")} hint="M" pressed={!on} onClick={() => app.floor.toggle("mic")} />;
}

function Media({ app }: { app: App }) {
  const tracks = app.devices.tracks.value;
  const sharing = tracks.share !== null;
  return (
    <>
      <MicButton app={app} />
      {offered(app, "camera") && <Button icon={tracks.camera ? "camera" : "cameraOff"} off={!tracks.camera} barred={barred(app, "camera")} label={t(tracks.camera ? "camera.off" : "camera.on")} hint="V" pressed={!tracks.camera} onClick={() => app.floor.toggle("camera")} />}
      {app.devices.canShare && offered(app, "share") && <Button icon={sharing ? "shareOff" : "share"} active={sharing} barred={barred(app, "share")} label={t(sharing ? "share.stop" : "share.start")} pressed={sharing} onClick={() => app.floor.toggle("share")} />}
    </>
  );
}

/** Hand and reactions, where there is room for them. */
function Floor({ app }: { app: App }) {
  const { handUp, handBar } = app.floor;
  if (handBar.value === "viewer") return null;
  return (
    <>
      {app.shows("hand") && <Button icon="hand" roomy active={handUp.value} barred={!handUp.value && handBar.value ? why("hands", handBar.value) : undefined} label={t(handUp.value ? "hand.lower" : "hand.raise")} hint="H" pressed={handUp.value} onClick={() => app.floor.toggleHand()} />}
      {!handBar.value && app.shows("reactions") && (
        <Menu class="round roomy" label={t("react")} row={reactionRow(app)}>
          <Icon name="smile" />
        </Menu>
      )}
    </>
  );
}

/** What has no place of its own in a narrow frame. */
function More({ app }: { app: App }) {
  const { handUp, handBar } = app.floor;
  const bar = handBar.value;
  const hand: Item = { label: t(handUp.value ? "hand.lower" : "hand.raise"), icon: "hand", off: bar && !handUp.value ? why("hands", bar) : undefined, run: () => app.floor.toggleHand() };
  const panels = (["info", "connection", "settings"] as const).filter((p) => app.shows(p)).map((p): Item => ({ label: t(p), icon: p === "connection" ? "signal" : p, run: () => app.togglePanel(p) }));
  const row = bar || !app.shows("reactions") ? [] : reactionRow(app);
  const groups = [bar === "viewer" || !app.shows("hand") ? [] : [hand], ...layoutItems(app), panels].filter((g) => g.length > 0);
  if (row.length + groups.length === 0) return null;
  return (
    <Menu class="round subtle narrow" label={t("more")} row={row} groups={groups}>
      <Icon name="more" />
    </Menu>
  );
}

interface ButtonProps {
  icon: IconName;
  label: string;
  hint?: string;
  /** Why it cannot be used; said in the place of the label. */
  barred?: string | undefined;
  /** Gives way in a narrow frame. */
  roomy?: boolean;
  off?: boolean;
  active?: boolean;
  danger?: boolean;
  pressed?: boolean;
  onClick: () => void;
}

export function Button({ icon, label, hint, barred, roomy, off, active, danger, pressed, onClick }: ButtonProps) {
  const classes = ["round", roomy && "roomy", barred ? "barred" : off && "off", active && "active", danger && "danger"].filter(Boolean).join(" ");
  return (
    <button class={classes} aria-label={barred ?? label} aria-disabled={barred ? true : undefined} aria-pressed={pressed} aria-keyshortcuts={hint} title={barred ?? (hint ? `${label} (${hint})` : label)} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

function PanelButton({ app, panel, icon, label, hint, roomy, children }: { app: App; panel: Panel; icon?: IconName; label: string; hint?: string; roomy?: boolean; children?: ComponentChildren }) {
  const open = app.panel.value === panel;
  if (!app.shows(panel)) return null;
  return (
    <button class={`round subtle ${open ? "active" : ""} ${roomy ? "roomy" : ""}`} aria-label={label} aria-expanded={open} aria-keyshortcuts={hint} title={hint ? `${t(panel)} (${hint})` : t(panel)} onClick={() => app.togglePanel(panel)}>
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** Quality as three bars: by number first, by colour second. */
export function Bars({ level }: { level: "good" | "fair" | "poor" | "lost" }) {
  const n = { good: 3, fair: 2, poor: 1, lost: 0 }[level];
  return (
    <svg class={`bars ${level}`} width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
      {[0, 1, 2].map((i) => (
        <rect key={i} class={i < n ? "lit" : ""} x={2.5 + i * 5.5} y={12 - i * 4} width="4" height={5 + i * 4} rx="1.5" />
      ))}
    </svg>
  );
}
