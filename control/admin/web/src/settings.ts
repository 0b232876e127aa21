// The switches of a company, in groups, each with where its value comes from.

import type { Key } from "./i18n";

export interface Setting {
  name: string;
  value?: unknown;
  from?: "platform" | "reseller" | "company";
  inherited?: unknown;
  inherited_from?: "platform" | "reseller";
}

export interface Effective {
  hosts: string[];
  default: boolean;
  settings: Setting[];
}

export interface Control {
  name: string;
  kind: "switch" | "choice" | "number" | "text" | "numbers" | "words";
  label: Key;
  about: Key;
  choices?: readonly { value: string; label: Key }[];
  max?: number;
  min?: number;
}

export interface Group {
  title: Key;
  controls: readonly Control[];
}

const toggle = (name: string): Control => ({ name, kind: "switch", label: `set.${name}` as Key, about: `set.${name}.about` as Key });
const count = (name: string, max: number, min = 0): Control => ({ name, kind: "number", label: `set.${name}` as Key, about: `set.${name}.about` as Key, min, max });

const nearer = [{ value: "speakers", label: "who.speakers" }, { value: "moderators", label: "who.moderators" }, { value: "nobody", label: "who.nobody" }] as const;
const all = [{ value: "all", label: "who.all" }, ...nearer] as const;

/** What people may do in a meeting until a moderator says otherwise, of a company and of a room. */
export const rules = [
  { name: "mute_mode", label: "set.mute_mode", about: "set.mute_mode.about", choices: [{ value: "conversation", label: "mute.conversation" }, { value: "q&a", label: "mute.questions" }, { value: "presentation", label: "mute.presentation" }] },
  { name: "who_shares", label: "set.who_shares", about: "set.who_shares.about", choices: nearer },
  { name: "who_writes", label: "set.who_writes", about: "set.who_writes.about", choices: all },
  { name: "who_raises_hands", label: "set.who_raises_hands", about: "set.who_raises_hands.about", choices: all },
] as const satisfies readonly Omit<Control, "kind">[];

export const groups: readonly Group[] = [
  { title: "set.entry", controls: [toggle("open_rooms"), toggle("jwt_mandatory"), toggle("key_and_caller"), toggle("lobby"), toggle("email_entry_otp"), toggle("end_on_expiry"), toggle("webhook_fail_open")] },
  { title: "set.rules", controls: [...rules.map((r) => ({ ...r, kind: "choice" }) as const), toggle("viewers_write")] },
  {
    title: "set.meeting",
    controls: [
      {
        name: "default_view", kind: "choice", label: "set.default_view", about: "set.default_view.about",
        choices: [{ value: "gallery", label: "view.gallery" }, { value: "bottom-speaker", label: "view.bottom" }, { value: "left-side-speaker", label: "view.left" }],
      },
      {
        name: "photo_source", kind: "choice", label: "set.photo_source", about: "set.photo_source.about",
        choices: [{ value: "custom", label: "photo.custom" }, { value: "gravatar", label: "photo.gravatar" }, { value: "initials", label: "photo.initials" }],
      },
      { name: "locale", kind: "text", label: "set.locale", about: "set.locale.about" },
      { name: "hidden_controls", kind: "words", label: "set.hidden_controls", about: "set.hidden_controls.about" },
      toggle("video_signed_only"),
      count("bitrate_cap", 100_000_000),
      count("session_grace_seconds", 3600),
    ],
  },
  { title: "set.recording", controls: [toggle("recording_consent"), toggle("guest_start_recording"), count("recording_days", 36500), count("history_days", 36500), count("chat_days", 36500), count("audit_days", 36500)] },
  { title: "set.reminders", controls: [{ name: "reminder_minutes", kind: "numbers", label: "set.reminder_minutes", about: "set.reminder_minutes.about" }, toggle("sms_reminders")] },
  { title: "set.advanced", controls: [toggle("debug_attributes"), count("max_feed_age_seconds", 31536000, 5)] },
];

/** What was typed, as the API has it; nothing is no choice. */
export function typed(kind: Control["kind"], text: string): unknown {
  const words = text.split(/[\s,;]+/).filter((w) => w !== "");
  if (words.length === 0) return undefined;
  if (kind === "words") return words;
  if (kind === "numbers") return words.map(Number);
  return kind === "number" ? Number(text) : text;
}

/** A value as somebody types it. */
export function shown(value: unknown): string {
  return value === undefined ? "" : Array.isArray(value) ? value.join(", ") : String(value);
}

/** The patch of a company that chooses a value, or goes back to what it inherits. */
export function choose(name: string, value: unknown): { settings: Record<string, unknown> } {
  return { settings: { [name]: value === undefined ? null : value } };
}
