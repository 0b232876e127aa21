// What keys do in the call.

import type { App } from "../app";
import type { Control } from "../attributes";
import { showKeys } from "./keys";

const keys: Partial<Record<string, Control>> = { KeyM: "mic", KeyV: "camera", KeyH: "hand", KeyC: "chat", KeyF: "fullscreen", KeyI: "pip", KeyL: "layout" };

/** Those of a control, p, ? and Escape, or some of the first alone; unless the person is writing or choosing. */
export function shortcuts(app: App, only?: readonly string[]): (e: KeyboardEvent) => void {
  return (e) => {
    if (e.key === "Escape" && !only) {
      app.panel.value = null;
      return;
    }
    const target = e.target instanceof Element ? e.target : null;
    if (e.ctrlKey || e.metaKey || e.altKey || e.repeat || target?.closest("input, textarea, select, dialog, [role=menu]")) return;
    // By the place of the key, so that a Cyrillic layout works as well.
    if (only) {
      if (!only.includes(e.code) || !pressed(app, keys[e.code])) return;
    } else if (e.code === "KeyP" && app.shows("layout")) app.togglePin();
    else if (e.key === "?" && app.shows("settings")) showKeys(() => (app.panel.value = "settings"));
    else if (!pressed(app, keys[e.code])) return;
    e.preventDefault();
  };
}

/** Does what a control does; what the page does not show does nothing by its key either. */
function pressed(app: App, control: Control | undefined): boolean {
  if (!control || !app.shows(control)) return false;
  if (control === "hand") app.floor.toggleHand();
  else if (control === "chat") app.togglePanel("chat");
  else if (control === "fullscreen") app.fullScreen.toggle();
  else if (control === "pip") app.pip.toggle();
  else if (control === "layout") app.look.nextLayout();
  else if (control === "mic" || control === "camera") app.floor.toggle(control);
  return true;
}
