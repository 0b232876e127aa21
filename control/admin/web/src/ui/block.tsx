// One collection on screen: what it is, its entries, what can be done.

import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { roomLink } from "../address";
import { Problem, type Item } from "../api";
import { Collection } from "../collection";
import { inDays } from "../form";
import { moment, t } from "../i18n";
import { words, type Model } from "../model";
import { collection, itemOf, type Block, type Care, type Fact } from "../sections";
import type { Effective } from "../settings";
import { Confirm, copy, Secret } from "./confirm";
import { Form } from "./form";
import { Icon, type IconName } from "./icons";
import { Attendance, Deliveries } from "./inside";

type Open =
  | { what: "form"; item: Item | null }
  | { what: "end"; item: Item }
  | { what: "rotate"; item: Item }
  | { what: "care"; item: Item; care: Care }
  | { what: "secret"; text: string; note: string }
  | null;

export function BlockView({ model, block }: { model: Model; block: Block }) {
  const company = model.company.value?.id ?? "";
  const entries = useMemo(() => new Collection((cursor) => model.api.list(model.path(block.path), cursor)), [model, block, company]);
  const [open, setOpen] = useState<Open>(null);
  const [hosts, setHosts] = useState<string[]>([]);
  useEffect(() => {
    void entries.load();
    if (block.links && model.access.may("GET", "/companies/{company}/settings"))
      model.api.get<Effective>(model.path("settings")).then((e) => setHosts(e.hosts), () => setHosts([]));
  }, [entries]);

  const may = (method: string) => !(block.people && model.access.alone && method !== "PATCH") && model.access.may(method, method === "POST" ? collection(block) : itemOf(block));
  const close = () => setOpen(null);
  const take = async (c: Care, i: Item) => {
    try {
      await model.api.create(model.path(block.path, i.id, c.path), {});
      model.say(t(c.done));
      await entries.load();
    } catch (e) {
      model.say(words(e), true);
    }
  };
  const items = entries.items.value;
  return (
    <section class="block" aria-labelledby={`t-${block.path}`} id={`block-${block.path}`}>
      <header class="block-head">
        <div>
          <h2 id={`t-${block.path}`}>{t(block.title)}</h2>
          <p class="quiet">{t(block.about)}</p>
        </div>
        {block.add && may("POST") && (
          <button type="button" class="primary slim add" onClick={() => setOpen({ what: "form", item: null })}>
            <Icon name="plus" />
            {t(block.add)}
          </button>
        )}
      </header>
      <Entries entries={entries} empty={t(block.empty)}>
        <ul class="rows">
          {items.map((i) => (
            <Row key={i.id} block={block} item={i} model={model}>
              {block.links && <Links model={model} hosts={hosts} item={i} name={block.name(i)} />}
              {(block.cares ?? [])
                .filter((c) => c.when(i) && model.access.may("POST", `${itemOf(block)}/${c.path}`))
                .map((c) => (
                  <Act key={c.path} icon={c.icon} label={t(c.action)} name={block.name(i)} onClick={() => (c.ask ? setOpen({ what: "care", item: i, care: c }) : void take(c, i))} />
                ))}
              {block.rotates && !i["revoked"] && may("POST") && may("PATCH") && (
                <Act icon="turn" label={t("rotate")} name={block.name(i)} onClick={() => setOpen({ what: "rotate", item: i })} />
              )}
              {block.fields.length > 0 && !i["revoked"] && may("PATCH") && (
                <Act icon="edit" label={t("edit")} name={block.name(i)} onClick={() => setOpen({ what: "form", item: i })} />
              )}
              {block.end && !i["revoked"] && may("DELETE") && (
                <Act icon="trash" label={t(block.end.action)} name={block.name(i)} onClick={() => setOpen({ what: "end", item: i })} />
              )}
            </Row>
          ))}
        </ul>
      </Entries>
      <Window model={model} block={block} entries={entries} open={open} setOpen={setOpen} close={close} />
    </section>
  );
}

