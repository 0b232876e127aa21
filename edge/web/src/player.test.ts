import assert from "node:assert/strict";
import { test } from "node:test";
import { signal } from "@preact/signals-core";
import { Player, playable } from "./player";
import { defaultRules } from "./protocol/messages";
import { emptyRoster } from "./protocol/roster";

const own = "https://meet.example";

test("only https addresses of others without credentials are shown", () => {
  for (const good of ["https://play.example/v?id=1", "HTTPS://PLAY.EXAMPLE/v", "https://meet.example:8443/v", "https://плеер.example/в"]) {
    assert.ok(playable(good, own), good);
  }
  const long = `https://play.example/${"a".repeat(2048)}`;
  for (const bad of [undefined, "", "play.example", "//play.example/", "http://play.example/", "javascript:alert(1)", "data:text/html,hi", "blob:https://play.example/1",
    "https://", "https://ann:secret@play.example/", "https://ann@play.example/", "https://meet.example/m/other", "https://play.example:99999/", long]) {
    assert.equal(playable(bad, own), null, String(bad));
  }
});

/** A room with rules of its own. */
function stand(phase: string) {
  const roster = signal(emptyRoster);
  const said: string[] = [];
  const player = new Player({ session: { roster, phase: signal(phase) } as never, own, speak: (text) => said.push(text) });
  const play = (address?: string): void => void (roster.value = { ...roster.value, rules: { ...defaultRules, ...(address === undefined ? {} : { player: address }) } });
  return { player, play, said };
}

test("the room's player is shown and said, and gone when it is removed", () => {
  const { player, play, said } = stand("live");
  assert.equal(player.address.value, null);
  play("https://play.example/one");
  assert.equal(player.address.value, "https://play.example/one");
  assert.equal(player.site.value, "play.example");
  play("https://play.example/one"); // other rules have changed
  play("https://play.example/two");
  play();
  assert.equal(player.address.value, null);
  assert.deepEqual(said, ["Watching together: play.example", "Watching together: play.example", "The player was removed"]);
});

test("what a room must not have is not shown", () => {
  const { player, play, said } = stand("live");
  play("javascript:alert(1)");
  assert.equal(player.address.value, null);
  assert.deepEqual(said, []);
});

test("who comes in is not told what their eyes find", () => {
  const { player, play, said } = stand("joining");
  play("https://play.example/one");
  assert.equal(player.address.value, "https://play.example/one");
  assert.deepEqual(said, []);
});
