import assert from "node:assert/strict";
import { test } from "node:test";
import { exchange, EXCHANGE_TRIES, newBrowser, servesOnce } from "./exchange";
import type { Clock } from "./clock";

const at = (header: unknown): string => `${Buffer.from(JSON.stringify(header)).toString("base64url")}.e30.sig`;
const clock: Clock = { now: () => 0, after: (_, run) => setTimeout(run, 0), cancel: () => {} };

/** A node that answers in turn, and what it was asked. */
function node(...answers: ([number, unknown] | null)[]): { fetch: typeof fetch; asked: string[] } {
  const asked: string[] = [];
  const f = async (url: unknown, init?: RequestInit): Promise<Response> => {
    asked.push(`${String(url)} ${String(init?.body)}`);
    const next = answers[Math.min(asked.length, answers.length) - 1];
    if (!next) throw new TypeError("network");
    return new Response(JSON.stringify(next[1]), { status: next[0] });
  };
  return { fetch: f as typeof fetch, asked };
}

test("only tokens that serve once are given up", () => {
  assert.equal(servesOnce(at({ typ: "meridian-attendee+jwt" })), true);
  assert.equal(servesOnce(at({ typ: "meridian-sso+jwt", kid: "я?>" })), true);
  for (const token of [at({ typ: "meridian-join+jwt" }), at({ alg: "RS256" }), at(null), at({ typ: 1 }), "", ".", "%.a.b"]) assert.equal(servesOnce(token), false, token);
});

test("a browser's secret is new each time and long enough", () => {
  assert.match(newBrowser(), /^[0-9a-f]{32}$/);
  assert.notEqual(newBrowser(), newBrowser());
});

test("a token is given up for a session", async () => {
  const n = node([200, { token: "session", room: "r" }]);
  assert.deepEqual(await exchange(n.fetch, clock, "once", "secret"), { token: "session" });
  assert.deepEqual(n.asked, ['/api/v1/exchange {"token":"once","browser":"secret"}']);
});

test("a lost answer is asked for again with the same secret", async () => {
  const n = node(null, [503, { code: "try_again", detail: "later" }], [200, { token: "session" }]);
  assert.deepEqual(await exchange(n.fetch, clock, "once", "secret"), { token: "session" });
  assert.equal(new Set(n.asked).size, 1);
  assert.equal(n.asked.length, 3);
});

test("a refusal is final, and patience ends", async () => {
  const used = node([401, { code: "token_expired", detail: "used" }]);
  assert.deepEqual(await exchange(used.fetch, clock, "once", "secret"), { code: "token_expired", message: "used" });
  assert.equal(used.asked.length, 1);
  const away = node(null);
  assert.deepEqual(await exchange(away.fetch, clock, "once", "secret"), { code: "try_again", message: "" });
  assert.equal(away.asked.length, EXCHANGE_TRIES);
  const odd = node([200, {}]);
  assert.deepEqual(await exchange(odd.fetch, clock, "once", "secret"), { code: "internal", message: "" });
});
