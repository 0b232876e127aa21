// A button that opens a list of actions, by pointer and by keys.

import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { mirrored } from "../i18n";
import { Icon, type IconName } from "./icons";

export interface Item {
  label: string;
  icon?: IconName;
  /** Drawn in the place of icon and label. */
  glyph?: string;
  /** One of several (radio) or on and off (check). */
  choice?: { kind: "radio" | "check"; on: boolean };
  /** Takes something away from somebody. */
  danger?: boolean;
  /** Why it cannot be done; the item stands there and does nothing. */
  off?: string;
  run: () => void;
}

interface MenuProps {
  label: string;
  /** Of the button. */
  class: string;
  /** Actions in a line, above the groups. */
  row?: Item[];
  groups?: Item[][];
  children: ComponentChildren;
}

const EDGE = 8;

export function Menu({ label, class: cls, row = [], groups = [], children }: MenuProps) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  useLayoutEffect(() => {
    if (!open || !button.current || !list.current) return;
    place(list.current, button.current.getBoundingClientRect());
    items(list.current)[0]?.focus();
    const outside = (e: Event): void => {
      const at = e.target as Node;
      if (!list.current?.contains(at) && !button.current?.contains(at)) setOpen(false);
    };
    const away = (): void => setOpen(false);
    addEventListener("pointerdown", outside, true);
    addEventListener("resize", away);
    return () => {
      removeEventListener("pointerdown", outside, true);
      removeEventListener("resize", away);
    };
  }, [open]);
  const choose = (item: Item): void => {
    if (item.off) return;
    close();
    item.run();
  };
  const filled = groups.filter((g) => g.length > 0);
  return (
    <>
      <button ref={button} class={cls} aria-label={label} title={label} aria-haspopup="menu" aria-expanded={open} onClick={() => setOpen(!open)}>
        {children}
      </button>
      {open && (
        <div ref={list} class="menu" role="menu" aria-label={label} onKeyDown={(e) => press(e, list.current, close)} onFocusOut={(e) => e.relatedTarget && !list.current?.contains(e.relatedTarget as Node) && setOpen(false)}>
          {row.length > 0 && (
            <div class="row" role="group" aria-label={label}>
              {row.map((i) => (
                <Entry key={i.label} item={i} choose={choose} />
              ))}
            </div>
          )}
          {filled.map((group, n) => (
            <div key={n} class="group" role="group" aria-label={label}>
              {group.map((i) => (
                <Entry key={i.label} item={i} choose={choose} />
              ))}
            </div>
          ))}
        </div>
      )}
    </>
  );
}

function Entry({ item, choose }: { item: Item; choose: (i: Item) => void }) {
  const role = item.choice ? (item.choice.kind === "radio" ? "menuitemradio" : "menuitemcheckbox") : "menuitem";
  return (
    <button class={item.danger ? "danger-text" : ""} role={role} tabIndex={-1} aria-label={item.off ?? item.label} title={item.glyph ? item.label : undefined} aria-checked={item.choice?.on} aria-disabled={item.off ? true : undefined} onClick={() => choose(item)}>
      {item.glyph ?? (
        <>
          <span class="lead-icon">{item.choice ? item.choice.on && <Icon name="check" size={16} /> : item.icon && <Icon name={item.icon} size={16} />}</span>
          <span>{item.off ?? item.label}</span>
        </>
      )}
    </button>
  );
}

function items(list: HTMLElement): HTMLElement[] {
  return [...list.querySelectorAll<HTMLElement>("[role^=menuitem]")];
}

/** Under the button or above it, wherever it fits; in a frame where it does not, over everything. */
function place(list: HTMLElement, at: DOMRect): void {
  const below = innerHeight - at.bottom - EDGE;
  const above = at.top - EDGE;
  const high = Math.min(list.offsetHeight, innerHeight - 2 * EDGE);
  const top = high + EDGE <= below ? at.bottom + 4 : high + EDGE <= above ? at.top - high - 4 : Math.max(EDGE, Math.min(at.top, innerHeight - high - EDGE));
  list.style.maxHeight = `${innerHeight - 2 * EDGE}px`;
  const left = Math.min(Math.max(EDGE, mirrored() ? at.left : at.right - list.offsetWidth), innerWidth - list.offsetWidth - EDGE);
  list.style.left = `${left}px`;
  list.style.top = `${top}px`;
}

function press(e: KeyboardEvent, list: HTMLElement | null, close: () => void): void {
  const all = list ? items(list) : [];
  const at = all.indexOf(document.activeElement as HTMLElement);
  const ahead = mirrored() ? -1 : 1;
  const to = { ArrowDown: at + 1, ArrowRight: at + ahead, ArrowUp: at - 1, ArrowLeft: at - ahead, Home: 0, End: -1 }[e.key];
  if (to !== undefined) all.at(to % all.length)?.focus();
  else if (e.key === "Escape" || e.key === "Tab") close();
  else return;
  if (e.key === "Tab") return;
  e.preventDefault();
  e.stopPropagation(); // what is around the menu stays open
}