/** The list, or why there is none. */
export function Entries({ entries, empty, children }: { entries: Collection; empty: string; children: ComponentChildren }) {
  switch (entries.state.value) {
    case "loading":
      return (
        <div class="card waiting" role="status">
          <span class="hidden">{t("loading")}</span>
        </div>
      );
    case "failed":
      return (
        <div class="card note" role="alert">
          <Icon name="alert" />
          <p>{words(entries.problem.value)}</p>
          {!entries.forbidden && (
            <button type="button" class="quiet-button" onClick={() => void entries.load()}>
              {t("again")}
            </button>
          )}
        </div>
      );
  }
  if (entries.items.value.length === 0) return <p class="card note quiet">{empty}</p>;
  return (
    <div class="card">
      {children}
      {entries.more.value && (
        <button type="button" class="more" onClick={() => void entries.next()}>
          {t("more")}
        </button>
      )}
    </div>
  );
}

function Row({ block, item, model, children }: { block: Block; item: Item; model: Model; children: ComponentChildren }) {
  const [inside, setInside] = useState(false);
  const opens = (block.sessions && model.access.may("GET", "/companies/{company}/sessions/{session}/participants")) || (block.deliveries && model.access.may("GET", "/companies/{company}/webhooks/{webhook}/deliveries"));
  const sub = block.sub(item);
  return (
    <li class="row-item" data-id={item.id}>
      <div class="row-line">
        <div class="what">
          <strong>{block.name(item)}</strong>
          {sub && sub !== block.name(item) && <span class="sub">{sub}</span>}
        </div>
        <Facts facts={block.facts(item)} />
        <div class="acts">
          {children}
          {opens && (
            <button type="button" class="plain" aria-expanded={inside} title={t(block.sessions ? "sessions.people" : "deliveries")} aria-label={`${t(block.sessions ? "sessions.people" : "deliveries")}: ${block.name(item)}`} onClick={() => setInside(!inside)}>
              <Icon name="down" />
            </button>
          )}
        </div>
      </div>
      {inside && (block.sessions ? <Attendance model={model} session={item} /> : <Deliveries model={model} webhook={item} />)}
    </li>
  );
}

export function Facts({ facts }: { facts: Fact[] }) {
  return (
    <ul class="facts">
      {facts.map((f, n) =>
        "tone" in f ? (
          <li key={n} class={`word ${f.tone}`}>
            {t(f.text, f.params)}
          </li>
        ) : (
          <li key={n} class="quiet">
            {t(f.label)} {f.time ? <time dateTime={f.time}>{moment(f.time)}</time> : f.value}
          </li>
        ),
      )}
    </ul>
  );
}

function Act({ icon, label, name, onClick }: { icon: IconName; label: string; name: string; onClick: () => void }) {
  return (
    <button type="button" class="plain" title={label} aria-label={`${label}: ${name}`} onClick={onClick}>
      <Icon name={icon} />
    </button>
  );
}

function Links({ model, hosts, item, name }: { model: Model; hosts: string[]; item: Item; name: string }) {
  const link = roomLink(hosts, location, String(item["public_id"] ?? item.id));
  return (
    <>
      <Act icon="copy" label={t("rooms.link")} name={name} onClick={() => void copy(model, link)} />
      <a class="plain" href={link} target="_blank" rel="noopener noreferrer" title={t("rooms.visit")} aria-label={`${t("rooms.visit")}: ${name}`}>
        <Icon name="open" />
      </a>
    </>
  );
}

interface WindowProps {
  model: Model;
  block: Block;
  entries: Collection;
  open: Open;
  setOpen: (o: Open) => void;
  close: () => void;
}

