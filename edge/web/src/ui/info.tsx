// What one passes on about the meeting: its name, the link, how to dial in.

import { useState } from "preact/hooks";
import type { App } from "../app";
import { t } from "../i18n";
import { withoutPerson } from "../params";
import { Icon } from "./icons";

export function InfoPanel({ app }: { app: App }) {
  const { code, dial_in: numbers = [] } = app.facts.value;
  const link = withoutPerson(location.href);
  return (
    <div class="scroll info">
      <p class="room">{app.title.value}</p>
      <dl>
        <Fact name={t("info.link")} text={link} copies />
        {code && <Fact name={t("info.code")} text={spaced(code)} copies={code} />}
        {numbers.length > 0 && (
          <div>
            <dt>{t("info.dialIn")}</dt>
            {numbers.map((n) => (
              <dd key={n}>
                <a href={`tel:${n}${code ? `,,${code}%23` : ""}`}>{n}</a>
              </dd>
            ))}
          </div>
        )}
      </dl>
      {app.shows("invite") && <Invite app={app} link={link} />}
    </div>
  );
}

export function Fact({ name, text, copies }: { name: string; text: string; copies: true | string }) {
  const [copied, copy] = useCopy(copies === true ? text : copies);
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <span class="fact">{text}</span>
        {copy && (
          <button class="plain" aria-label={t("info.copy", { what: name })} title={t(copied ? "info.copied" : "info.copy", { what: name })} onClick={copy}>
            <Icon name={copied ? "check" : "copy"} size={18} />
          </button>
        )}
        <span class="hidden" role="status">
          {copied && t("info.copied")}
        </span>
      </dd>
    </div>
  );
}

/** By the device's own way of passing things on, where it has one, else by the clipboard. */
function Invite({ app, link }: { app: App; link: string }) {
  const [copied, copy] = useCopy(link);
  const share = typeof navigator.share === "function";
  if (!share && !copy) return null;
  const invite = (): void => {
    // Closing the sheet is an answer, not a fault.
    if (share) navigator.share({ title: app.title.value, url: link }).catch(() => {});
    else copy?.();
  };
  return (
    <button class="secondary slim" onClick={invite}>
      <Icon name={copied ? "check" : "invite"} size={18} />
      {t(copied ? "stage.copied" : "info.invite")}
    </button>
  );
}

/** Copies a text, and for a while says that it has; nothing to copy with is no function. */
function useCopy(text: string): [copied: boolean, copy: (() => void) | null] {
  const [copied, setCopied] = useState(false);
  if (typeof navigator.clipboard?.writeText !== "function") return [false, null];
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => {
        setCopied(true);
        setTimeout(() => setCopied(false), 3_000);
      },
      () => {},
    );
  };
  return [copied, copy];
}

/** Digits in groups of three, the last of up to four, are read out without a slip. */
function spaced(code: string): string {
  return code.replace(/(\d{3})(?=\d{2,})/g, "$1 ");
}
