// Before the call: the own picture, the devices, the name, and Join.

import { useEffect } from "preact/hooks";
import { useComputed, useSignal } from "@preact/signals";
import type { App } from "../app";
import { t } from "../i18n";
import type { Kind } from "../media/devices";
import { watchLevel } from "../media/level";
import { WhyLink } from "./check";
import { EntryForm } from "./entryform";
import { Icon } from "./icons";
import { Video } from "./media";
import { Language } from "./settings";
import { initials, tint } from "./words";

export function PreJoin({ app }: { app: App }) {
  const joining = app.session.phase.value === "joining";
  const whole = app.attributes.value.page !== "name";
  const watches = app.attributes.value.viewer;
  return (
    <main class={`page prejoin ${watches ? "watches" : whole ? "" : "brief"}`} aria-busy={joining}>
      {whole && !watches && (
        <section class="preview-side">
          <Preview app={app} />
        </section>
      )}
      <section class="form-side">
        <h1>{t(watches ? "pre.webinar" : "pre.title")}</h1>
        <p class="quiet room">{t("pre.room", { room: app.title.value })}</p>
        <EntryForm app={app} joining={joining} />
        {watches && <p class="quiet">{t("pre.watch")}</p>}
        {whole && !watches && <Choice app={app} kind="mic" />}
        {whole && !watches && <Choice app={app} kind="camera" />}
        {app.shows("settings") && <Language app={app} />}
        {!watches && <Troubles app={app} />}
        {!joining && <WhyLink app={app} />}
      </section>
    </main>
  );
}

export function Preview({ app }: { app: App }) {
  const { devices } = app;
  const stream = useComputed(() => {
    const camera = devices.tracks.value.camera;
    return camera ? new MediaStream([camera]) : null;
  });
  const name = app.name.value;
  return (
    <div class="preview">
      {stream.value ? (
        <Video stream={stream.value} mirrored={app.mirror.value} label={t("pre.preview")} />
      ) : (
        <div class="preview-off">
          <div class={`avatar tint${tint(name)}`}>{name.trim() ? initials(name) : <Icon name="cameraOff" size={28} />}</div>
          <p>{t(devices.starting.value ? "pre.starting" : "pre.cameraOff")}</p>
        </div>
      )}
      <div class="preview-bar">
        <Toggle app={app} kind="mic" />
        <Toggle app={app} kind="camera" />
      </div>
      <Meter app={app} />
    </div>
  );
}

function Toggle({ app, kind }: { app: App; kind: Kind }) {
  const on = app.devices.tracks.value[kind] !== null;
  const label = kind === "mic" ? t(on ? "mic.mute" : "mic.unmute") : t(on ? "camera.off" : "camera.on");
  return (
    <button class={`round glass ${on ? "" : "off"}`} aria-label={label} aria-pressed={on} title={label} onClick={() => void app.devices.toggle(kind)}>
      <Icon name={kind === "mic" ? (on ? "mic" : "micOff") : on ? "camera" : "cameraOff"} />
    </button>
  );
}

export function Meter({ app }: { app: App }) {
  const level = useSignal(0);
  const track = app.devices.tracks.value.mic;
  useEffect(() => {
    level.value = 0;
    return track ? watchLevel(track, (v) => (level.value = v)) : undefined;
  }, [track]);
  if (!track) return null;
  const lit = Math.round(level.value * 5);
  return (
    <div class="meter" role="meter" aria-label={t("pre.level")} aria-valuemin={0} aria-valuemax={5} aria-valuenow={lit}>
      {[1, 2, 3, 4, 5].map((i) => (
        <span key={i} class={i <= lit ? "lit" : ""} />
      ))}
    </div>
  );
}

/** A choice of one has its place as well, and so has one that is not known yet: what stands below does not move when it is. */
export function Choice({ app, kind }: { app: App; kind: Kind }) {
  const devices = app.devices.of(kind);
  const label = t(kind === "mic" ? "device.mic" : "device.camera");
  const wanted = app.devices[kind].value?.getSettings().deviceId ?? app.devices.chosen.value[kind];
  const current = devices.some((d) => d.deviceId === wanted) ? wanted : devices[0]?.deviceId;
  return (
    <label class="choice">
      <Icon name={kind === "mic" ? "mic" : "camera"} size={18} />
      <span class="hidden">{label}</span>
      <select aria-label={label} value={current} disabled={devices.length === 0} onChange={(e) => void app.devices.choose(kind, e.currentTarget.value)}>
        {devices.length === 0 && <option>{label}</option>}
        {devices.map((d, i) => (
          <option key={d.deviceId} value={d.deviceId}>
            {d.label || `${label} ${i + 1}`}
          </option>
        ))}
      </select>
      <Icon name="down" size={16} />
    </label>
  );
}

function Troubles({ app }: { app: App }) {
  const { mic, camera } = app.devices.trouble.value;
  if (!mic && !camera) return null;
  return (
    <div class="troubles" role="status">
      <Icon name="alert" size={18} />
      <div>
        {mic && mic === camera && <p>{t(`trouble.both.${mic}`)}</p>}
        {mic && mic !== camera && <p>{t(`trouble.mic.${mic}`)}</p>}
        {camera && mic !== camera && <p>{t(`trouble.camera.${camera}`)}</p>}
        <p class="quiet">{t("pre.noDevices")}</p>
        <button class="link" onClick={() => void app.devices.retry()}>
          {t("end.again")}
        </button>
      </div>
    </div>
  );
}
