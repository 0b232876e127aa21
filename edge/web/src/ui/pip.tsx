// The small window: one picture, the own microphone, and the ways out.

import { render } from "preact";
import { useEffect, useLayoutEffect } from "preact/hooks";
import type { App } from "../app";
import { lang, mirrored, t } from "../i18n";
import type { Tile } from "../stage";
import { Avatar } from "./avatar";
import { Button, MicButton } from "./controls";
import { Icon } from "./icons";
import { Video } from "./media";
import { shortcuts } from "./shortcuts";

/** Fills the window as long as it is open. */
export function PipWindow({ app }: { app: App }) {
  const win = app.pip.window.value;
  useLayoutEffect(() => {
    if (!win) return;
    render(<Small app={app} doc={win.document} />, win.document.body);
    return () => render(null, win.document.body);
  }, [win]);
  return null;
}

function Small({ app, doc }: { app: App; doc: Document }) {
  const tile = app.pip.tile.value;
  useLayoutEffect(() => {
    doc.title = app.title.value;
    doc.documentElement.lang = lang();
    doc.documentElement.dir = mirrored() ? "rtl" : "ltr";
  }, [doc, app.title.value, lang()]);
  useEffect(() => {
    const press = shortcuts(app, ["KeyM", "KeyI"]);
    doc.addEventListener("keydown", press);
    return () => doc.removeEventListener("keydown", press);
  }, [doc]);
  return (
    <main class="pip">
      {tile ? <Shown app={app} tile={tile} /> : <p class="nobody quiet">{t("stage.nobody")}</p>}
      <section class="bar" aria-label={t("controls")}>
        <MicButton app={app} />
        {app.shows("leave") && <Button icon="leave" danger label={t("leave")} onClick={() => app.leave()} />}
        <Button icon="enlarge" label={t("pip.back")} onClick={() => app.pip.back()} />
      </section>
    </main>
  );
}

function Shown({ app, tile }: { app: App; tile: Tile }) {
  const { person, kind } = tile;
  const share = kind === "share";
  const self = kind === "self";
  const away = !self && person.state === "reconnecting";
  const name = share ? t("tile.screen", { name: person.name }) : self ? t("you.named", { name: person.name }) : person.name;
  return (
    <div class={`tile ${kind} ${tile.speaking ? "speaking" : ""} ${away ? "away" : ""}`} data-shown={tile.key}>
      <div class="avatar-wrap">{share ? !tile.stream && <Icon name="screen" size={36} /> : <Avatar app={app} person={person} size={28} />}</div>
      {tile.stream && <Video key={tile.track ?? ""} stream={tile.stream} mirrored={self && app.mirror.value} whole={share} />}
      {(away || tile.weak) && (
        <div class="veil">
          <span class="spinner small" />
          <span>{t(away ? "tile.reconnecting" : "tile.weak")}</span>
        </div>
      )}
      <div class="label">
        {!share && !person.media.mic && (
          <span class="mark" role="img" aria-label={t("tile.muted")} title={t("tile.muted")}>
            <Icon name="micOff" size={14} />
          </span>
        )}
        {share && <Icon name="screen" size={14} />}
        <span class="name" dir="auto">{name}</span>
      </div>
    </div>
  );
}
