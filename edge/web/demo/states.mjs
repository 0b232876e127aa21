// The states of the page that are photographed, each as a scenario for the
// fake server and what a person does.

const crowd = ["Mara Lindqvist", "Jonas Weber", "Aiko Tanaka", "Priya Raman", "Tomás Ortega", "Лена Соколова", "Sam Okafor", "Chloé Martin", "Ben Adler", "Noor Haddad", "Ivo Petrov", "Grace Kim", "Leo Brandt"];
const people = (n, change = {}) => crowd.slice(0, n).map((name, i) => ({ id: `p${i}`, name, mic: i % 3 !== 1, ...change[i] }));
const me = "ann-host";

const chat = [
  { from: "Jonas Weber", text: "Morning! Slides are here: https://example.org/review/q3 (draft).", minutesAgo: 6 },
  { from: "Jonas Weber", text: "Page 4 is new.", minutesAgo: 6 },
  { from: "Ann", text: "Thanks, reading it now", minutesAgo: 5 },
  { from: "Mara Lindqvist", text: "Can we start with the rollout? I have to leave a little earlier today.", minutesAgo: 2 },
];

async function join(page) {
  await page.fill("#name", "Ann Keller");
  await page.click("button[type=submit]");
  await page.waitForFunction(() => window.meridian.state().phase === "live");
}

/** Joined, and every tile that has a picture shows it. */
const call = (pictures, then) => async (page) => {
  await join(page);
  await page.waitForFunction((n) => window.meridian.state().tiles.filter((t) => t.videoWidth > 0).length >= n, pictures, { timeout: 15_000 });
  await then?.(page);
};
/** A button of the bar, or of the menu that has what the bar has no room for. */
const press = (label) => async (page) => {
  const button = page.locator(`.controls button[aria-label^="${label}"]`);
  if (await button.isVisible()) return button.click();
  await page.click(".controls button.narrow");
  await page.click(`[role=menu] [aria-label="${label}"]`);
};
/** Chooses in a menu of the people panel. */
const choose = (menu, item) => async (page) => {
  await page.click(`.panel button[aria-label="${menu}"]`);
  if (item) await page.click(`[role=menu] [aria-label="${item}"]`);
};
const then = (...steps) => async (page) => { for (const s of steps) await s(page); };
const team = people(5, { 0: { hand: 20, share: false }, 1: { mode: "speaker" }, 2: { role: "moderator" }, 4: { hand: 60 } });
const host = { me, role: "moderator", people: team };

