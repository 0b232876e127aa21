import assert from "node:assert/strict";
import { test } from "node:test";
import { signal } from "@preact/signals-core";
import { setLang } from "./i18n";
import { Look, STAGE_MS, type Subject } from "./look";
import { FakeClock, settle } from "./protocol/fake";
import { defaultRules, type Act, type Stage } from "./protocol/messages";
import { emptyRoster } from "./protocol/roster";
import { person } from "./protocol/roster.test";
import type { Layout } from "./ui/layout";

interface Change {
  role?: string;
  begins?: Layout | null;
  remembered?: string;
  stage?: Stage;
  outcome?: string;
}

/** A look into a room that is set by hand, with what was asked of it and said. */
function stand(change: Change = {}) {
  setLang("en");
  const asked: Stage[] = [];
  const said: string[] = [];
  const kept = new Map(change.remembered ? [["layout", change.remembered]] : []);
  const people = [person("me", 0), { ...person("ann", 1), name: "Ann" }, person("ben", 2, ["share", "camera"]), { ...person("vic", 3), mode: "viewer" }];
  const roster = signal({ ...emptyRoster, people, rules: { ...defaultRules, stage: change.stage ?? { on: false } } });
  const phase = signal("live");
  const role = signal(change.role ?? "regular");
  const clock = new FakeClock();
  const session = {
    roster, phase, joined: signal({ peer_id: "me" }),
    act: (a: Act) => (a.verb === "stage" && asked.push(a.value), Promise.resolve(change.outcome ?? "")),
  };
  const look = new Look({
    session: session as never,
    moderates: { get value() { return role.value === "moderator"; } },
    store: { get: (k) => kept.get(k) ?? null, set: (k, v) => void kept.set(k, v) },
    clock,
    tell: (text) => said.push(text),
    speak: (text) => said.push(`aloud ${text}`),
  });
  look.begin({ layout: change.begins ?? null, minimizeTiles: false, videoFirst: false });
  const rule = (stage: Stage): void => void (roster.value = { ...roster.value, rules: { ...roster.value.rules, stage } });
  return { look, roster, phase, asked, said, kept, clock, rule };
}

// Covers F-071, F-134.
test("the layout to begin with: the attribute, else what was remembered, else the gallery", () => {
  const begin = (c: Change): string => stand(c).look.layout.value;
  assert.equal(begin({}), "gallery");
  assert.equal(begin({ remembered: "left-side-speaker" }), "left-side-speaker");
  assert.equal(begin({ begins: "bottom-speaker", remembered: "strip" }), "bottom-speaker");
});

test("what the server decides changes the view, unless it is what held already", () => {
  const { look } = stand();
  const was = { layout: null, minimizeTiles: false, videoFirst: false };
  look.setLayout("strip");
  look.begin(was, was);
  assert.equal(look.layout.value, "strip");
  const now = { layout: "left-side-speaker", minimizeTiles: true, videoFirst: true } as const;
  look.begin(now, was);
  assert.deepEqual([look.layout.value, look.small.value, look.videoFirst.value], ["left-side-speaker", true, true]);
});

test("what a person chooses is remembered and nobody else's", () => {
  const { look, kept, asked } = stand();
  assert.equal(look.setLayout("strip"), null);
  assert.equal(look.pin("person:ann"), null);
  assert.deepEqual([look.layout.value, look.pinned.value, kept.get("layout"), asked.length], ["strip", "person:ann", "strip", 0]);
  look.togglePin("person:ann");
  assert.equal(look.pinned.value, null);
});

// Covers F-075.
test("only who has a tile can be pinned, and who leaves is not", () => {
  const { look, roster } = stand();
  for (const s of ["person:zoe", "person:vic", "share:ann", "share:me"] as Subject[]) assert.equal(look.pin(s), "no_such_peer", s);
  assert.equal(look.pin("share:ben"), null);
  assert.equal(look.pin("person:ann"), null);
  roster.value = { ...roster.value, people: roster.value.people.filter((p) => p.peer_id !== "ann") };
  assert.equal(look.pinned.value, null);
});

test("a spotlight is everybody's, and gives way to an own pin", () => {
  const { look, rule } = stand();
  rule({ on: false, pinned: "person:ann", by: "ann" });
  assert.deepEqual([look.pinned.value, look.spotlight.value], ["person:ann", "person:ann"]);
  look.pin("share:ben");
  assert.deepEqual([look.pinned.value, look.spotlight.value], ["share:ben", "person:ann"]);
  look.pin(null);
  look.togglePin("person:ann"); // what is lit can be pinned as well
  rule({ on: false });
  assert.equal(look.pinned.value, "person:ann");
});

