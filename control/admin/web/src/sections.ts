// What the page shows: sections, each of blocks, each of which is one
// collection of the API. A section is data; one component shows them all.

import type { Item } from "./api";
import type { Key } from "./i18n";
import { rules } from "./settings";
import type { IconName } from "./ui/icons";

export type FieldKind = "text" | "email" | "password" | "url" | "digits" | "long" | "switch" | "choice" | "scopes" | "until" | "picture" | "colour";

export interface Field {
  /** Member of the body; dots lead into inner ones. */
  name: string;
  label: Key;
  hint?: Key;
  kind: FieldKind;
  required?: boolean;
  example?: string;
  choices?: readonly { value: string; label: Key }[];
  /** Of new things only. */
  once?: boolean;
  /** A switch that is on where nobody says otherwise. */
  on?: boolean;
}

/** A fact of a row: a word with a meaning, or a label with a value. */
export type Fact = { tone: "good" | "quiet" | "problem"; text: Key; params?: Record<string, string | number> } | { label: Key; time?: string; value?: string };

/** Something that is done to one, besides changing its fields: a POST below it. */
export interface Care {
  path: string;
  action: Key;
  done: Key;
  icon: IconName;
  when: (i: Item) => boolean;
  /** Asked before. */
  ask?: { title: Key; text: Key };
}

export interface Block {
  /** Last part of the collection's path. */
  path: string;
  /** Name of the id in the API's paths. */
  item: string;
  title: Key;
  about: Key;
  empty: Key;
  add?: Key;
  fields: readonly Field[];
  name: (i: Item) => string;
  sub: (i: Item) => string;
  facts: (i: Item) => Fact[];
  /** What goes with the end of one. */
  end?: { action: Key; title: Key; text: Key };
  /** Member of a new one's answer that is shown once. */
  secret?: string;
  links?: boolean;
  rotates?: boolean;
  sessions?: boolean;
  /** Who reaches themselves alone makes and ends none. */
  people?: boolean;
  deliveries?: boolean;
  cares?: readonly Care[];
}

export interface Section {
  id: string;
  title: Key;
  icon: IconName;
  blocks: readonly Block[];
}

const text = (i: Item, name: string): string => (typeof i[name] === "string" ? (i[name] as string) : "");
const list = (i: Item, name: string): string[] => (Array.isArray(i[name]) ? (i[name] as string[]) : []);
const past = (time: string): boolean => time !== "" && Date.parse(time) < Date.now();

const rooms: Block = {
  path: "rooms",
  item: "room",
  title: "rooms",
  about: "rooms.about",
  empty: "rooms.empty",
  add: "rooms.add",
  links: true,
  fields: [
    { name: "name", label: "field.name", kind: "text", example: "Stand-up" },
    { name: "public_id", label: "rooms.id", hint: "rooms.id.hint", kind: "text", once: true, example: "standup" },
    { name: "kind", label: "rooms.kind", kind: "choice", choices: [{ value: "call", label: "rooms.call" }, { value: "webinar", label: "rooms.webinar" }] },
    { name: "open", label: "rooms.open", hint: "rooms.open.hint", kind: "switch" },
    { name: "password", label: "rooms.password", hint: "rooms.password.hint", kind: "password" },
    { name: "settings.lobby", label: "set.lobby", hint: "set.lobby.about", kind: "switch" },
    ...rules.map((r) => ({ name: `settings.${r.name}`, label: r.label, hint: r.about, kind: "choice", choices: [{ value: "", label: "set.asCompany" }, ...r.choices] }) as const),
    { name: "moderator_pin", label: "rooms.pin", hint: "rooms.pin.hint", kind: "digits" },
  ],
  name: (i) => text(i, "name") || text(i, "public_id"),
  sub: (i) => text(i, "public_id"),
  facts: (i) => [
    ...(i["kind"] === "webinar" ? [{ tone: "quiet", text: "rooms.webinar" } as const] : []),
    i["open"] ? { tone: "good", text: "rooms.isOpen" } : { tone: "quiet", text: "rooms.byToken" },
    ...(i["has_password"] ? [{ tone: "quiet", text: "rooms.password" } as const] : []),
  ],
  end: { action: "delete", title: "rooms.delete", text: "rooms.delete.text" },
};

