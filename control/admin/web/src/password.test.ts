import assert from "node:assert/strict";
import { test } from "node:test";
import { Api, Problem } from "./api";
import { isAbout, linkToken, wrongPassword } from "./password";

test("only a password link's secret is taken from the address", () => {
  const secret = "mrl_4c2kq7d1h8s5w3zt_k1r9mS0J2n4VvW1qzv2f8m4H0c6aXb3eYd5gTh7iUj-_";
  assert.equal(linkToken(`#${secret}`), secret);
  for (const other of ["", "#", "#/acme/rooms", "#mrs_a_b", "#mrl_", "#mrl_<b>", `#mrl_${"a".repeat(197)}`, `#x${secret}`]) assert.equal(linkToken(other), "", other);
});

test("a password is counted as the API counts it, and typed twice", () => {
  for (const [password, again, want] of [
    ["1234567", "1234567", "new password.short"],
    ["пароль", "пароль", "new password.short"], // 12 bytes, 6 characters
    ["🔑🔑🔑🔑", "🔑🔑🔑🔑", "new password.short"], // 8 units of UTF-16
    ["12345678", "12345678", ""],
    [" 234567 ", " 234567 ", ""], // nothing is trimmed
    ["12345678", "12345679", "again password.differs"],
    ["x".repeat(256), "x".repeat(256), ""],
    ["ы".repeat(129), "ы".repeat(129), "new password.long"],
  ] as const) {
    const wrong = wrongPassword(password, again);
    assert.equal(wrong ? `${wrong.field} ${wrong.why}` : "", want, password);
  }
});

test("a refusal is about the field that it names", () => {
  const p = new Problem(422, "validation_failed", "", [{ field: "body.token", reason: "is over" }]);
  assert.equal(isAbout(p, "token"), true);
  assert.equal(isAbout(p, "password"), false);
  assert.equal(isAbout(new Error("offline"), "token"), false);
});

test("a provider is where a browser would be sent", async () => {
  const answers: (Response | null)[] = [{ type: "opaqueredirect", status: 0 } as Response, new Response("{}", { status: 401 }), new Response("{}", { status: 500 }), null];
  let ended = 0;
  const api = new Api(() => {
    const a = answers.shift();
    return a ? Promise.resolve(a) : Promise.reject(new Error("offline"));
  });
  api.onEnded = () => ended++;
  assert.deepEqual([await api.leadsAway("/x"), await api.leadsAway("/x")], [true, false]);
  await assert.rejects(api.leadsAway("/x"), (e) => e instanceof Problem && e.status === 500);
  await assert.rejects(api.leadsAway("/x"), (e) => e instanceof Problem && e.code === "unreachable");
  assert.equal(ended, 0, "nobody was signed in");
});
