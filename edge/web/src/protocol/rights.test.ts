import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultRules, nothingOn, type Rules } from "./messages";
import { barred, fallen, handsUp, outside } from "./rights";
import { person } from "./roster.test";

const who = (role: string, mode: string) => ({ role, mode });
const rules = (change: Partial<Rules>): Rules => ({ ...defaultRules, ...change });

// Covers F-083.
test("what mode, role and rules let be on", () => {
  const lecture = rules({ mute_mode: "lecture" });
  const rows: [ReturnType<typeof who>, Rules, string][] = [
    [who("regular", "speaker"), defaultRules, "null null null"],
    [who("regular", "observer"), defaultRules, "null observer observer"],
    [who("regular", "viewer"), defaultRules, "viewer viewer viewer"],
    [who("moderator", "viewer"), defaultRules, "viewer viewer viewer"],
    [who("regular", "speaker"), lecture, "lecture null null"],
    [who("moderator", "speaker"), lecture, "null null null"],
    [who("regular", "speaker"), rules({ mute_mode: "quiet" }), "null null null"],
    [who("regular", "speaker"), rules({ share: "moderators" }), "null null moderators"],
    [who("moderator", "speaker"), rules({ share: "moderators" }), "null null null"],
    [who("moderator", "speaker"), rules({ share: "nobody" }), "null null nobody"],
  ];
  for (const [p, r, want] of rows) assert.equal((["mic", "camera", "share"] as const).map((s) => String(barred(p, r, s))).join(" "), want);
});

test("who is of an audience", () => {
  assert.deepEqual((["all", "speakers", "moderators", "nobody"] as const).map((a) => outside(who("regular", "viewer"), a)), [null, "viewer", "moderators", "nobody"]);
  assert.deepEqual((["all", "speakers", "moderators", "nobody"] as const).map((a) => outside(who("moderator", "viewer"), a)), [null, null, null, "nobody"]);
});

test("only what was on can fall", () => {
  assert.deepEqual(fallen({ ...nothingOn, mic: true, share: true }, { ...nothingOn, camera: true }), ["mic", "share"]);
});

test("hands stand in the order they were raised", () => {
  const up = (id: string, at: string | null) => ({ ...person(id, 1), hand: at });
  const raised = handsUp([up("a", null), up("b", "2026-11-01T10:00:00.5Z"), up("c", "2026-11-01T10:00:00Z"), up("d", "2026-11-01T10:00:00Z")]);
  assert.deepEqual(raised.map((p) => p.peer_id), ["c", "d", "b"]);
});
