// What stands before the page: a card with one question.

import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import { Icon, Logo } from "./icons";
import { Languages } from "./shell";

export function Gate({ title, lead, children }: { title: string; lead: string; children: ComponentChildren }) {
  const head = useRef<HTMLHeadingElement>(null);
  // The button of the card before is gone; later, the focus may be in a field.
  useLayoutEffect(() => head.current?.focus(), []);
  return (
    <main class="signin" id="content">
      <div class="card">
        <Logo />
        <h1 ref={head} tabIndex={-1}>
          {title}
        </h1>
        <p class="quiet">{lead}</p>
        {children}
      </div>
      <Languages />
    </main>
  );
}

export interface LineProps {
  name: string;
  type: string;
  label: string;
  hint?: string;
  auto: string;
  optional?: boolean;
  wrong?: string;
}

/** A labelled field. */
export function Line({ name, type, label, hint, auto, optional, wrong }: LineProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>
        {label} {optional && <span class="quiet">· {t("field.optional")}</span>}
      </label>
      <input
        id={id}
        name={name}
        type={type as "text"}
        required={!optional}
        autocomplete={auto as "off"}
        spellcheck={false}
        autocapitalize="none"
        aria-describedby={`${id}-hint ${id}-wrong`}
        aria-invalid={wrong ? true : undefined}
      />
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      <p class="problem" id={`${id}-wrong`}>
        {wrong}
      </p>
    </div>
  );
}

/** Why it did not work. */
export function Why({ text }: { text: string }) {
  return (
    <p class="problem" role="alert">
      {text && <Icon name="alert" size={16} />}
      {text}
    </p>
  );
}
