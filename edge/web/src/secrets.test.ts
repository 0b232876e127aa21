import assert from "node:assert/strict";
import test from "node:test";
import { judged, Secrets } from "./secrets";

const wrong = { code: "wrong_password" };

// Covers F-055.
test("a refusal says what of the typed is wrong", () => {
  assert.equal(judged({ ...wrong, ask: true }, false, false), "asked");
  assert.equal(judged(wrong, false, false), "asked"); // from a server that says no more
  assert.equal(judged({ ...wrong, ask: true }, false, true), "asked"); // the PIN was right
  assert.equal(judged(wrong, true, false), "password");
  assert.equal(judged(wrong, false, true), "pin");
  assert.equal(judged(wrong, true, true), "either");
  assert.equal(judged({ ...wrong, retryAfter: 60 }, true, false), "pause");
});

test("only what is asked goes out, and nothing that was not typed", () => {
  const s = new Secrets();
  assert.deepEqual(s.given(), {});
  s.password.value = "tulip"; // of a field that is not there any more
  assert.deepEqual(s.given(), {});
  s.foreseen(true, true);
  assert.deepEqual(s.given(), { password: "tulip" });
  s.pin.value = " 4708 ";
  assert.deepEqual(s.given(), { password: "tulip", pin: "4708" });
});

test("the same answer twice is told twice, and a new try takes it back", () => {
  const s = new Secrets();
  s.foreseen(true, false);
  s.password.value = "lily";
  assert.ok(s.refused(wrong));
  const first = s.answers.value;
  s.tried();
  assert.equal(s.answer.value, "");
  assert.ok(s.refused(wrong));
  assert.equal(s.answer.value, "password");
  assert.equal(s.answers.value, first + 1);
});

test("a join that is asked for a password has a field from then on; other refusals are none of ours", () => {
  const s = new Secrets();
  assert.ok(!s.refused({ code: "locked" }));
  assert.equal(s.asked.value, false);
  assert.ok(s.refused({ ...wrong, ask: true }));
  assert.equal(s.asked.value, true);
  assert.equal(s.answer.value, "asked");
});
