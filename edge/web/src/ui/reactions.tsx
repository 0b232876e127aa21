// Reactions: chosen from a row, shown for a moment, kept nowhere.

import type { App } from "../app";
import { t, type Key } from "../i18n";
import type { Item } from "./menu";

const glyphs = { up: "👍", heart: "❤️", laugh: "😂", clap: "👏", party: "🎉", wow: "😮" } as const;

export function reactionRow(app: App): Item[] {
  return Object.entries(glyphs).map(([name, glyph]) => ({ label: t(`react.${name}` as Key), glyph, run: () => app.floor.react(glyph) }));
}

/** A live region says them as well, so that they are drawn only. */
export function Reactions({ app }: { app: App }) {
  return (
    <div class="reactions" aria-hidden="true">
      {app.floor.reactions.value.map((r) => (
        <div key={r.id} class="reaction">
          <span class="glyph">{r.text}</span>
          <span class="name">{r.name}</span>
        </div>
      ))}
    </div>
  );
}
