import assert from "node:assert/strict";
import { test } from "node:test";
import { Crowd, TYPING_MS } from "./crowd";
import { FakeClock, settle } from "./protocol/fake";
import type { Lookup, Page } from "./protocol/messages";
import { person } from "./protocol/roster.test";

const page = (ids: string[], next = "", total = ids.length): Page => ({ type: "people", id: "", people: ids.map((id, i) => person(id, i)), next, total });
const ids = (c: Crowd): string => c.people.value.map((p) => p.peer_id).join(" ");

/** A crowd whose lookups are answered by hand. */
function asked() {
  const clock = new FakeClock();
  const open: { q: Lookup; answer: (a: Page | string) => Promise<void> }[] = [];
  const crowd = new Crowd((q) => new Promise((done) => open.push({ q, answer: async (a) => (done(a), await settle()) })), clock);
  return { clock, crowd, open };
}

test("the first page comes on opening, the next on scrolling, each once", async () => {
  const { crowd, open } = asked();
  crowd.open();
  await open[0]?.answer(page(["a", "b"], "b", 3));
  assert.equal(ids(crowd), "a b");
  assert.equal(crowd.total.value, 3);
  crowd.further();
  crowd.further(); // one is on its way
  assert.equal(open.length, 2);
  assert.equal(open[1]?.q.after, "b");
  await open[1]?.answer(page(["b", "c"], "", 3)); // renamed meanwhile, so told again
  assert.equal(ids(crowd), "a b c");
  assert.equal(crowd.more.value, false);
  crowd.further();
  assert.equal(open.length, 2);
});

test("typing asks once, and an older answer does not overtake", async () => {
  const { clock, crowd, open } = asked();
  crowd.open();
  crowd.search("an");
  crowd.search("ann");
  await clock.pass(TYPING_MS);
  assert.deepEqual(open.map((o) => o.q.match), ["", "ann"]);
  await open[1]?.answer(page(["ann"]));
  await open[0]?.answer(page(["a", "b"]));
  assert.equal(ids(crowd), "ann");
});

test("closing forgets, also what is still on its way", async () => {
  const { crowd, open } = asked();
  crowd.open();
  crowd.close();
  await open[0]?.answer(page(["a"]));
  assert.equal(ids(crowd), "");
  assert.equal(crowd.total.value, null);
});

test("a refusal is said and what is there stays", async () => {
  const { crowd, open } = asked();
  crowd.open();
  await open[0]?.answer(page(["a"], "a", 2));
  crowd.further();
  await open[1]?.answer("rate_limited");
  assert.equal(crowd.failed.value, "rate_limited");
  assert.equal(ids(crowd), "a");
  assert.equal(crowd.loading.value, false);
});

test("who was removed is not listed any more", async () => {
  const { crowd, open } = asked();
  crowd.open();
  await open[0]?.answer(page(["a", "b"]));
  crowd.without("a");
  crowd.without("x");
  assert.equal(ids(crowd), "b");
  assert.equal(crowd.total.value, 1);
});
