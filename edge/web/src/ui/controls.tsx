// The bar: what one does all the time in the middle, what one looks up at the side.

import type { ComponentChildren } from "preact";
import type { App, Panel } from "../app";
import { t } from "../i18n";
import { Icon, type IconName } from "./icons";
import { quality } from "./words";

export function Controls({ app }: { app: App }) {
  const tracks = app.devices.tracks.value;
  const sharing = tracks.share !== null;
  const people = app.people.value.length;
  const unread = app.unread.value;
  const level = quality(app.figures.value, app.session.rtt.value, app.connected.value, app.session.quality.value).level;
  return (
    <div class="controls" role="toolbar" aria-label={t("controls")}>
      <div class="where">
        <span class="room">{app.params.room}</span>
      </div>
      <div class="main">
        <Button icon={tracks.mic ? "mic" : "micOff"} off={!tracks.mic} label={t(tracks.mic ? "mic.mute" : "mic.unmute")} hint="M" pressed={!tracks.mic} onClick={() => void app.devices.toggle("mic")} />
        <Button icon={tracks.camera ? "camera" : "cameraOff"} off={!tracks.camera} label={t(tracks.camera ? "camera.off" : "camera.on")} hint="V" pressed={!tracks.camera} onClick={() => void app.devices.toggle("camera")} />
        {app.devices.canShare && <Button icon={sharing ? "shareOff" : "share"} active={sharing} label={t(sharing ? "share.stop" : "share.start")} pressed={sharing} onClick={() => app.toggleShare()} />}
        <Button icon="leave" danger label={t("leave")} onClick={() => app.leave()} />
      </div>
      <div class="side">
        <PanelButton app={app} panel="chat" icon="chat" hint="C" label={unread > 0 ? `${t("chat")}, ${t("chat.unread", { n: unread })}` : t("chat")}>
          {unread > 0 && <span class="badge">{unread > 99 ? "99+" : unread}</span>}
        </PanelButton>
        <PanelButton app={app} panel="people" icon="people" label={`${t("people")}, ${t("people.count", { n: people })}`}>
          <span class="count">{people}</span>
        </PanelButton>
        <PanelButton app={app} panel="connection" label={`${t("connection")}, ${t(`conn.${level}`)}`}>
          <Bars level={level} />
        </PanelButton>
      </div>
    </div>
  );
}

interface ButtonProps {
  icon: IconName;
  label: string;
  hint?: string;
  off?: boolean;
  active?: boolean;
  danger?: boolean;
  pressed?: boolean;
  onClick: () => void;
}

function Button({ icon, label, hint, off, active, danger, pressed, onClick }: ButtonProps) {
  const classes = ["round", off && "off", active && "active", danger && "danger"].filter(Boolean).join(" ");
  return (
    <button class={classes} aria-label={label} aria-pressed={pressed} aria-keyshortcuts={hint} title={hint ? `${label} (${hint})` : label} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

function PanelButton({ app, panel, icon, label, hint, children }: { app: App; panel: Panel; icon?: IconName; label: string; hint?: string; children?: ComponentChildren }) {
  const open = app.panel.value === panel;
  return (
    <button class={`round subtle ${open ? "active" : ""}`} aria-label={label} aria-expanded={open} aria-keyshortcuts={hint} title={hint ? `${t(panel)} (${hint})` : t(panel)} onClick={() => app.togglePanel(panel)}>
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
