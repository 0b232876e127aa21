import assert from "node:assert/strict";
import { test } from "node:test";
import type { Trouble } from "./media/devices";
import { remedy, stays } from "./notice";

test("a device's trouble has the button that helps, or none where the person cannot help it", () => {
  const cases: [Trouble, choosable: boolean, ReturnType<typeof remedy>][] = [
    ["unplugged", true, "choose"],
    ["unplugged", false, "again"],
    ["denied", true, "again"],
    ["missing", true, "again"],
    ["busy", true, "again"],
    ["failed", true, "again"],
    ["frame", true, null],
    ["insecure", true, null],
  ];
  for (const [trouble, choosable, want] of cases) assert.equal(remedy({ kind: "mic", trouble }, choosable), want, trouble);
});

test("a sentence with a button stays longer", () => {
  assert.equal(stays(), 5_000);
  assert.equal(stays({ label: "end.again", run: () => {} }), 12_000);
});