const users: Block = {
  path: "users",
  item: "user",
  people: true,
  title: "users",
  about: "users.about",
  empty: "users.empty",
  add: "users.add",
  fields: [
    { name: "first_name", label: "users.first", kind: "text" },
    { name: "last_name", label: "users.last", kind: "text" },
    { name: "email", label: "users.email", kind: "email", required: true, example: "ada@example.com" },
    {
      name: "role", label: "users.role", hint: "users.role.hint", kind: "choice",
      choices: [{ value: "HOST", label: "role.HOST" }, { value: "COMPANY_ADMIN", label: "role.COMPANY_ADMIN" }],
    },
    { name: "password", label: "users.password", hint: "users.password.hint", kind: "password" },
    { name: "inactive", label: "users.inactive", hint: "users.inactive.hint", kind: "switch" },
  ],
  name: (i) => text(i, "name") || `${text(i, "first_name")} ${text(i, "last_name")}`.trim() || text(i, "email"),
  sub: (i) => text(i, "email"),
  facts: (i) => [
    { tone: "quiet", text: `role.${text(i, "role") || "HOST"}` as Key },
    ...(i["inactive"] ? [{ tone: "problem", text: "users.isInactive" } as const] : []),
  ],
  end: { action: "delete", title: "users.delete", text: "users.delete.text" },
};

const apiKeys: Block = {
  path: "api-keys",
  item: "api_key",
  title: "apikeys",
  about: "apikeys.about",
  empty: "apikeys.empty",
  add: "apikeys.add",
  secret: "key",
  rotates: true,
  fields: [
    { name: "name", label: "field.name", hint: "apikeys.name.hint", kind: "text", required: true, example: "booking server" },
    { name: "expires", label: "apikeys.expires", kind: "until" },
    { name: "scopes", label: "apikeys.scopes", hint: "apikeys.scopes.hint", kind: "scopes" },
  ],
  name: (i) => text(i, "name") || i.id,
  sub: (i) => (list(i, "scopes").length > 0 ? list(i, "scopes").join(", ") : ""),
  facts: (i) => [
    ...(i["revoked"] ? [{ tone: "problem", text: "revoked" } as const] : []),
    ...(list(i, "scopes").length === 0 ? [{ tone: "quiet", text: "apikeys.everything" } as const] : []),
    ...(text(i, "expires") ? [past(text(i, "expires")) ? ({ tone: "problem", text: "apikeys.over" } as const) : { label: "apikeys.until" as const, time: text(i, "expires") }] : []),
    text(i, "last_used") ? { label: "apikeys.used", time: text(i, "last_used") } : { tone: "quiet", text: "apikeys.unused" },
  ],
  end: { action: "revoke", title: "apikeys.revoke", text: "apikeys.revoke.text" },
};

const keys: Block = {
  path: "keys",
  item: "key",
  title: "keys",
  about: "keys.about",
  empty: "keys.empty",
  add: "keys.add",
  fields: [
    { name: "name", label: "field.name", kind: "text", example: "website" },
    { name: "pem", label: "keys.pem", hint: "keys.pem.hint", kind: "long", required: true, once: true, example: "-----BEGIN PUBLIC KEY-----" },
    { name: "active", label: "keys.active", hint: "keys.active.hint", kind: "switch", on: true },
  ],
  name: (i) => text(i, "name") || i.id,
  sub: (i) => i.id,
  facts: (i) => [i["revoked"] ? ({ tone: "problem", text: "revoked" } as const) : i["active"] === false ? { tone: "problem", text: "keys.off" } : { tone: "good", text: "keys.on" }, { label: "added", time: text(i, "created_at") }],
  end: { action: "revoke", title: "keys.revoke", text: "keys.revoke.text" },
};

const domains: Block = {
  path: "domains",
  item: "domain",
  title: "domains",
  about: "domains.about",
  empty: "domains.empty",
  add: "domains.add",
  fields: [{ name: "fqdn", label: "domains.fqdn", hint: "domains.fqdn.hint", kind: "text", required: true, example: "meet.example.com" }],
  name: (i) => text(i, "fqdn"),
  sub: () => "",
  facts: (i) => [{ label: "added", time: text(i, "created_at") }],
  end: { action: "remove", title: "domains.remove", text: "domains.remove.text" },
};

const origins: Block = {
  path: "origins",
  item: "origin",
  title: "origins",
  about: "origins.about",
  empty: "origins.empty",
  add: "origins.add",
  fields: [{ name: "pattern", label: "origins.pattern", hint: "origins.pattern.hint", kind: "text", required: true, example: "https://*.example.com" }],
  name: (i) => text(i, "pattern"),
  sub: () => "",
  facts: () => [],
  end: { action: "remove", title: "origins.remove", text: "origins.remove.text" },
};

const callers: Block = {
  path: "callers",
  item: "caller",
  title: "callers",
  about: "callers.about",
  empty: "callers.empty",
  add: "callers.add",
  fields: [{ name: "cidr", label: "callers.cidr", hint: "callers.cidr.hint", kind: "text", required: true, example: "192.0.2.0/24" }],
  name: (i) => text(i, "cidr"),
  sub: () => "",
  facts: () => [],
  end: { action: "remove", title: "callers.remove", text: "callers.remove.text" },
};

