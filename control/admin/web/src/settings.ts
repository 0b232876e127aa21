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
  kind: "switch" | "choice" | "number" | "text";
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

export const groups: readonly Group[] = [
  { title: "set.entry", controls: [toggle("open_rooms"), toggle("jwt_mandatory"), toggle("lobby"), toggle("email_entry_otp"), toggle("end_on_expiry"), toggle("webhook_fail_open")] },
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
      toggle("viewers_write"),
      toggle("video_signed_only"),
      count("bitrate_cap", 100_000_000),
      count("session_grace_seconds", 3600),
    ],
  },
  { title: "set.recording", controls: [toggle("recording_consent"), toggle("guest_start_recording"), count("recording_days", 36500), count("history_days", 36500)] },
  { title: "set.advanced", controls: [toggle("debug_attributes"), count("max_feed_age_seconds", 31536000, 5)] },
];

/** The patch of a company that chooses a value, or goes back to what it inherits. */
export function choose(name: string, value: unknown): { settings: Record<string, unknown> } {
  return { settings: { [name]: value === undefined ? null : value } };
}
