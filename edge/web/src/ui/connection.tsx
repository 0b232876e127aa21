// How the call travels: where, how fast, how well, and why not better.

import type { App } from "../app";
import { t } from "../i18n";
import type { Figures } from "../media/stats";
import { Bars } from "./controls";
import { bitrate, ms, percent, quality, score } from "./words";

export function ConnectionPanel({ app }: { app: App }) {
  const f = app.figures.value;
  const joined = app.session.joined.value;
  const rtt = app.session.rtt.value;
  const judged = app.session.quality.value;
  const q = quality(f, rtt, app.connected.value, judged);
  const protocol = f.protocol.toUpperCase();
  const rows: [string, string][] = [
    [t("conn.pop"), joined?.node.pop.toUpperCase() || t("unit.none")],
    [t("conn.node"), joined?.node.id ?? t("unit.none")],
    [t("conn.rtt"), ms(f.rtt ?? rtt)],
    [t("conn.up"), bitrate(f.up)],
    [t("conn.down"), bitrate(f.down)],
    [t("conn.loss"), t("conn.lossValue", { up: percent(f.lossUp), down: percent(f.lossDown) })],
    [t("conn.quality.up"), score(judged?.up)],
    [t("conn.quality.down"), score(judged?.down)],
    [t("conn.path"), f.path ? t(f.path === "relay" ? "conn.relay" : "conn.direct", { protocol }) : t("unit.none")],
    [t("conn.sent"), size(f.sent)],
    [t("conn.received"), size(f.received)],
  ];
  return (
    <div class="scroll">
      <div class={`verdict ${q.level}`}>
        <Bars level={q.level} />
        <div>
          <strong>{t(`conn.${q.level}`)}</strong>
          <p>{t(q.why)}</p>
        </div>
      </div>
      <dl class="figures">
        {rows.map(([k, v]) => (
          <div key={k}>
            <dt>{k}</dt>
            <dd>{v}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

function size(s: Figures["sent"]): string {
  return s ? t("conn.size", { w: s.width, h: s.height, fps: Math.round(s.fps) }) : t("unit.none");
}
