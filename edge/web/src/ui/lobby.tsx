// Who waits to be let in, for moderators.

import type { App } from "../app";
import { t } from "../i18n";
import { Avatar } from "./avatar";
import { Icon } from "./icons";

export function Lobby({ app }: { app: App }) {
  const guests = app.session.lobby.value;
  if (guests.length === 0) return null;
  return (
    <section class="lobby" aria-label={t("lobby.title")}>
      <header>
        <h3>{t("lobby.count", { n: guests.length })}</h3>
        {guests.length > 1 && (
          <button class="link" onClick={() => void app.floor.act({ verb: "admit" })}>
            {t("lobby.all")}
          </button>
        )}
      </header>
      <ul class="people">
        {guests.map((g) => (
          <li key={g.peer_id}>
            <Avatar app={app} person={g} kind="row" />
            <span class="who">
              <span class="name">{g.name}</span>
            </span>
            <button class="plain" aria-label={t("lobby.reject", { name: g.name })} title={t("lobby.reject", { name: g.name })} onClick={() => void app.floor.act({ verb: "reject", peer_id: g.peer_id })}>
              <Icon name="close" size={18} />
            </button>
            <button class="primary slim" aria-label={t("lobby.admit.name", { name: g.name })} onClick={() => void app.floor.act({ verb: "admit", peer_id: g.peer_id })}>
              {t("lobby.admit")}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
