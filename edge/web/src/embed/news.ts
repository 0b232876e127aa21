// What the embedding page is told: the model's changes as events.

import { effect } from "@preact/signals-core";
import type { Guest, Media, Participant, State } from "../../embed/src/events";
import type { Guest as Waiting, Person } from "../protocol/messages";
import type { Meeting } from "./calls";
import { realClock, type Clock, type Timer } from "../protocol/clock";

/** The node keeps the place of somebody whom it does not hear for as long (edge, lostGrace). */
export const LOST_MS = 30_000;

export function state(app: Meeting): State {
  const { session } = app;
  const { phase } = session;
  return {
    phase: phase.value,
    code: phase.value === "refused" || phase.value === "ended" ? (session.verdict.value?.code ?? "") : "",
    room: app.params.room,
    peerId: session.self,
    name: app.name.value,
    media: media(app.devices.media.value),
    participants: session.roster.value.people.map(participant),
    waiting: session.lobby.value.map(guest),
  };
}

/** Tells of every change from now on. */
export function report(app: Meeting, tell: (event: string, detail: object) => void, clock: Clock = realClock): void {
  const { session } = app;
  const gone = new Map<string, string>();
  const { onchange, onerror } = session;
  session.onchange = (c) => {
    if (c.kind === "left") gone.set(c.person.peer_id, c.reason);
    else if (c.kind === "reacted") tell("reaction", { peerId: c.person.peer_id, name: c.person.name, text: c.text, own: c.person.peer_id === session.self });
    onchange(c);
  };
  session.onerror = (code) => {
    tell("error", { code, message: "" });
    onerror(code);
  };
  let phase = session.phase.peek();
  let inCall = false;
  let people = new Map<string, Person>();
  let lastSeq = 0;
  let own = "";
  let speaking = "";
  let waiting = "[]";
  let patience: Timer | undefined;
  const lost = (): void => {
    inCall = false;
    tell("left", { reason: "lost" });
  };

  app.devices.ontrouble = (kind, trouble) => tell("deviceerror", { kind, code: `${kind}_${trouble}` });
  effect(() => {
    const now = session.phase.value;
    const joined = session.joined.value;
    if (now !== phase) {
      tell("phasechange", { phase: (phase = now) });
      if (now === "waiting") tell("waiting", {});
      clock.cancel(patience);
      if (now === "reconnecting" && inCall) patience = clock.after(LOST_MS, lost);
    }
    if (now === "live" && joined && !inCall) {
      inCall = true;
      const roster = session.roster.peek();
      people = byId(roster.people);
      lastSeq = roster.chat.at(-1)?.seq ?? 0;
      tell("joined", { peerId: joined.peer_id, name: people.get(joined.peer_id)?.name ?? app.name.value, media: media(app.devices.media.peek()), participants: roster.people.map(participant) });
    } else if (now === "ended" || now === "refused") {
      const code = session.verdict.value?.code ?? "internal";
      if (inCall) tell("left", { reason: code });
      else if (now === "refused") tell("error", { code, message: session.verdict.value?.message ?? "" });
      inCall = false;
    }
  });
  effect(() => {
    const { people: list, chat } = session.roster.value;
    const ended = session.phase.peek() === "ended" || session.phase.peek() === "refused";
    if (!inCall || ended) return;
    const now = byId(list);
    for (const p of list) {
      const was = people.get(p.peer_id);
      if (was && (was.hand === null) !== (p.hand === null)) tell("handchanged", { peerId: p.peer_id, name: p.name, up: p.hand !== null, own: p.peer_id === session.self });
      if (was && was.name !== p.name) tell("namechanged", { peerId: p.peer_id, name: p.name, own: p.peer_id === session.self });
      if (p.peer_id === session.self) continue;
      if (!was) tell("participantjoined", { participant: participant(p) });
      else if (!same(was.media, p.media)) tell("mediachanged", { peerId: p.peer_id, media: media(p.media), own: false });
    }
    const left = [...people.values()].filter((p) => !now.has(p.peer_id) && p.peer_id !== session.self);
    // The model names the reason right after it has changed.
    if (left.length > 0) {
      queueMicrotask(() => {
        for (const { peer_id: peerId, name } of left) tell("participantleft", { peerId, name, reason: gone.get(peerId) ?? "left" });
        gone.clear();
      });
    }
    people = now;
    for (const m of chat) {
      if (m.seq <= lastSeq) continue;
      lastSeq = m.seq;
      tell("chatmessage", { seq: m.seq, peerId: m.peer_id, name: m.name, text: m.text, at: m.at, own: m.peer_id === session.self });
    }
  });
  effect(() => {
    const now = media(app.devices.media.value);
    const text = JSON.stringify(now);
    if (own && text !== own) tell("mediachanged", { peerId: session.self, media: now, own: true });
    own = text;
  });
  effect(() => {
    const guests = session.phase.value === "live" ? session.lobby.value.map(guest) : null;
    const text = JSON.stringify(guests);
    if (!guests || text === waiting) return;
    waiting = text;
    tell("lobbychanged", { waiting: guests });
  });
  effect(() => {
    if (app.soundBlocked.value) tell("soundblocked", {});
  });
  effect(() => {
    const ids = [...session.roster.value.speaking].sort();
    if (ids.join() === speaking || session.phase.value !== "live") return;
    speaking = ids.join();
    tell("speaking", { peerIds: ids });
  });
}

function participant(p: Person): Participant {
  return { peerId: p.peer_id, name: p.name, role: p.role, mode: p.mode, state: p.state, media: media(p.media), hand: p.hand };
}

function guest(g: Waiting): Guest {
  return { peerId: g.peer_id, name: g.name, since: g.since };
}

function media(m: Media): Media {
  return { mic: m.mic, camera: m.camera, share: m.share };
}

function same(a: Media, b: Media): boolean {
  return a.mic === b.mic && a.camera === b.camera && a.share === b.share;
}

function byId(list: readonly Person[]): Map<string, Person> {
  return new Map(list.map((p) => [p.peer_id, p]));
}
