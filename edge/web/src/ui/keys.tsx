// The keys that work in the call, for those who want to know.

import type { App } from "../app";
import type { Control } from "../attributes";
import { t, type Key } from "../i18n";

/** As written on the key; Call does what they say, where the page has the control. */
const keys: readonly [key: string, does: Key, of: Control | null][] = [
  ["M", "keys.mic", "mic"],
  ["V", "keys.camera", "camera"],
  ["H", "keys.hand", "hand"],
  ["C", "chat", "chat"],
  ["L", "keys.layout", "layout"],
  ["P", "keys.pin", null],
  ["F", "screen.enter", "fullscreen"],
  ["I", "pip.open", "pip"],
  ["?", "keys.these", null],
  ["Esc", "keys.close", null],
];

export function Keys({ app }: { app: App }) {
  return (
    <section class="keys">
      <h3 id="keys" tabIndex={-1}>
        {t("keys")}
      </h3>
      <dl>
        {keys.filter(([, , of]) => of === null || (app.shows(of) && (of !== "pip" || app.pip.way !== null))).map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(does)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** Opens the list and goes to it. */
export function showKeys(open: () => void): void {
  open();
  requestAnimationFrame(() => {
    const heading = document.getElementById("keys");
    heading?.focus({ preventScroll: true });
    heading?.scrollIntoView({ block: "start" });
  });
}
