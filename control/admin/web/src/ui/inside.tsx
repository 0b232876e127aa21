// What stands inside a row: who was in a session, what a webhook was sent.

import { useEffect, useMemo, useState } from "preact/hooks";
import type { Item } from "../api";
import { Collection } from "../collection";
import { moment, t, type Key } from "../i18n";
import { words, type Model } from "../model";

const text = (i: Item, name: string): string => (typeof i[name] === "string" ? (i[name] as string) : "");

function useList(model: Model, ...path: string[]): Collection {
  const entries = useMemo(() => new Collection((cursor) => model.api.list(model.path(...path), cursor, 20)), [path.join("/")]);
  useEffect(() => void entries.load(), [entries]);
  return entries;
}

const reasons: Record<string, Key> = { left: "gone.left", kicked: "gone.kicked", blocked: "gone.blocked", superseded: "gone.superseded", lost: "gone.lost", room_closed: "gone.room_closed" };
const outcomes: Record<string, Key> = { pending: "outcome.pending", delivered: "outcome.delivered", dead: "outcome.dead" };

export function Attendance({ model, session }: { model: Model; session: Item }) {
  const entries = useList(model, "sessions", session.id, "participants");
  return (
    <Inner entries={entries} empty={t("sessions.nobody")}>
      {(i) => (
        <>
          <span>{text(i, "name") || text(i, "peer")}</span>
          <span class="quiet">{[text(i, "joined_at"), text(i, "left_at")].filter(Boolean).map(moment).join(" – ")}</span>
          {reasons[text(i, "end_reason")] && <span class="quiet">{t(reasons[text(i, "end_reason")] as Key)}</span>}
        </>
      )}
    </Inner>
  );
}

export function Deliveries({ model, webhook }: { model: Model; webhook: Item }) {
  const entries = useList(model, "webhooks", webhook.id, "deliveries");
  const replays = model.access.may("POST", "/companies/{company}/webhooks/{webhook}/replay");
  const [busy, setBusy] = useState("");
  const replay = async (id: string) => {
    setBusy(id);
    try {
      await model.api.create(model.path("webhooks", webhook.id, "replay"), { delivery: id });
      model.say(t("deliveries.replayed"));
      await entries.load();
    } catch (e) {
      model.say(words(e), true);
    }
    setBusy("");
  };
  return (
    <Inner entries={entries} empty={t("deliveries.empty")}>
      {(i) => (
        <>
          <span>
            <code>{text(i, "type")}</code> {text(i, "fault") && <span class="problem">{text(i, "fault")}</span>}
          </span>
          <span class="quiet">
            {t(outcomes[text(i, "outcome")] ?? "outcome.pending")} · {moment(text(i, "last_at") || text(i, "created_at"))}
          </span>
          {replays && (
            <button type="button" class="link" disabled={busy === i.id} onClick={() => void replay(i.id)}>
              {t("deliveries.replay")}
            </button>
          )}
        </>
      )}
    </Inner>
  );
}

function Inner({ entries, empty, children }: { entries: Collection; empty: string; children: (i: Item) => preact.ComponentChildren }) {
  if (entries.state.value === "loading") return <p class="inside quiet">{t("loading")}</p>;
  if (entries.state.value === "failed") return <p class="inside problem">{words(entries.problem.value)}</p>;
  if (entries.items.value.length === 0) return <p class="inside quiet">{empty}</p>;
  return (
    <div class="inside">
      <ul>
        {entries.items.value.map((i) => (
          <li key={i.id}>{children(i)}</li>
        ))}
      </ul>
      {entries.more.value && (
        <button type="button" class="link" onClick={() => void entries.next()}>
          {t("more")}
        </button>
      )}
    </div>
  );
}
