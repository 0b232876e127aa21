import assert from "node:assert/strict";
import { test } from "node:test";
import { Access, type Me } from "./access";
import { hashOf, readPlace, roomLink } from "./address";

const routes = {
  "GET /companies/{company}/rooms": "rooms:read",
  "POST /companies/{company}/rooms": "rooms:write",
  "GET /companies/{company}/users": "users:read",
  "GET /platform": "platform:read",
  "GET /me": "",
};
const host: Me = { reach: "self", permissions: ["rooms:write"] };

test("a role sees what it may, and nothing that the API lacks", () => {
  const a = new Access(routes, host);
  assert.equal(a.may("GET", "/companies/{company}/rooms"), true, "writing includes reading");
  assert.equal(a.may("POST", "/companies/{company}/rooms"), true);
  assert.equal(a.may("GET", "/companies/{company}/users"), false);
  assert.equal(a.may("DELETE", "/companies/{company}/rooms"), false);
  assert.equal(a.may("GET", "/me"), true);
});

test("where the API does not say who calls, it refuses by itself", () => {
  assert.equal(new Access(routes, null).may("GET", "/companies/{company}/users"), true);
  assert.equal(new Access(routes, null).may("GET", "/elsewhere"), false);
});

test("a key is given what the giver has, of what companies have", () => {
  assert.deepEqual(new Access(routes, host).scopes(), ["rooms:read", "rooms:write"]);
  assert.deepEqual(new Access(routes, null).scopes(), ["rooms:read", "rooms:write", "users:read"]);
});

test("a place survives the way through the address", () => {
  for (const p of [{ company: "acme", section: "rooms" }, { company: "a/b c#é", section: "keys" }]) assert.deepEqual(readPlace(hashOf(p)), p);
  assert.deepEqual(readPlace(""), { company: "", section: "" });
  assert.deepEqual(readPlace("#/%E0%A4%A/rooms"), { company: "", section: "rooms" });
});

test("a room's link has the page's own name where that is the company's", () => {
  const at = { origin: "http://127.0.0.1:8080", hostname: "127.0.0.1" };
  assert.equal(roomLink([], at, "a b"), "http://127.0.0.1:8080/m/a%20b");
  assert.equal(roomLink(["meet.acme.example", "127.0.0.1"], at, "x"), "http://127.0.0.1:8080/m/x");
  assert.equal(roomLink(["meet.acme.example"], at, "x"), "https://meet.acme.example/m/x");
});
