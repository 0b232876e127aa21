// The question before something that cannot be taken back.

import { useEffect, useRef } from "preact/hooks";
import type { App } from "../app";
import { t } from "../i18n";

export function Confirm({ app }: { app: App }) {
  const ref = useRef<HTMLDialogElement>(null);
  const question = app.floor.question.value;
  useEffect(() => {
    if (question) ref.current?.showModal();
  }, [question]);
  if (!question) return null;
  const close = (): void => {
    ref.current?.close(); // gives the focus back
    app.floor.question.value = null;
  };
  return (
    <dialog ref={ref} class="confirm" aria-labelledby="confirm-title" aria-describedby="confirm-text" onKeyDown={(e) => e.stopPropagation()} onClose={() => (app.floor.question.value = null)}>
      <h2 id="confirm-title">{question.title}</h2>
      <p id="confirm-text" class="quiet">
        {question.text}
      </p>
      <div class="answers">
        <button class="slim secondary" onClick={close}>
          {t("cancel")}
        </button>
        <button
          class="primary slim dangerous"
          onClick={() => {
            close();
            void app.floor.act(question.act);
          }}
        >
          {question.action}
        </button>
      </div>
    </dialog>
  );
}
