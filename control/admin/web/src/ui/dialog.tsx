// A window over the page, by the browser's own element: it holds the focus,
// closes by Escape and gives the focus back.

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { t } from "../i18n";
import { Icon } from "./icons";

export interface DialogProps {
  title: string;
  onClose: () => void;
  /** Only its own button closes it. */
  firm?: boolean;
  children: ComponentChildren;
}

export function Dialog({ title, onClose, firm, children }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const el = box.current;
    el?.showModal();
    // Where one goes on: the first field, or the harmless answer.
    (el?.querySelector<HTMLElement>(".fields :is(input, select, textarea), .secret input") ?? el?.querySelector<HTMLElement>("footer button"))?.focus();
    return () => el?.close();
  }, []);
  return (
    <dialog
      ref={box}
      aria-labelledby={id}
      onCancel={(e) => {
        e.preventDefault();
        if (!firm) onClose();
      }}
      onClick={(e) => {
        if (!firm && e.target === box.current) onClose();
      }}
    >
      <div class="sheet">
        <header>
          <h2 id={id}>{title}</h2>
          {!firm && (
            <button type="button" class="plain" onClick={onClose} aria-label={t("close")} title={t("close")}>
              <Icon name="close" />
            </button>
          )}
        </header>
        {children}
      </div>
    </dialog>
  );
}
