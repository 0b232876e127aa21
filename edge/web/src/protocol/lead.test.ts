import assert from "node:assert/strict";
import { test } from "node:test";
import { follow, HOLD_MS, large, nobody, type Lead } from "./lead";

const others = ["ann", "ben", "cem"];

test("before anyone speaks the first to come is large, and gives way at once", () => {
  const first = follow(nobody, "", others, 1000);
  assert.equal(first.lead.id, "ann");
  assert.equal(follow(first.lead, "cem", others, 1001).lead.id, "cem");
});

test("a speaker who has just become large stays so for a while", () => {
  const lead: Lead = { id: "ben", since: 5000 };
  assert.deepEqual(follow(lead, "cem", others, 5500), { lead, again: HOLD_MS - 500 });
  assert.deepEqual(follow(lead, "cem", others, 5000 + HOLD_MS), { lead: { id: "cem", since: 5000 + HOLD_MS }, again: null });
});

test("a remark between two sentences turns nothing around", () => {
  let lead: Lead = { id: "ben", since: 0 };
  const heard: [at: number, dominant: string][] = [[100, "cem"], [900, "ben"], [1500, "cem"], [1900, "ben"], [9000, "ben"]];
  for (const [at, dominant] of heard) ({ lead } = follow(lead, dominant, others, at));
  assert.equal(lead.id, "ben");
});

test("oneself and strangers never become large", () => {
  const lead: Lead = { id: "ben", since: 0 };
  for (const id of ["me", "", "gone"]) assert.deepEqual(follow(lead, id, others, 9000), { lead, again: null });
});

test("who leaves is followed by who speaks, else by who came first; alone by nobody", () => {
  const lead: Lead = { id: "ben", since: 0 };
  assert.equal(follow(lead, "cem", ["ann", "cem"], 10).lead.id, "cem");
  assert.equal(follow(lead, "ben", ["ann", "cem"], 10).lead.id, "ann");
  assert.equal(follow(lead, "ben", [], 10).lead.id, "");
});

test("a pin goes before a share, a share before the speaker, and what has no tile before nothing", () => {
  const here = new Set(["person:ann", "person:ben", "share:ben"]);
  const choice = { pinned: "person:ann", shares: ["share:ben"], lead: "person:ben" };
  assert.equal(large(choice, here), "person:ann");
  assert.equal(large({ ...choice, pinned: "person:gone" }, here), "share:ben");
  assert.equal(large({ ...choice, pinned: null, shares: [] }, here), "person:ben");
  assert.equal(large({ pinned: null, shares: [], lead: null }, here), null);
});
