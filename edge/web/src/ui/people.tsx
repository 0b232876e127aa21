// Who is here.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { App } from "../app";
import { t } from "../i18n";
import type { Person } from "../protocol/messages";
import { handsUp } from "../protocol/rights";
import { Icon } from "./icons";
import { Lobby } from "./lobby";
import { PersonMenu, RoomMenu } from "./moderate";
import { PinButton } from "./pin";
import { RulesView } from "./rules";
import { Viewers } from "./viewers";
import { initials, tint } from "./words";

export function PeoplePanel({ app }: { app: App }) {
  const { ruling, moderates } = app.floor;
  const [returns, setReturns] = useState(false);
  useEffect(() => () => void (ruling.value = false), []);
  const back = (): void => {
    setReturns(true);
    ruling.value = false;
  };
  if (ruling.value && moderates.value) return <RulesView app={app} back={back} />;
  return <PeopleList app={app} returns={returns} />;
}

/** returns: from the settings, so that the focus goes where they were opened. */
function PeopleList({ app, returns }: { app: App; returns: boolean }) {
  const list = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (returns) list.current?.querySelector<HTMLElement>(".manage")?.focus();
  }, []);
  const people = app.people.value;
  const self = app.session.self;
  const speaking = app.session.roster.value.speaking;
  const raised = handsUp(people);
  const rest = people.filter((p) => p.hand === null);
  const ordered = [...raised, ...rest.filter((p) => p.peer_id === self), ...rest.filter((p) => p.peer_id !== self)];
  const { locked } = app.floor.rules.value;
  const moderates = app.floor.moderates.value;
  const webinar = app.session.joined.value?.room.kind === "webinar";
  return (
    <div class="scroll" ref={list}>
      {moderates && <Lobby app={app} />}
      <div class="count-row">
        <p class="quiet">{[webinar ? t("people.stage", { n: people.filter((p) => p.mode !== "viewer").length }) : t("people.count", { n: people.length }), locked && t("people.locked")].filter(Boolean).join(" · ")}</p>
        {moderates && <RoomMenu app={app} />}
      </div>
      <ul class="people">
        {ordered.map((p) => (
          <Row key={p.peer_id} app={app} p={p} own={p.peer_id === self} speaking={speaking.has(p.peer_id)} />
        ))}
      </ul>
      <Viewers app={app} />
    </div>
  );
}

function Row({ app, p, own, speaking }: { app: App; p: Person; own: boolean; speaking: boolean }) {
  const away = p.state === "reconnecting";
  const place = app.floor.hands.value.get(p.peer_id);
  const notes = away ? [t("tile.reconnecting")] : [p.media.share && t("people.sharing"), p.role === "moderator" && t("people.moderator"), p.mode === "viewer" && t("people.viewer"), p.mode === "observer" && t("people.observer")].filter(Boolean);
  return (
    <li class={`${speaking ? "speaking" : ""} ${away ? "away" : ""}`}>
      <span class={`avatar row tint${tint(p.peer_id)}`} aria-hidden="true">
        {initials(p.name)}
      </span>
      <span class="who">
        <span class="name" dir="auto">{own ? t("you.named", { name: p.name }) : p.name}</span>
        {notes.length > 0 && <span class="quiet">{notes.join(" · ")}</span>}
      </span>
      {place !== undefined && (
        <span class="hand" role="img" aria-label={t("hand.place", { n: place })} title={t("hand.place", { n: place })}>
          <Icon name="hand" size={16} />
          {place}
        </span>
      )}
      {p.mode === "speaker" && !p.media.camera && (
        <span role="img" aria-label={t("people.cameraOff")} title={t("people.cameraOff")}>
          <Icon name="cameraOff" size={16} />
        </span>
      )}
      {p.mode !== "viewer" && !p.media.mic && (
        <span role="img" aria-label={t("tile.muted")} title={t("tile.muted")}>
          <Icon name="micOff" size={16} />
        </span>
      )}
      {app.floor.moderates.value && !own ? <PersonMenu app={app} p={p} /> : <PinButton app={app} p={p} />}
    </li>
  );
}
