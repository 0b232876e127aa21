// A person without a camera: their photo, or their initials while it is on its
// way and where there is none.

import type { App } from "../app";
import type { Person } from "../protocol/messages";
import { initials, tint } from "./words";

export function Avatar({ app, person, kind = "", size }: { app: App; person: Pick<Person, "peer_id" | "name" | "photo">; kind?: string; size?: number }) {
  const url = person.photo ? app.photos.of(person.photo).value : null;
  return (
    <span class={`avatar ${kind} tint${tint(person.peer_id)}`} style={size ? { fontSize: `${size}px` } : undefined} aria-hidden="true">
      {url ? <img src={url} alt="" draggable={false} /> : initials(person.name)}
    </span>
  );
}
