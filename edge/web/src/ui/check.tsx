// "Why can't I connect?": what was tried, what came of it, and what helps.

import { useEffect, useRef, useState } from "preact/hooks";
import type { App } from "../app";
import { en } from "../i18n/en";
import { t, type Key } from "../i18n";
import { verdict, type Line } from "../protocol/check";
import { Icon, type IconName } from "./icons";

export function CheckPage({ app }: { app: App }) {
  const { check } = app;
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => title.current?.focus(), []);
  const running = check.running.value;
  const code = verdict(check.lines.value);
  return (
    <main class="page checking" aria-busy={running}>
      <h1 ref={title} tabIndex={-1}>
        {t("check.title")}
      </h1>
      <p class="lead" role="status">
        {t(running ? "check.running" : code ? words(code) : "check.well")}
      </p>
      <ol>
        {check.lines.value.map((l) => (
          <Step key={l.step} line={l} />
        ))}
      </ol>
      <div class="answers">
        <button class="primary slim" onClick={() => (check.open.value = false)}>
          {t("check.back")}
        </button>
        <button class="secondary slim" disabled={running} onClick={() => void check.start()}>
          {t("check.again")}
        </button>
        <Copy app={app} disabled={running} />
      </div>
      {!running && code && <p class="code">{t("end.code", { code })}</p>}
    </main>
  );
}

const marks: Partial<Record<Line["outcome"], IconName>> = { good: "check", poor: "alert", bad: "close" };

function Step({ line }: { line: Line }) {
  const mark = marks[line.outcome];
  return (
    <li class={line.outcome}>
      <span class="mark">{line.outcome === "running" ? <span class="spinner small" /> : mark && <Icon name={mark} size={16} />}</span>
      <div>
        <span>{t(`check.step.${line.step}`)}</span>
        <span class="hidden">{`: ${t(`check.is.${line.outcome}`)}`}</span>
        {/* What all ways have in common stands above. */}
        {!line.codes.includes("media_blocked") && line.codes.map((c) => (
          <p key={c} class="quiet">
            {t(words(c))}
          </p>
        ))}
      </div>
    </li>
  );
}

function Copy({ app, disabled }: { app: App; disabled: boolean }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => setCopied(false), [disabled]);
  const copy = async (): Promise<void> => {
    const about = { room: app.params.room, ended: app.session.verdict.value?.code ?? "" };
    await navigator.clipboard?.writeText(app.check.text(about)).catch(() => {});
    setCopied(true);
  };
  return (
    <button class="secondary slim" disabled={disabled} onClick={() => void copy()}>
      <Icon name={copied ? "check" : "copy"} size={16} />
      {t(copied ? "check.copied" : "check.copy")}
    </button>
  );
}

/** A finding in words; devices have theirs already. */
export function words(code: string): Key {
  const key = /^(mic|camera)_/.test(code) ? `trouble.${code.replace("_", ".")}` : `finding.${code}`;
  return (Object.hasOwn(en, key) ? key : "finding.internal") as Key;
}

/** Where a page says that there is no call. */
export function WhyLink({ app }: { app: App }) {
  return (
    <button class="link why" type="button" onClick={() => void app.check.start()}>
      {t("check.why")}
    </button>
  );
}
