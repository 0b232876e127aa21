// The keys that work in the call, for those who want to know.

import { t, type Key } from "../i18n";

/** As written on the key; Call does what they say. */
const keys: readonly [key: string, does: Key][] = [
  ["M", "keys.mic"],
  ["V", "keys.camera"],
  ["H", "keys.hand"],
  ["C", "chat"],
  ["?", "keys.these"],
  ["Esc", "keys.close"],
];

export function Keys() {
  return (
    <section class="keys">
      <h3 id="keys" tabIndex={-1}>
        {t("keys")}
      </h3>
      <dl>
        {keys.map(([key, does]) => (
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
