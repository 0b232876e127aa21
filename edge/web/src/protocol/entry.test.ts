import assert from "node:assert/strict";
import { test } from "node:test";
import { answered, ENTRY_TIMEOUT_MS, lookAhead } from "./entry";
import { FakeClock } from "./fake";

const asked = { room: "demo", kind: "call", source: "native", token: "", browser: "", name: "", attributes: { lang: "ru" } };
const entry = { name: "Ann", name_locked: true, page: "setup", role: "regular", mode: "speaker", chat: true, media: { mic_off: true, camera_off: false, mic_locked: false }, view: {}, hidden: [], room: {} };

test("the answer is an admission or a refusal, and nothing else counts", () => {
  assert.deepEqual(answered(entry), { entry });
  assert.deepEqual(answered({ refusal: { code: "locked", message: "" } }), { refusal: { code: "locked", message: "" } });
  const asks = { code: "wrong_password", message: "", ask: true };
  assert.deepEqual(answered({ ...entry, refusal: asks }), { refusal: asks, entry: { ...entry, refusal: asks } });
  for (const x of [null, 1, [], {}, { refusal: {} }, { refusal: "locked" }, { ...entry, hidden: "chat" }, { ...entry, media: null }, { ...entry, view: [] }]) assert.equal(answered(x), null, JSON.stringify(x));
});

test("the address is sent along, and a server that fails says nothing", async () => {
  const clock = new FakeClock();
  let sent = "";
  const fetcher = async (url: string | URL | Request, init?: RequestInit) => ((sent = `${init?.method} ${String(url)} ${String(init?.body)}`), Response.json(entry));
  assert.deepEqual(await lookAhead(fetcher, clock, asked), { entry });
  assert.equal(sent, `POST /api/v1/entry ${JSON.stringify(asked)}`);
  assert.equal(await lookAhead(async () => new Response("{}", { status: 429 }), clock, asked), null);
  assert.equal(await lookAhead(async () => new Response("<html>"), clock, asked), null);
  assert.equal(await lookAhead(() => Promise.reject(new TypeError("offline")), clock, asked), null);
});

test("nobody waits for a slow one", async () => {
  const clock = new FakeClock();
  let aborted = false;
  const out = lookAhead((_, init) => new Promise((_, fail) => init?.signal?.addEventListener("abort", () => ((aborted = true), fail(new Error())))), clock, asked);
  await clock.pass(ENTRY_TIMEOUT_MS);
  assert.equal(await out, null);
  assert.ok(aborted);
});