test("who is led sees the presenter's view, may not change it, and may look apart", () => {
  const { look, rule, said } = stand();
  look.setLayout("strip");
  rule({ on: true, layout: "bottom-speaker", pinned: "share:ben", by: "ann" });
  assert.deepEqual([look.layout.value, look.pinned.value, look.led.value], ["bottom-speaker", "share:ben", true]);
  assert.deepEqual(said, ["Ann is presenting"]);
  assert.deepEqual([look.setLayout("gallery"), look.pin("person:ann")], ["not_allowed", "not_allowed"]);
  look.apart.value = true;
  assert.deepEqual([look.layout.value, look.pinned.value, look.setLayout("gallery")], ["strip", null, null]);
  rule({ on: true, layout: "left-side-speaker", by: "ann" });
  assert.equal(look.layout.value, "gallery", "apart through changes");
  look.apart.value = false;
  assert.equal(look.layout.value, "left-side-speaker");
});

test("when the presentation ends each sees their own again, and follows the next", () => {
  const { look, rule, said } = stand();
  rule({ on: true, layout: "strip", by: "ann" });
  look.apart.value = true;
  rule({ on: false, by: "ann" });
  assert.equal(said.at(-1), "You see your own view again");
  rule({ on: true, layout: "strip", by: "ann" });
  assert.equal(look.layout.value, "strip");
});

test("words of a room that make no sense here are the gallery and no pin", () => {
  const { look } = stand({ stage: { on: true, layout: "<b>", pinned: "constructor", by: "gone" } });
  assert.deepEqual([look.layout.value, look.pinned.value, look.presenting()], ["gallery", null, "A moderator is presenting"]);
});

test("a moderator who presents takes all along, at once and then at most every 200 ms", async () => {
  const { look, asked, clock } = stand({ role: "moderator" });
  look.setLayout("bottom-speaker");
  look.present(true);
  assert.deepEqual(asked, [{ on: true, layout: "bottom-speaker", pinned: "" }]);
  look.pin("person:ann");
  look.setLayout("left-side-speaker");
  assert.deepEqual([look.layout.value, look.pinned.value], ["left-side-speaker", "person:ann"], "the own hand sees itself at once");
  assert.equal(asked.length, 1);
  await clock.pass(STAGE_MS);
  assert.deepEqual(asked.slice(1), [{ on: true, layout: "left-side-speaker", pinned: "person:ann" }]);
});

// Covers F-095.
test("of two moderators the later holds, also over what was not answered yet", async () => {
  const { look, rule, asked, clock } = stand({ role: "moderator", stage: { on: true, layout: "strip", by: "ann" } });
  look.setLayout("gallery");
  assert.equal(look.layout.value, "gallery");
  rule({ on: true, layout: "bottom-speaker", by: "ann" });
  assert.equal(look.layout.value, "bottom-speaker");
  look.setLayout("left-side-speaker");
  await clock.pass(STAGE_MS);
  rule({ ...(asked.at(-1) as Stage), by: "me" });
  rule({ on: true, layout: "strip", by: "ann" });
  assert.equal(look.layout.value, "strip");
});

test("the own hand is told aloud only: the screen shows it", () => {
  const { look, said } = stand({ role: "moderator" });
  look.nextLayout();
  look.present(true);
  assert.deepEqual(said, ["aloud Speaker, others below", "aloud Everyone sees your view"]);
});

test("an older word of one's own does not undo a newer hand", () => {
  const { look, rule } = stand({ role: "moderator", stage: { on: true, layout: "gallery", by: "me" } });
  look.setLayout("strip");
  rule({ on: true, layout: "bottom-speaker", pinned: "", by: "me" });
  assert.equal(look.layout.value, "strip");
});

test("what the room refuses is not shown as done", async () => {
  const { look, said } = stand({ role: "moderator", outcome: "not_allowed" });
  look.light("person:ann");
  assert.equal(look.pinned.value, "person:ann");
  await settle();
  assert.equal(look.pinned.value, null);
  assert.equal(said.at(-1), "You may not do that here.");
});

test("a spotlight while presenting is the presenter's pin", async () => {
  const { look, asked, clock } = stand({ role: "moderator" });
  look.light("person:ann");
  assert.deepEqual(asked, [{ on: false, pinned: "person:ann" }]);
  look.present(true);
  await clock.pass(STAGE_MS);
  assert.deepEqual(asked.at(-1), { on: true, layout: "gallery", pinned: "person:ann" });
  assert.deepEqual([look.spotlight.value, look.pinned.value], [null, "person:ann"]);
});

test("the room's player can be pinned and put before all, while there is one", () => {
  const { look, roster, asked } = stand({ role: "moderator" });
  const plays = (player?: string): void => void (roster.value = { ...roster.value, rules: { ...defaultRules, ...(player ? { player } : {}) } });
  assert.equal(look.pin("player"), "no_such_peer");
  plays("https://play.example/");
  assert.equal(look.pin("player"), null);
  assert.equal(look.pinned.value, "player");
  plays();
  assert.equal(look.pinned.value, null);
  look.light("player");
  assert.equal(look.spotlight.value, "player");
  assert.deepEqual(asked, [{ on: false, pinned: "player" }]);
});
