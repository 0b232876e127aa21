// Asks before something ends for good, and shows what is shown once.

import { useId, useState } from "preact/hooks";
import { t } from "../i18n";
import { words, type Model } from "../model";
import { Dialog } from "./dialog";
import { Icon } from "./icons";

export interface ConfirmProps {
  title: string;
  text: string;
  action: string;
  calm?: boolean;
  run: () => Promise<void>;
  onClose: () => void;
}

export function Confirm({ title, text, action, calm, run, onClose }: ConfirmProps) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState("");
  const go = async () => {
    if (busy) return;
    setBusy(true);
    try {
      await run();
    } catch (e) {
      setProblem(words(e));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <p class="sheet-text">{text}</p>
      <footer>
        <p class="problem" role="alert">
          {problem}
        </p>
        <button type="button" class="quiet-button" onClick={onClose}>
          {t("cancel")}
        </button>
        <button type="button" class={calm ? "primary" : "primary danger"} aria-busy={busy} onClick={() => void go()}>
          {action}
        </button>
      </footer>
    </Dialog>
  );
}

export function Secret({ model, secret, note, onClose }: { model: Model; secret: string; note: string; onClose: () => void }) {
  const id = useId();
  return (
    <Dialog title={t("secret")} onClose={onClose} firm>
      <p class="sheet-text">
        {t("secret.text")} {note}
      </p>
      <div class="secret">
        <label class="hidden" for={id}>
          {t("secret.value")}
        </label>
        <input id={id} name="secret" readOnly value={secret} onFocus={(e) => e.currentTarget.select()} />
        <button type="button" class="primary slim" onClick={() => void copy(model, secret)}>
          <Icon name="copy" />
          {t("copy")}
        </button>
      </div>
      <footer>
        <span />
        <button type="button" class="quiet-button" onClick={onClose}>
          {t("done")}
        </button>
      </footer>
    </Dialog>
  );
}

export async function copy(model: Model, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    model.say(t("copied"));
  } catch {
    model.say(t("problem.copy"), true);
  }
}
