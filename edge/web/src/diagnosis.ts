// window.meridian: what the page knows about itself, for tests and for support.
// Its shape is described in DESIGN.md. It holds no secret.

import type { App } from "./app";
import { lang } from "./i18n";
import { verdict } from "./protocol/check";

export function diagnose(app: App) {
  const s = app.session;
  const since = (mark: number | undefined): number | null =>
    mark === undefined || app.timings.clickJoin === undefined ? null : Math.round(mark - app.timings.clickJoin);
  const transport = s.attachment.value?.transport;
  const figures = app.figures.value;
  const slots = (kind: "video" | "audio") =>
    (transport?.[kind] ?? []).map((slot, i) => {
      const f = figures.slots.get(slot.mid);
      return {
        mid: slot.mid, track: s.assigned.value[kind][i] ?? null,
        layer: kind === "video" ? (s.layers.value[i] ?? null) : null,
        frames: f?.frames ?? 0, width: f?.width ?? 0, height: f?.height ?? 0, packets: f?.packets ?? 0, energy: f?.energy ?? 0,
        playout: f?.playout ?? null, delay: Math.round(f?.delay ?? 0),
      };
    });
  const sending = figures.sending.flatMap(({ mid, ...f }) => {
    const source = (["camera", "camera2", "share"] as const).find((s) => transport?.up[s] === mid);
    return source && transport ? [{ source, ...f, active: transport.videos[source].sends(f.rid) }] : [];
  });
  return {
    phase: app.localError.value ? "refused" : s.phase.value,
    code: app.localError.value ?? s.verdict.value?.code ?? null,
    room: app.params.room,
    peerId: s.self,
    node: s.joined.value?.node.id ?? null,
    pop: s.joined.value?.node.pop ?? null,
    home: s.joined.value?.room.home ?? null,
    trace: s.joined.value?.trace ?? null,
    version: s.roster.value.version,
    negotiations: s.negotiations,
    attachments: s.attachments,
    rtt: s.rtt.value,
    trips: Object.fromEntries(s.trips.value),
    rules: s.roster.value.rules,
    player: app.player.address.value,
    stage: {
      layout: app.look.layout.value, large: app.stage.main.value, pinned: app.look.pinned.value, spotlight: app.look.spotlight.value,
      presented: app.look.presented.value, presenter: app.look.presenter.value?.peer_id ?? null, follows: app.look.follows.value,
      small: app.look.small.value, videoFirst: app.look.videoFirst.value, more: app.stage.tiles.value.more, fullScreen: app.fullScreen.on.value, pip: app.pip.open.value,
    },
    effort: { level: app.strain.level.value, drawn: app.strain.drawn },
    lobby: s.lobby.value.map((g) => ({ peerId: g.peer_id, name: g.name })),
    media: app.devices.media.value,
    lang: lang(),
    door: { asked: app.secrets.asked.value, pin: app.secrets.helps.value, answer: app.secrets.answer.value },
    hearing: { volume: app.hearing.volume.value, muted: app.hearing.muted.value, elements: [...document.querySelectorAll("audio")].map((a) => ({ volume: a.volume, muted: a.muted })) },
    people: s.roster.value.people.map((p) => ({ peerId: p.peer_id, name: p.name, photo: p.photo ?? null, role: p.role, mode: p.mode, hand: p.hand, pop: p.pop, state: p.state, media: p.media, speaking: s.roster.value.speaking.has(p.peer_id) })),
    kind: s.joined.value?.room.kind ?? null,
    viewers: s.roster.value.viewers,
    chat: s.roster.value.chat.map((m) => ({ seq: m.seq, peerId: m.peer_id, name: m.name, text: m.text })),
    outgoing: s.outgoing.value.map((o) => ({ text: o.text, state: o.state })),
    tiles: [...document.querySelectorAll<HTMLElement>("[data-tile]")].map((el) => {
      const video = el.querySelector("video");
      const track = (video?.srcObject as MediaStream | null)?.getVideoTracks()[0];
      const mid = transport?.pc.getTransceivers().find((x) => x.receiver.track === track)?.mid;
      return {
        key: el.dataset["tile"] ?? "",
        videoWidth: video?.videoWidth ?? 0,
        videoHeight: video?.videoHeight ?? 0,
        frames: (mid ? figures.slots.get(mid)?.frames : undefined) ?? video?.getVideoPlaybackQuality?.().totalVideoFrames ?? 0,
      };
    }),
    slots: { video: slots("video"), audio: slots("audio") },
    connection: { up: figures.up, down: figures.down, lossUp: figures.lossUp, lossDown: figures.lossDown, rtt: figures.rtt, path: figures.path, protocol: figures.protocol, ice: transport?.pc.connectionState ?? null },
    codec: transport?.codec ?? null,
    sending,
    quality: s.quality.value,
    check: { over: app.check.open.value && !app.check.running.value, code: verdict(app.check.lines.value), steps: Object.fromEntries(app.check.lines.value.map((l) => [l.step, [l.outcome, ...l.codes].join(" ")])) },
    timings: { joined: since(app.timings.joined), connected: since(app.timings.connected), firstRemoteFrame: since(app.timings.firstRemoteFrame) },
  };
}

export type Diagnosis = ReturnType<typeof diagnose>;

declare global {
  interface Window {
    meridian?: { state(): Diagnosis };
  }
}
