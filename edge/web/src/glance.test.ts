import assert from "node:assert/strict";
import { signal } from "@preact/signals-core";
import { test } from "node:test";
import { GLANCE_MS, Glance } from "./glance";
import { FakeClock, settle } from "./protocol/fake";
import type { Assignment } from "./protocol/messages";

function make() {
  const clock = new FakeClock();
  const session = { glanced: signal(""), confirmed: signal<Assignment>({ video: [null, "a"], audio: [] }) };
  const glance = new Glance(session, clock);
  const show = (...video: (string | null)[]): void => void (session.confirmed.value = { video, audio: [] });
  return { clock, session, glance, show };
}

test("a slot is taken for as long as it is used, and then given back", async () => {
  const { session, glance, show } = make();
  let done = (_: string): void => {};
  const taken = glance.at("b", (slot) => new Promise<string>((d) => (done = (x) => d(`${x} of ${slot}`))));
  await settle();
  assert.deepEqual([session.glanced.value, glance.aside.value?.track, glance.aside.value?.priority], ["b", "b", "other"]);
  show("b", "a");
  await settle();
  done("picture");
  assert.equal(await taken, "picture of 0");
  assert.deepEqual([session.glanced.value, glance.aside.value], ["", null]);
});

test("what a slot shows already is used at once", async () => {
  const { glance } = make();
  assert.equal(await glance.at("a", (slot) => Promise.resolve(slot)), 1);
});

test("no slot in time is nothing, and holds up nobody", async () => {
  const { clock, session, glance } = make();
  const first = glance.at("b", () => Promise.resolve("used"));
  const second = glance.at("a", () => Promise.resolve("second"));
  await clock.pass(GLANCE_MS);
  assert.deepEqual([await first, await second, session.glanced.value], [undefined, "second", ""]);
});

test("one that fails gives the slot back", async () => {
  const { session, glance } = make();
  await assert.rejects(glance.at("a", () => Promise.reject(new Error("no"))), /no/);
  assert.equal(session.glanced.value, "");
});
