// The stage: tiles placed by layout.ts and what stands on them.

import { useEffect, useRef, useState } from "preact/hooks";
import type { App, Placed } from "../app";
import { t, type Key } from "../i18n";
import { allowed } from "../media/devices";
import { Avatar } from "./avatar";
import { Icon } from "./icons";
import type { Rect } from "./layout";
import { Video } from "./media";

export function StageView({ app }: { app: App }) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const el = ref.current;
    if (!el) return;
    const measure = (): void => {
      const { clientWidth: w, clientHeight: h } = el;
      app.stageSize.value = { w, h };
    };
    const observer = new ResizeObserver(measure);
    observer.observe(el);
    measure();
    return () => observer.disconnect();
  }, []);

  const { tiles, more } = app.stage.value;
  const placed = app.placed.value;
  const alone = tiles.length === 1 && tiles[0]?.kind === "self";
  return (
    <div class="stage" ref={ref} role="list" aria-label={t("stage")}>
      {placed.tiles.map((p) => (
        <TileView key={p.tile.key} {...p} app={app} />
      ))}
      {placed.more && <More n={more} at={placed.more} app={app} />}
      {alone && <Alone app={app} />}
      {tiles.length === 0 && app.me.value && <p class="nobody quiet">{t("stage.nobody")}</p>}
    </div>
  );
}

function place(r: Rect) {
  return { transform: `translate(${r.x}px, ${r.y}px)`, width: `${r.w}px`, height: `${r.h}px` };
}

function TileView({ tile, at, app, floating }: Placed & { app: App }) {
  const { person, kind } = tile;
  const small = at.w < 200 || at.h < 120;
  const self = kind === "self";
  const share = kind === "share";
  const away = !self && person.state === "reconnecting";
  const name = share ? t("tile.screen", { name: person.name }) : self ? (small ? t("you") : t("you.named", { name: person.name })) : person.name;
  const muted = !share && !person.media.mic;
  const words = !small && at.h >= 160; // a line of text between face and name
  const paused = tile.paused && t(`tile.paused.${tile.paused}` as Key);
  const turn = share ? undefined : app.floor.hands.value.get(person.peer_id);
  const classes = ["tile", kind, tile.speaking && "speaking", small && "small", floating && "floating", away && "away", tile.weak && "weak"];
  return (
    <div class={classes.filter(Boolean).join(" ")} style={place(at)} role="listitem" data-tile={tile.key} aria-label={describe(name, muted, tile.speaking, away, paused, turn)}>
      {!share && (
        <div class="avatar-wrap">
          <Avatar app={app} person={person} size={avatarSize(at)} />
          {paused && words && <p class="paused">{paused}</p>}
        </div>
      )}
      {share && !tile.stream && (
        <div class="avatar-wrap">
          {paused ? <Icon name="screen" size={small ? 20 : 36} /> : <span class="spinner" />}
          {paused && words && <p class="paused">{paused}</p>}
        </div>
      )}
      {tile.stream && <Video key={tile.track ?? ""} stream={tile.stream} mirrored={self} whole={share} onFrame={self ? undefined : () => app.frame()} />}
      {(away || tile.weak) && (
        <div class="veil">
          <span class="spinner small" />
          {!small && <span>{t(away ? "tile.reconnecting" : "tile.weak")}</span>}
        </div>
      )}
      {turn !== undefined && (
        <div class="hand-mark" title={t("hand.place", { n: turn })}>
          <Icon name="hand" size={small ? 12 : 16} />
          {turn}
        </div>
      )}
      <div class="label">
        {muted && (
          <span class="mark" title={t("tile.muted")}>
            <Icon name="micOff" size={small ? 12 : 14} />
          </span>
        )}
        {paused && !words && (
          <span class="mark calm" title={paused}>
            <Icon name="pause" size={12} />
          </span>
        )}
        {share && <Icon name="screen" size={14} />}
        <span class="name">{name}</span>
      </div>
    </div>
  );
}

function describe(name: string, muted: boolean, speaking: boolean, away: boolean, paused: string | null, turn: number | undefined): string {
  return [name, turn !== undefined && t("hand.place", { n: turn }), muted && t("tile.muted"), speaking && t("tile.speaking"), away && t("tile.reconnecting"), paused].filter(Boolean).join(", ");
}

function avatarSize(r: Rect): number {
  return Math.round(Math.min(44, Math.max(14, Math.min(r.w, r.h) * 0.13)));
}

function More({ n, at, app }: { n: number; at: Rect; app: App }) {
  return (
    <div class="tile more" style={place(at)} role="listitem" data-tile="more">
      <button aria-label={t("tile.more.label", { n })} onClick={() => (app.panel.value = "people")}>
        {t("tile.more", { n })}
      </button>
    </div>
  );
}

function Alone({ app }: { app: App }) {
  const [copied, setCopied] = useState(false);
  const [can] = useState(() => !app.params.token && typeof navigator.clipboard?.writeText === "function" && allowed("clipboard-write"));
  const copy = (): void => {
    navigator.clipboard.writeText(location.href).then(
      () => setCopied(true),
      () => {},
    );
  };
  return (
    <div class="alone">
      <div>
        <strong>{t("stage.alone")}</strong>
        <p>{t("stage.alone.hint")}</p>
      </div>
      {can && (
        <button class="glass text" onClick={copy}>
          <Icon name={copied ? "check" : "copy"} size={18} />
          {t(copied ? "stage.copied" : "stage.copy")}
        </button>
      )}
    </div>
  );
}
