// The viewers of a webinar: their number for everybody, and a list with a search
// for moderators.

import { useEffect, useRef } from "preact/hooks";
import type { App } from "../app";
import { codeKey, t } from "../i18n";
import type { Person } from "../protocol/messages";
import { PersonMenu } from "./moderate";
import { initials, tint } from "./words";

export function Viewers({ app }: { app: App }) {
  const viewers = app.session.roster.value.viewers;
  if (app.session.joined.value?.room.kind !== "webinar") return null;
  const title = t("viewers.count", { n: viewers });
  if (!app.floor.moderates.value || viewers === 0) return <p class="quiet viewers-count">{title}</p>;
  return <List app={app} title={title} />;
}

function List({ app, title }: { app: App; title: string }) {
  const { crowd } = app;
  useEffect(() => {
    crowd.open();
    return () => crowd.close();
  }, []);
  const people = crowd.people.value;
  const found = crowd.match.value !== "" && crowd.total.value !== null;
  return (
    <section class="viewers" aria-label={title}>
      <h3>{title}</h3>
      <input type="search" aria-label={t("viewers.search")} placeholder={t("viewers.search")} value={crowd.match.value} maxLength={128} onInput={(e) => crowd.search(e.currentTarget.value)} />
      <p class={found ? "quiet" : "hidden"} role="status">
        {found && t("viewers.found", { n: crowd.total.value ?? 0 })}
      </p>
      <ul class="people">
        {people.map((p) => (
          <Row key={p.peer_id} app={app} p={p} />
        ))}
      </ul>
      {crowd.failed.value && <p class="problem" role="alert">{t(codeKey("error", crowd.failed.value))}</p>}
      {crowd.more.value && <Further app={app} />}
    </section>
  );
}

/** The next page, by hand or by scrolling to here. */
function Further({ app }: { app: App }) {
  const ref = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const el = ref.current;
    if (!el) return;
    const near = new IntersectionObserver((seen) => seen.some((s) => s.isIntersecting) && app.crowd.further(), { rootMargin: "120px" });
    near.observe(el);
    return () => near.disconnect();
  }, [app.crowd.people.value.length]);
  return (
    <button ref={ref} class="link" aria-busy={app.crowd.loading.value} onClick={() => app.crowd.further()}>
      {t("viewers.more")}
    </button>
  );
}

function Row({ app, p }: { app: App; p: Person }) {
  return (
    <li class={p.state === "reconnecting" ? "away" : ""}>
      <span class={`avatar row tint${tint(p.peer_id)}`} aria-hidden="true">
        {initials(p.name)}
      </span>
      <span class="who">
        <span class="name">{p.name}</span>
        {p.state === "reconnecting" && <span class="quiet">{t("tile.reconnecting")}</span>}
      </span>
      {p.peer_id !== app.session.self && <PersonMenu app={app} p={p} />}
    </li>
  );
}