function Window({ model, block, entries, open, setOpen, close }: WindowProps) {
  if (open === null) return null;
  const show = (answer: Item, note = "") => {
    const secret = block.secret ? answer[block.secret] : undefined;
    if (typeof secret === "string") setOpen({ what: "secret", text: secret, note });
    else close();
  };
  switch (open.what) {
    case "secret":
      return <Secret model={model} secret={open.text} note={open.note} onClose={close} />;
    case "form":
      return (
        <Form
          title={open.item ? `${t("edit")}: ${block.name(open.item)}` : t(block.add ?? block.title)}
          fields={block.fields}
          item={open.item}
          scopes={model.access.scopes()}
          onClose={close}
          save={async (body) => {
            const { item } = open;
            if (item) {
              if (Object.keys(body).length > 0) entries.put(await changed(model, block, entries, item, body));
              model.say(t("saved"));
              close();
              return;
            }
            const made = await model.api.create(model.path(block.path), body);
            entries.put(without(made, block.secret));
            model.say(t("made", { name: block.name(made) }));
            show(made);
          }}
        />
      );
    case "end": {
      const { item } = open;
      const end = block.end;
      if (!end) return null;
      return (
        <Confirm
          title={t(end.title, { name: block.name(item) })}
          text={t(end.text)}
          action={t(end.action)}
          onClose={close}
          run={async () => {
            await gone(model.api.remove(model.path(block.path, item.id)));
            entries.drop(item.id);
            model.say(t("ended", { name: block.name(item) }));
            close();
          }}
        />
      );
    }
    case "care": {
      const { item, care } = open;
      return (
        <Confirm
          calm
          title={t(care.ask?.title ?? care.action, { name: block.name(item) })}
          text={care.ask ? t(care.ask.text) : ""}
          action={t(care.action)}
          onClose={close}
          run={async () => {
            const answer = await model.api.create(model.path(block.path, item.id, care.path), {});
            await entries.load();
            model.say(t(care.done));
            show(answer);
          }}
        />
      );
    }
    case "rotate": {
      const { item } = open;
      return (
        <Confirm
          calm
          title={t("apikeys.rotate", { name: block.name(item) })}
          text={t("apikeys.rotate.text")}
          action={t("rotate")}
          onClose={close}
          run={async () => {
            const made = await rotate(model, block, item);
            await entries.load();
            show(made, t("apikeys.rotated"));
          }}
        />
      );
    }
  }
}

/** What was shown once stays nowhere in the page. */
function without(item: Item, member: string | undefined): Item {
  if (!member) return item;
  const { [member]: _, ...rest } = item;
  return rest as Item;
}

async function changed(model: Model, block: Block, entries: Collection, item: Item, body: unknown): Promise<Item> {
  try {
    return await model.api.change(model.path(block.path, item.id), item, body);
  } catch (e) {
    if (e instanceof Problem && e.code === "stale") await entries.load();
    throw e;
  }
}

/** Somebody else was faster: then it is gone as well. */
async function gone(removal: Promise<void>): Promise<void> {
  try {
    await removal;
  } catch (e) {
    if (!(e instanceof Problem && e.status === 404)) throw e;
  }
}

/** The new key first: if what follows fails there is one too many, not one too few. */
async function rotate(model: Model, block: Block, old: Item): Promise<Item> {
  const body: Record<string, unknown> = {};
  for (const member of ["name", "scopes"]) if (old[member] !== undefined) body[member] = old[member];
  const expires = typeof old["expires"] === "string" ? Date.parse(old["expires"]) : null;
  const born = Date.parse(String(old["created_at"] ?? ""));
  if (expires !== null && !Number.isNaN(born)) body["expires"] = new Date(Date.now() + expires - born).toISOString().replace(/\.\d+Z$/, "Z");
  const made = await model.api.create(model.path(block.path), body);
  if (expires === null || expires > Date.now() + 86_400_000) await model.api.change(model.path(block.path, old.id), null, { expires: inDays(1, Date.now()) });
  return made;
}
