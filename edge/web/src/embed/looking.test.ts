import assert from "node:assert/strict";
import { test } from "node:test";
import { signal } from "@preact/signals-core";
import type { Refusal, Subject } from "../look";
import type { Layout } from "../ui/layout";
import { pin, reportLook, setLayout } from "./looking";

/** A view with one Ann in it; led says that a moderator decides. */
function view(led = false) {
  const layout = signal<Layout>("gallery");
  const pinned = signal<Subject | null>(null);
  return {
    layout, pinned,
    setLayout: (l: Layout): Refusal | null => (led ? "not_allowed" : ((layout.value = l), null)),
    pin: (s: Subject | null): Refusal | null => {
      if (led || (s && !s.endsWith(":ann"))) return led ? "not_allowed" : "no_such_peer";
      pinned.value = s;
      return null;
    },
  };
}

test("only words of the list are layouts, only strings and null pin", () => {
  const look = view();
  for (const word of ["cinema", "", null, 3, "toString", {}]) assert.throws(() => setLayout(look, word), { code: "bad_message" });
  for (const id of [undefined, "", 3, {}, ["ann"]]) assert.throws(() => pin(look, id, false), { code: "bad_message" });
  assert.throws(() => pin(look, "zoe", false), { code: "no_such_peer" });
});

test("who is led by a moderator chooses nothing from around the frame either", () => {
  assert.throws(() => setLayout(view(true), "strip"), { code: "not_allowed" });
  assert.throws(() => pin(view(true), null, false), { code: "not_allowed" });
});

test("every change is told once, whoever made it", () => {
  const look = view();
  const told: [string, object][] = [];
  reportLook(look, (event, detail) => told.push([event, detail]));
  setLayout(look, "strip");
  setLayout(look, "strip");
  pin(look, "ann", false);
  pin(look, "ann", true);
  look.pinned.value = "player"; // nobody's
  assert.deepEqual(told, [
    ["layoutchanged", { layout: "strip" }],
    ["pinchanged", { peerId: "ann", share: false }],
    ["pinchanged", { peerId: "ann", share: true }],
    ["pinchanged", { peerId: null, share: false }],
  ]);
});
