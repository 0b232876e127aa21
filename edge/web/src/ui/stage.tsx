// The stage: tiles placed by layout.ts and what stands on them.

import { useEffect, useRef, useState } from "preact/hooks";
import type { App } from "../app";
import { t, type Key } from "../i18n";
import { allowed } from "../media/devices";
import { Avatar } from "./avatar";
import { Icon } from "./icons";
import { withoutPerson } from "../params";
import { subjectOf, type Placed, type Tile } from "../stage";
import { Video } from "./media";
import { PinMark, Pins } from "./pin";
import { place } from "./place";
import { PlayerTile } from "./player";
import type { Rect } from "./rect";

export function StageView({ app }: { app: App }) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const el = ref.current;
    if (!el) return;
    const measure = (): void => {
      const { clientWidth: w, clientHeight: h } = el;
      app.stage.size.value = { w, h };
    };
    const observer = new ResizeObserver(measure);
    observer.observe(el);
    measure();
    return () => observer.disconnect();
  }, []);

  const { tiles, more } = app.stage.tiles.value;
  const placed = app.stage.placed.value;
  const address = app.player.address.value;
  const alone = tiles.length === 1 && tiles[0]?.kind === "self" && !address;
  return (
    <div class="stage" ref={ref} role="list" aria-label={t("stage")}>
      {address && placed.player && <PlayerTile app={app} address={address} at={placed.player} />}
      {[...placed.tiles].sort((a, b) => inDocument(a.tile, b.tile)).map((p) => (
        <TileView key={p.tile.key} {...p} app={app} />
      ))}
      {placed.more && <More n={more} at={placed.more} app={app} />}
      {alone && <Alone app={app} />}
      {tiles.length === 0 && !address && app.me.value && <p class="nobody quiet" role="listitem">{t("stage.nobody")}</p>}
    </div>
  );
}

const TOUCHED_MS = 4_000;
const kinds = { share: 0, person: 1, self: 2 };

/** Tiles keep their places in the document, wherever they stand: a moved element would lose the focus. */
function inDocument(a: Tile, b: Tile): number {
  return kinds[a.kind] - kinds[b.kind] || Date.parse(a.person.joined_at) - Date.parse(b.person.joined_at) || (a.key < b.key ? -1 : 1);
}

function TileView({ tile, at, app, floating, priority }: Placed & { app: App }) {
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
  const pinned = priority === "pinned";
  const [touched, touch] = useTouch();
  const classes = ["tile", kind, tile.speaking && "speaking", small && "small", floating && "floating", touched && "touched", away && "away", tile.weak && "weak"];
  return (
    <div class={classes.filter(Boolean).join(" ")} style={place(at)} onPointerUp={touch} role="listitem" data-tile={tile.key} aria-label={describe(name, pinned && t("tile.pinned"), muted, tile.speaking, away, paused, turn)}>
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
      {tile.stream && <Video key={tile.track ?? ""} stream={tile.stream} mirrored={self && app.mirror.value} whole={share} onFrame={self ? undefined : () => app.frame()} />}
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
      <Pins app={app} subject={subjectOf(tile)} name={name} small={small} />
      <div class="label">
        {pinned && <PinMark app={app} size={small ? 12 : 14} />}
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
        <span class="name" dir="auto">{name}</span>
      </div>
    </div>
  );
}

/** What a pointer shows by being over it, a finger shows for a while. */
function useTouch(): [touched: boolean, touch: (e: PointerEvent) => void] {
  const [touched, setTouched] = useState(false);
  useEffect(() => {
    if (!touched) return;
    const timer = setTimeout(() => setTouched(false), TOUCHED_MS);
    return () => clearTimeout(timer);
  }, [touched]);
  return [touched, (e) => e.pointerType === "touch" && setTouched(true)];
}

function describe(name: string, pinned: string | false, muted: boolean, speaking: boolean, away: boolean, paused: string | null, turn: number | undefined): string {
  return [name, pinned, turn !== undefined && t("hand.place", { n: turn }), muted && t("tile.muted"), speaking && t("tile.speaking"), away && t("tile.reconnecting"), paused].filter(Boolean).join(", ");
}

function avatarSize(r: Rect): number {
  const side = Math.min(r.w, r.h);
  return Math.round(Math.max(14, Math.min(44, side * 0.13), side * 0.08));
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
  const [can] = useState(() => !app.params.token && app.shows("invite") && typeof navigator.clipboard?.writeText === "function" && allowed("clipboard-write"));
  const copy = (): void => {
    navigator.clipboard.writeText(withoutPerson(location.href)).then(
      () => setCopied(true),
      () => {},
    );
  };
  return (
    <div class="alone" role="listitem">
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
