import assert from "node:assert/strict";
import { test } from "node:test";
import { Api, Problem } from "./api";
import { Collection } from "./collection";

interface Sent {
  url: string;
  init: RequestInit;
}

function fake(...answers: (Response | Error)[]): { api: Api; sent: Sent[] } {
  const sent: Sent[] = [];
  const api = new Api((url, init) => {
    sent.push({ url, init });
    const a = answers.shift();
    return a instanceof Response ? Promise.resolve(a) : Promise.reject(a ?? new Error("nobody"));
  });
  return { api, sent };
}

const json = (body: unknown, status = 200): Response => new Response(JSON.stringify(body), { status });
const headers = (s: Sent | undefined): Record<string, string> => s?.init.headers as Record<string, string>;

test("a credential goes in its header, each creation with a key of its own", async () => {
  const { api, sent } = fake(json({ id: "1" }, 201), json({ id: "2" }, 201), json({ id: "1" }));
  api.credential = "mrk_x";
  await api.create("/rooms", { a: 1 });
  await api.create("/rooms", { a: 1 });
  await api.change("/rooms/1", { id: "1", version: 7 }, {});
  assert.deepEqual(sent.map((s) => headers(s)["Authorization"]), ["Bearer mrk_x", "Bearer mrk_x", "Bearer mrk_x"]);
  assert.match(headers(sent[0])["Idempotency-Key"] ?? "", /^[0-9a-f]{32}$/);
  assert.notEqual(headers(sent[0])["Idempotency-Key"], headers(sent[1])["Idempotency-Key"]);
  assert.equal(headers(sent[2])["If-Match"], '"7"');
  assert.equal(sent[0]?.url, "/api/v1/rooms");
});

test("refusals keep code, fields and request", async () => {
  const { api } = fake(json({ code: "validation_failed", detail: "d", request_id: "r", errors: [{ field: "name", reason: "is taken" }] }, 422));
  await assert.rejects(api.get("/x"), (p: Problem) => p.status === 422 && p.code === "validation_failed" && p.errors[0]?.field === "name" && p.requestId === "r");
});

test("nobody's answer, a proxy's page and half an answer are problems, not exceptions of another kind", async () => {
  const { api } = fake(new Error("offline"), new Response("<html>", { status: 502 }), new Response("{", { status: 200 }));
  for (let i = 0; i < 3; i++) await assert.rejects(api.get("/x"), (p: Problem) => p instanceof Problem && p.code === "unreachable");
});

test("what is accepted needs no words, an answer does", async () => {
  const { api } = fake(new Response("", { status: 202 }), new Response(null, { status: 204 }), json({ id: "1" }, 202), new Response("", { status: 200 }));
  assert.deepEqual([await api.call("POST", "/x"), await api.call("POST", "/x"), await api.call("POST", "/x")], [undefined, undefined, { id: "1" }]);
  await assert.rejects(api.get("/x"), (p: Problem) => p.code === "unreachable");
});

test("an ended session is told once it is used, a wrong password is not an ended session", async () => {
  const { api } = fake(json({ code: "unauthorized" }, 401), json({ code: "unauthorized" }, 401));
  let ended = 0;
  api.onEnded = () => ended++;
  await assert.rejects(api.create("/sessions", {}));
  assert.equal(ended, 0);
  await assert.rejects(api.get("/companies"));
  assert.equal(ended, 1);
});

test("a list goes on from its cursor, and drops the answer to an older question", async () => {
  const asked: string[] = [];
  const c = new Collection((cursor) => {
    asked.push(cursor);
    return Promise.resolve(cursor === "" ? { items: [{ id: "1" }], next_cursor: "n" } : { items: [{ id: "2" }] });
  });
  await c.load();
  assert.equal(c.more.value, true);
  await c.next();
  assert.deepEqual([asked, c.items.value.map((i) => i.id), c.more.value], [["", "n"], ["1", "2"], false]);
  c.put({ id: "2", name: "new" });
  c.put({ id: "3" });
  c.drop("1");
  assert.deepEqual(c.items.value, [{ id: "3" }, { id: "2", name: "new" }]);

  const waiting: ((p: { items: { id: string }[] }) => void)[] = [];
  const slow = new Collection(() => new Promise((done) => waiting.push(done)));
  const first = slow.load();
  const second = slow.load();
  waiting[1]?.({ items: [{ id: "new" }] });
  waiting[0]?.({ items: [{ id: "old" }] });
  await Promise.all([first, second]);
  assert.deepEqual(slow.items.value.map((i) => i.id), ["new"]);
});

test("a failed list says why and can be asked again", async () => {
  let fails = true;
  const c = new Collection(() => (fails ? Promise.reject(new Problem(403, "forbidden")) : Promise.resolve({ items: [] })));
  await c.load();
  assert.deepEqual([c.state.value, c.forbidden], ["failed", true]);
  fails = false;
  await c.load();
  assert.equal(c.state.value, "ready");
});
