// Who is here.

import type { App } from "../app";
import { t } from "../i18n";
import type { Person } from "../protocol/messages";
import { Choice } from "./prejoin";
import { Icon } from "./icons";
import { initials, tint } from "./words";

export function PeoplePanel({ app }: { app: App }) {
  const people = app.people.value;
  const self = app.session.self;
  const speaking = app.session.roster.value.speaking;
  const ordered = [...people.filter((p) => p.peer_id === self), ...people.filter((p) => p.peer_id !== self)];
  return (
    <div class="scroll">
      <p class="quiet">{t("people.count", { n: people.length })}</p>
      <ul class="people">
        {ordered.map((p) => (
          <Row key={p.peer_id} p={p} own={p.peer_id === self} speaking={speaking.has(p.peer_id)} />
        ))}
      </ul>
      <h3>{t("device.settings")}</h3>
      <Choice app={app} kind="mic" />
      <Choice app={app} kind="camera" />
    </div>
  );
}

function Row({ p, own, speaking }: { p: Person; own: boolean; speaking: boolean }) {
  const away = p.state === "reconnecting";
  return (
    <li class={`${speaking ? "speaking" : ""} ${away ? "away" : ""}`}>
      <span class={`avatar row tint${tint(p.peer_id)}`} aria-hidden="true">
        {initials(p.name)}
      </span>
      <span class="who">
        <span class="name">{own ? t("you.named", { name: p.name }) : p.name}</span>
        {(away || p.role === "moderator" || p.media.share) && (
          <span class="quiet">{away ? t("tile.reconnecting") : p.media.share ? t("people.sharing") : t("people.moderator")}</span>
        )}
      </span>
      {!p.media.camera && (
        <span role="img" aria-label={t("people.cameraOff")} title={t("people.cameraOff")}>
          <Icon name="cameraOff" size={16} />
        </span>
      )}
      {!p.media.mic && (
        <span role="img" aria-label={t("tile.muted")} title={t("tile.muted")}>
          <Icon name="micOff" size={16} />
        </span>
      )}
    </li>
  );
}
