// The player of a room on the stage, and where a moderator chooses it.

import { useId, useLayoutEffect, useState } from "preact/hooks";
import type { App } from "../app";
import { t } from "../i18n";
import { playable } from "../player";
import { Icon } from "./icons";
import { PinMark, Pins } from "./pin";
import type { Rect } from "./rect";
import { place } from "./place";

/** From this width on there is room for what it is beside whose it is. */
const WORDS = 320;

/** A name above and not over it: what is at the edges of a player are its own controls. */
export function PlayerTile({ app, address, at }: { app: App; address: string; at: Rect }) {
  const site = app.player.site.value;
  const small = at.w < 200 || at.h < 120;
  const pinned = app.look.pinned.value === "player";
  return (
    <div class={`tile player ${small ? "small" : ""}`} style={place(at)} role="listitem" data-tile="player" aria-label={[t("player"), site, pinned && t("tile.pinned")].filter(Boolean).join(", ")}>
      <div class="head">
        {pinned ? <PinMark app={app} size={14} /> : <Icon name="play" size={14} />}
        {at.w >= WORDS && <span class="what">{t("player")}</span>}
        <bdi class="site" dir="ltr">{site}</bdi>
        <Pins app={app} subject="player" name={t("player")} small />
      </div>
      <iframe
        key={address}
        src={address}
        title={t("player.title", { site })}
        sandbox="allow-scripts allow-same-origin allow-presentation"
        allow="autoplay; fullscreen; encrypted-media; picture-in-picture"
        referrerpolicy="no-referrer"
      />
    </div>
  );
}

/** Sets the player of all, or removes it. */
export function PlayerSetting({ app }: { app: App }) {
  const now = app.floor.rules.value.player ?? "";
  const [text, setText] = useState(now);
  const [wrong, setWrong] = useState(false);
  const id = useId();
  useLayoutEffect(() => setText(now), [now]); // at once: later it would undo what is typed by then
  const show = (): void => {
    const url = playable(text.trim(), location.origin);
    setWrong(!url);
    if (url && url.href !== now) void app.floor.act({ verb: "player", value: url.href });
  };
  const remove = (): void => {
    setWrong(false);
    setText("");
    if (now) void app.floor.act({ verb: "player", value: "" });
  };
  return (
    <div class="setting address">
      <label for={id}>{t("rules.player")}</label>
      <input
        id={id}
        type="url"
        dir="ltr"
        maxLength={2048}
        spellcheck={false}
        autocomplete="off"
        placeholder="https://"
        value={text}
        aria-invalid={wrong}
        aria-describedby={`${id}-hint`}
        onInput={(e) => setText(e.currentTarget.value)}
        onKeyDown={(e) => e.key === "Enter" && show()}
      />
      <span id={`${id}-hint`} class={wrong ? "problem" : "quiet"} role={wrong ? "alert" : undefined}>
        {t(wrong ? "rules.player.wrong" : "rules.player.hint")}
      </span>
      <div class="answers">
        <button class="secondary slim" onClick={show}>{t("rules.player.show")}</button>
        {now && <button class="link" onClick={remove}>{t("rules.player.remove")}</button>}
      </div>
    </div>
  );
}