export const states = {
  prejoin: { demo: { me }, act: async (p) => { await p.waitForSelector("video.shown"); await p.waitForSelector(".choice"); await p.mouse.click(2, 2); }, settle: 700 },
  "prejoin-ru": { demo: { me }, url: "/call/?roomId=планёрка&lang=ru", act: async (p) => void (await p.waitForSelector("video.shown")) },
  "prejoin-denied": { demo: { devices: "NotAllowedError" }, act: async (p) => void (await p.waitForSelector(".troubles")) },
  "prejoin-noname": { demo: { me }, act: async (p) => { await p.waitForSelector("video.shown"); await p.click("button[type=submit]"); } },
  joining: { demo: { me, silent: true }, act: async (p) => { await p.waitForSelector("video.shown"); await p.fill("#name", "Ann Keller"); await p.click("button[type=submit]"); }, settle: 4500, sizes: ["wide"] },
  alone: { demo: { me }, act: call(1) },
  two: { demo: { me, people: people(1) }, act: call(2, (p) => p.evaluate(() => window.fake.speak("p0"))) },
  three: { demo: { me, people: people(2) }, act: call(3) },
  five: { demo: { me, people: people(4, { 2: { camera: false }, 3: { state: "reconnecting" } }) }, act: call(4, (p) => p.evaluate(() => window.fake.speak("p0"))) },
  paused: { demo: { me, people: people(4) }, act: call(4, async (p) => { await p.evaluate(() => { window.fake.pause("p1", "camera", "bandwidth"); window.fake.pause("p2", "camera", "codec"); window.fake.speak("p0"); }); await p.waitForSelector(".paused, .mark.calm"); }) },
  "paused-ru": { demo: { me, people: people(4) }, url: "/m/weekly-sync?lang=ru", act: call(4, (p) => p.evaluate(() => { window.fake.pause("p1", "camera", "bandwidth"); window.fake.pause("p3", "camera", "source"); })), sizes: ["wide"] },
  "share-paused": { demo: { me, people: people(4, { 0: { share: true } }) }, act: async (p) => { await join(p); await p.waitForTimeout(2500); await p.evaluate(() => { window.fake.pause("p0", "share", "bandwidth"); window.fake.pause("p3", "camera", "bandwidth"); }); } },
  "pause-over": { demo: { me, people: people(2) }, act: call(3, async (p) => { await p.evaluate(() => window.fake.pause("p0", "camera", "bandwidth")); await p.waitForSelector(".paused"); await p.waitForTimeout(4000); await p.evaluate(() => window.fake.pause("p0", "camera")); await p.waitForFunction(() => window.meridian.state().tiles.filter((t) => t.videoWidth > 0).length >= 3); }), sizes: ["wide"], schemes: ["light"] },
  nine: { demo: { me, people: people(8, { 5: { camera: false, mic: false } }) }, act: async (p) => { await join(p); await p.waitForTimeout(2500); await p.evaluate(() => window.fake.speak("p2")); } },
  many: { demo: { me, people: people(13, { 3: { camera: false }, 9: { camera: false } }) }, act: async (p) => { await join(p); await p.waitForTimeout(3000); } },
  share: { demo: { me, people: people(4, { 0: { share: true } }) }, act: async (p) => { await join(p); await p.waitForTimeout(2500); await p.evaluate(() => window.fake.speak("p0")); } },
  sharing: { demo: { me, people: people(2) }, act: call(3, (p) => p.click('button[aria-label="Share screen"]')), sizes: ["wide"] },
  muted: { demo: { me, people: people(2) }, act: call(3, async (p) => { await p.keyboard.press("m"); await p.keyboard.press("v"); await p.waitForTimeout(200); }) },
  chat: { demo: { me, people: people(3), chat }, act: call(2, async (p) => { await p.evaluate(() => window.fake.speak("p0")); await press("Chat")(p); await p.fill("textarea", "On it — see you at ten."); await p.keyboard.press("Enter"); }) },
  "chat-failed": { demo: { me, people: people(1) }, act: call(1, async (p) => { await press("Chat")(p); await p.fill("textarea", "fail"); await p.keyboard.press("Enter"); }), sizes: ["wide"] },
  "chat-empty": { demo: { me, people: people(1) }, act: call(1, press("Chat")) },
  unread: { demo: { me, people: people(2) }, act: call(2, (p) => p.evaluate(() => { window.fake.say("p0", "Hello"); window.fake.say("p1", "Hi all"); window.fake.enter({ id: "p9", name: "Noor Haddad" }); })) },
  people: { demo: { me, people: people(7, { 0: { role: "moderator" }, 3: { share: true } }) }, act: call(2, press("People")) },
  connection: { demo: { me, people: people(2) }, act: call(3, async (p) => { await press("Connection")(p); await p.evaluate(() => window.fake.judge({ score: 4.3, cause: "none" }, { score: 3.1, cause: "downlink" })); await p.waitForTimeout(3500); }) },
  focus: { demo: { me, people: people(2) }, act: call(2, async (p) => { for (let i = 0; i < 3; i++) await p.keyboard.press("Tab"); }), sizes: ["wide"] },
  unplugged: { demo: { me, people: people(1) }, act: call(2, (p) => p.evaluate(() => document.querySelector('[data-tile="self"] video').srcObject.getVideoTracks()[0].dispatchEvent(new Event("ended")))), sizes: ["wide", "frame"] },
  reconnecting: { demo: { me, people: people(2) }, act: call(3, async (p) => { await p.evaluate(() => { for (const n of ["fra-1", "iad-1", "syd-1"]) window.fake.kill(n); }); await p.waitForSelector(".banner", { timeout: 12_000 }); }) },
  resumed: { demo: { me, people: people(2) }, act: call(3, async (p) => { await p.evaluate(() => window.fake.kill("fra-1")); await back(p, 20_000); }), sizes: ["wide"], schemes: ["light"] },
  moved: { demo: { me, people: people(2) }, act: call(3, async (p) => { await p.evaluate(() => window.fake.move()); await back(p, 10_000); }), sizes: ["wide"], schemes: ["light"] },
  waiting: { demo: { me, waits: true }, act: async (p) => { await p.waitForSelector("video.shown"); await p.fill("#name", "Ann Keller"); await p.click("button[type=submit]"); await p.waitForSelector(".waiting video.shown"); } },
  "waiting-ru": { demo: { me, waits: true }, url: "/m/weekly-sync?lang=ru&nameScreenDisabled=1&displayName=Аня", act: (p) => p.waitForSelector(".waiting video.shown"), settle: 700 },
  hands: { demo: { me, people: team }, act: call(3, async (p) => { await p.evaluate(() => window.fake.act("p1", { verb: "react", value: "👏" })); await press("Raise hand")(p); await p.waitForTimeout(300); }) },
  reactions: { demo: { me, people: people(2) }, act: call(3, async (p) => { const small = await p.locator('button[aria-label="More"]').isVisible(); await p.click(`button[aria-label="${small ? "More" : "Reactions"}"]`); await p.evaluate(() => { window.fake.act("p0", { verb: "react", value: "🎉" }); window.fake.act("p1", { verb: "react", value: "👍" }); }); }), settle: 600 },
  ask: { demo: { me, people: people(2) }, act: call(3, async (p) => { await p.keyboard.press("m"); await p.evaluate(() => window.fake.publish({ kind: "ask", source: "mic" })); await p.waitForSelector(".ask"); }) },
  hushed: { demo: { me, people: people(3, { 0: { role: "moderator" } }) }, act: call(3, async (p) => { await p.waitForTimeout(4200); await p.evaluate(() => window.fake.act("p0", { verb: "mute", peer_id: "me", value: "mic" })); await p.waitForSelector(".notice"); }) },
  lecture: { demo: { me, people: people(3, { 0: { role: "moderator" } }), rules: { mute_mode: "lecture" } }, act: call(3, async (p) => { await p.keyboard.press("Tab"); }) },
  viewer: { demo: { me, mode: "viewer", people: people(3, { 0: { role: "moderator" } }) }, act: call(2) },
  host: { demo: { ...host, guests: ["Nadia Rossi", "Владимир Константинопольский", "Kai"] }, act: call(2, press("People")) },
  "host-waits": { demo: host, act: call(2, (p) => p.evaluate(() => window.fake.knock("Nadia Rossi"))) },
  "person-menu": { demo: host, act: call(2, then(press("People"), choose("Actions for Mara Lindqvist"))) },
  "room-menu": { demo: { ...host, rules: { locked: true } }, act: call(2, then(press("People"), choose("Manage"))) },
  "room-menu-ru": { demo: { ...host, rules: { lobby: true } }, url: "/m/weekly-sync?lang=ru", act: call(2, then(press("Участники"), choose("Управление"))), sizes: ["wide", "phone"] },
  block: { demo: host, act: call(2, then(press("People"), choose("Actions for Jonas Weber", "Block…"))) },
  rejected: { demo: { me, waits: true }, act: async (p) => { await p.fill("#name", "Ann Keller"); await p.click("button[type=submit]"); await p.waitForSelector(".waiting"); await p.evaluate(() => window.fake.reject()); await p.waitForSelector(".final"); } },
  left: { demo: { me, people: people(1) }, act: call(1, (p) => p.click('button[aria-label="Leave"]')) },
  superseded: { demo: { me }, act: call(1, (p) => p.evaluate(() => window.fake.end("superseded"))) },
  expired: { demo: { refuse: "token_expired" }, act: refused },
  algorithm: { demo: { refuse: "token_algorithm" }, act: refused, sizes: ["wide"] },
  full: { demo: { refuse: "full" }, act: refused },
  "not-found-ru": { demo: { refuse: "not_found" }, url: "/m/weekly-sync?lang=ru", act: refused },
  "no-room": { url: "/call/", sizes: ["wide"] },
  skipped: { demo: { me, people: people(2) }, url: "/m/weekly-sync?nameScreenDisabled=1&displayName=Ann+Keller", act: async (p) => { await p.waitForFunction(() => window.meridian.state().tiles.filter((t) => t.videoWidth > 0).length >= 3); }, sizes: ["wide"] },

  // What may go wrong, in words.
  returning: { demo: { me, people: people(2) }, act: call(3, async (p) => { await p.evaluate(() => history.replaceState({ ...history.state, seat: { ...history.state.seat, ticket: "slow" } }, "")); await p.reload(); await p.waitForSelector(".loading"); }), settle: 0, sizes: ["wide"] },
  offline: { demo: { me, people: people(2) }, act: call(3, async (p) => { await p.context().setOffline(true); await p.waitForSelector(".banner"); }) },
  "check-well": { demo: { me }, act: checked },
  "check-blocked": { demo: { me, noUdp: true }, act: checked, settle: 300 },
  "check-denied": { demo: { devices: "NotAllowedError" }, act: checked },
  "check-silent-ru": { demo: { me, silent: true }, url: "/m/weekly-sync?lang=ru", act: checked },
  "unreachable": { demo: { me, silent: true }, act: async (p) => { await p.fill("#name", "Ann Keller"); await p.click("button[type=submit]"); await p.waitForSelector(".final", { timeout: 60_000 }); } },
};

/** The check of the connection, over. */
async function checked(page) {
  await page.click(".why");
  await page.waitForSelector('.checking[aria-busy="false"]', { timeout: 25_000 });
}

/** On another node under the same id, with the others' pictures moving again. */
async function back(page, timeout) {
  await page.waitForFunction(() => {
    const s = window.meridian.state();
    return s.phase === "live" && s.node === "iad-1" && s.peerId === "me" && s.attachments === 2 && s.tiles.filter((t) => t.frames > 5).length >= 3;
  }, null, { timeout });
}

async function refused(page) {
  await page.fill("#name", "Ann Keller");
  await page.click("button[type=submit]");
  await page.waitForSelector(".final");
}