/** A server that is asked or told about visitors, and gets no events. */
const asked = (i: Item): boolean => ["access", "join", "close"].includes(text(i, "kind"));

const webhooks: Block = {
  path: "webhooks",
  item: "webhook",
  title: "webhooks",
  about: "webhooks.about",
  empty: "webhooks.empty",
  add: "webhooks.add",
  secret: "secret",
  deliveries: true,
  cares: [
    { path: "test", action: "webhooks.test", done: "webhooks.tested", icon: "send", when: (i) => !i["disabled"] && i["kind"] === "native" },
    { path: "enable", action: "webhooks.enable", done: "saved", icon: "check", when: (i) => Boolean(i["disabled"]) },
    {
      path: "secret", action: "webhooks.secret", done: "saved", icon: "turn", when: (i) => i["kind"] === "native",
      ask: { title: "webhooks.secret.title", text: "webhooks.secret.text" },
    },
  ],
  fields: [
    {
      name: "kind", label: "webhooks.kind", hint: "webhooks.kind.hint", kind: "choice", once: true,
      choices: [
        { value: "native", label: "webhooks.kind.native" }, { value: "access", label: "webhooks.kind.access" },
        { value: "join", label: "webhooks.kind.join" }, { value: "close", label: "webhooks.kind.close" },
      ],
    },
    { name: "url", label: "webhooks.url", kind: "url", required: true, example: "https://hooks.example.com/meridian" },
    { name: "authorization", label: "webhooks.auth", hint: "webhooks.auth.hint", kind: "password" },
  ],
  name: (i) => text(i, "url"),
  sub: (i) => list(i, "events").join(", "),
  facts: (i) => [
    ...(asked(i) ? [{ tone: "quiet", text: `webhooks.kind.${text(i, "kind")}` as Key } as const] : list(i, "events").length === 0 ? [{ tone: "quiet", text: "webhooks.all" } as const] : []),
    ...(i["disabled"] ? [{ tone: "problem", text: "webhooks.off" } as const] : [{ tone: "good", text: "webhooks.on" } as const]),
  ],
  end: { action: "delete", title: "webhooks.delete", text: "webhooks.delete.text" },
};

const sessions: Block = {
  path: "sessions",
  item: "session",
  title: "sessions",
  about: "sessions.about",
  empty: "sessions.empty",
  sessions: true,
  fields: [],
  name: (i) => text(i, "room"),
  sub: () => "",
  facts: (i) => [
    ...(i["state"] === "running" ? [{ tone: "good", text: "sessions.live" } as const] : []),
    ...(typeof i["participants"] === "number" ? [{ tone: "quiet", text: "sessions.count", params: { n: i["participants"] } } as const] : []),
    { label: "sessions.began", time: text(i, "started_at") },
    ...(text(i, "ended_at") ? [{ label: "sessions.ended" as const, time: text(i, "ended_at") }] : []),
  ],
};

/** How the pages of a company look: a setting of several fields. */
export const looks: readonly Field[] = [
  { name: "name", label: "looks.name", hint: "looks.name.hint", kind: "text", example: "Acme Meet" },
  { name: "logo", label: "looks.logo", hint: "looks.picture.hint", kind: "picture", example: "https://www.example.com/logo.svg" },
  { name: "link", label: "looks.link", hint: "looks.link.hint", kind: "url", example: "https://www.example.com" },
  { name: "background", label: "looks.background", hint: "looks.background.hint", kind: "picture", example: "#1d2433" },
  { name: "colour", label: "looks.colour", hint: "looks.colour.hint", kind: "colour", example: "#2f6fed" },
];

export const sections: readonly Section[] = [
  { id: "rooms", title: "rooms", icon: "door", blocks: [rooms] },
  { id: "users", title: "users", icon: "people", blocks: [users] },
  { id: "keys", title: "nav.keys", icon: "key", blocks: [apiKeys, keys] },
  { id: "domains", title: "nav.domains", icon: "globe", blocks: [domains, origins, callers] },
  { id: "webhooks", title: "webhooks", icon: "bolt", blocks: [webhooks] },
  { id: "sessions", title: "sessions", icon: "clock", blocks: [sessions] },
  { id: "looks", title: "looks", icon: "brush", blocks: [] },
  { id: "settings", title: "settings", icon: "sliders", blocks: [] },
];

/** Path of a block's collection, as the API's description has it. */
export const collection = (b: Block): string => `/companies/{company}/${b.path}`;
export const itemOf = (b: Block): string => `${collection(b)}/{${b.item}}`;
