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
  // What is a menu in the bar is a part of this one.
  if (label !== "Layout" && label !== "Раскладка") await page.click(`[role=menu] [aria-label="${label}"]`);
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
  hushed: { demo: { me, people: people(3, { 0: { role: "moderator" } }) }, act: call(3, async (p) => { await p.evaluate(() => window.fake.act("p0", { verb: "mute", peer_id: "me", value: "mic" })); await p.waitForSelector(".notice"); }) },
  lecture: { demo: { me, people: people(3, { 0: { role: "moderator" } }), rules: { mute_mode: "lecture" } }, act: call(3, async (p) => { await p.keyboard.press("Tab"); }) },
  viewer: { demo: { me, mode: "viewer", people: people(3, { 0: { role: "moderator" } }) }, act: call(2) },
  host: { demo: { ...host, guests: ["Nadia Rossi", "Владимир Константинопольский", "Kai"] }, act: call(2, press("People")) },
  "host-waits": { demo: host, act: call(2, (p) => p.evaluate(() => window.fake.knock("Nadia Rossi"))) },
  "person-menu": { demo: host, act: call(2, then(press("People"), choose("Actions for Mara Lindqvist"))) },
  "room-menu": { demo: { ...host, rules: { locked: true } }, act: call(2, then(press("People"), choose("Manage"))) },
  "room-menu-ru": { demo: { ...host, rules: { lobby: true } }, url: "/m/weekly-sync?lang=ru", act: call(2, then(press("Участники"), choose("Управление"))), sizes: ["wide", "phone"] },
  rules: { demo: { ...host, rules: { chat: "moderators", bitrate: 1_000_000 } }, act: call(2, then(press("People"), choose("Manage", "Meeting settings…"))) },
  "rules-ru": { demo: { ...host, rules: { bitrate: 1_200_000 } }, url: "/m/weekly-sync?lang=ru", act: call(2, then(press("Участники"), choose("Управление", "Настройки встречи…"))) },
  "chat-barred": { demo: { me, people: people(3, { 0: { role: "moderator" } }), chat, rules: { chat: "moderators" } }, act: call(2, press("Chat")) },
  block: { demo: host, act: call(2, then(press("People"), choose("Actions for Jonas Weber", "Block…"))) },
  rejected: { demo: { me, waits: true }, act: async (p) => { await p.fill("#name", "Ann Keller"); await p.click("button[type=submit]"); await p.waitForSelector(".waiting"); await p.evaluate(() => window.fake.reject()); await p.waitForSelector(".final"); } },
  "webinar-door": { demo: { me }, url: "/webinar/?roomId=all-hands", act: async (p) => { await p.fill("#name", "Ann Keller"); } },
  "webinar-viewer": { demo: { me, mode: "viewer", viewers: 1482, people: people(3, { 0: { role: "moderator" } }) }, url: "/webinar/?roomId=all-hands", act: call(2, press("People")) },
  "webinar-host": { demo: { me, role: "moderator", viewers: 1482, people: people(3) }, url: "/webinar/?roomId=all-hands", act: call(2, async (p) => { await press("People")(p); await p.waitForSelector(".viewers li"); }) },
  "webinar-search": { demo: { me, role: "moderator", viewers: 1482, people: people(2) }, url: "/webinar/?roomId=all-hands", act: call(1, async (p) => { await press("People")(p); await p.fill(".viewers input", "chen"); await p.waitForFunction(() => document.querySelector(".viewers [role=status]")?.textContent); await p.locator(".viewers input").scrollIntoViewIfNeeded(); }) },
  "webinar-host-ru": { demo: { me, role: "moderator", viewers: 1482, people: people(2) }, url: "/webinar/?roomId=планёрка&lang=ru", act: call(1, async (p) => { await press("Участники")(p); await p.waitForSelector(".viewers li"); }), sizes: ["wide"] },
  left: { demo: { me, people: people(1) }, act: call(1, (p) => p.click('button[aria-label="Leave"]')) },
  "over-by": { demo: { me, people: people(1) }, act: call(1, (p) => p.evaluate(() => window.fake.end("room_closed", "p0"))) },
  superseded: { demo: { me }, act: call(1, (p) => p.evaluate(() => window.fake.end("superseded"))) },
  expired: { demo: { refuse: "token_expired" }, act: refused },
  algorithm: { demo: { refuse: "token_algorithm" }, act: refused, sizes: ["wide"] },
  full: { demo: { refuse: "full" }, act: refused },
  "not-found-ru": { demo: { refuse: "not_found" }, url: "/m/weekly-sync?lang=ru", act: refused },
  photos: { demo: { me, people: people(4, { 0: { camera: false, photo: true }, 1: { camera: false }, 2: { camera: false, photo: true } }), chat }, act: call(2, async (p) => { await p.waitForSelector(".avatar img"); await press("People")(p); }) },
  "no-room": { url: "/call/", sizes: ["wide"] },
  skipped: { demo: { me, people: people(2) }, url: "/m/weekly-sync?nameScreenDisabled=1&displayName=Ann+Keller", act: async (p) => { await p.waitForFunction(() => window.meridian.state().tiles.filter((t) => t.videoWidth > 0).length >= 3); }, sizes: ["wide"] },
  // Languages: the longest words, and the other direction.
  "prejoin-de": { demo: { me }, url: "/m/weekly-sync?lang=de", act: async (p) => void (await p.waitForSelector("video.shown")) },
  "prejoin-ar": { demo: { me, devices: "NotAllowedError" }, url: "/m/weekly-sync?lang=ar", act: async (p) => void (await p.waitForSelector(".troubles")) },
  "call-de": { demo: { me, people: team, rules: { mute_mode: "lecture" } }, url: "/m/weekly-sync?lang=de", act: call(3, async (p) => { await p.evaluate(() => { window.fake.pause("p1", "camera", "bandwidth"); window.fake.act("p1", { verb: "react", value: "👏" }); }); }) },
  "call-ar": { demo: { me, people: [...people(3), { id: "p9", name: "نور حداد", hand: 5 }] }, url: "/m/weekly-sync?lang=ar", act: call(3, async (p) => { await p.evaluate(() => { window.fake.pause("p1", "camera", "bandwidth"); window.fake.speak("p0"); window.fake.act("p9", { verb: "react", value: "👏" }); }); }) },
  "two-ar": { demo: { me, people: people(1) }, url: "/m/weekly-sync?lang=ar", act: call(2, (p) => p.evaluate(() => window.fake.publish({ kind: "ask", source: "mic" }))) },
  "share-ar": { demo: { me, people: people(4, { 0: { share: true } }) }, url: "/m/weekly-sync?lang=ar", act: async (p) => { await join(p); await p.waitForTimeout(2500); } },
  "chat-ar": { demo: { me, people: people(3), chat: [...chat, { from: "Jonas Weber", text: "صباح الخير! هل نبدأ؟ Q3 جاهز.", minutesAgo: 1 }] }, url: "/m/weekly-sync?lang=ar", act: call(2, async (p) => { await press("الدردشة")(p); await p.fill("textarea", "نعم، نبدأ الآن."); await p.keyboard.press("Enter"); }) },
  "host-ar": { demo: { ...host, guests: ["Nadia Rossi", "نور حداد"] }, url: "/m/weekly-sync?lang=ar", act: call(2, press("المشاركون")) },
  "room-menu-ar": { demo: host, url: "/m/weekly-sync?lang=ar", act: call(2, then(press("المشاركون"), choose("إدارة"))) },
  "host-de": { demo: { ...host, guests: ["Nadia Rossi", "Kai"] }, url: "/m/weekly-sync?lang=de", act: call(2, then(press("Personen"), choose("Aktionen für Mara Lindqvist"))) },
  "room-menu-de": { demo: host, url: "/m/weekly-sync?lang=de", act: call(2, then(press("Personen"), choose("Verwalten"))) },
  "connection-ar": { demo: { me, people: people(2) }, url: "/m/weekly-sync?lang=ar", act: call(3, async (p) => { await press("الاتصال")(p); await p.waitForTimeout(2500); }) },
  "locked-de": { demo: { refuse: "token_malformed" }, url: "/m/weekly-sync?lang=de", act: refused },
  "waiting-zh": { demo: { me, waits: true }, url: "/m/weekly-sync?lang=zh&nameScreenDisabled=1&displayName=Ann", act: (p) => p.waitForSelector(".waiting video.shown"), settle: 700 },
  settings: { demo: { me, people: people(3) }, act: call(2, press("Settings")) },
  "settings-ar": { demo: { me, people: people(3) }, url: "/m/weekly-sync?lang=ar", act: call(2, press("الإعدادات")) },
  "settings-de": { demo: { me, people: people(3) }, url: "/m/weekly-sync?lang=de", act: call(2, async (p) => { await p.keyboard.press("?"); await p.waitForSelector(".keys", { state: "attached" }); }), schemes: ["light"] },
};

// Layouts: each with people enough to fill it, somebody speaking.
const every = ["wide", "frame", "phone", "huge"];
const speaks = (id, n = 2) => call(n, async (p) => { await p.evaluate((id) => window.fake.speak(id), id); await p.waitForTimeout(300); });
const view = (layout, n = 6, change = {}, more = {}) => ({ demo: { me, people: people(n, { 5: { camera: false }, ...change }), ...more }, url: `/m/weekly-sync?view=${layout}`, act: speaks("p2"), sizes: every });
const presents = { locked: false, stage: { on: true, layout: "bottom-speaker", pinned: "person:p2", by: "p0" } };
Object.assign(states, {
  "layout-gallery": view("gallery"),
  "layout-bottom": view("bottom-speaker"),
  "layout-side": view("left-side-speaker"),
  "layout-bottom-two": view("bottom-speaker", 1),
  "layout-bottom-many": view("bottom-speaker", 13),
  "layout-side-share": view("left-side-speaker", 4, { 0: { share: true } }),
  "layout-strip": { ...view("gallery", 8), url: "/m/weekly-sync?strip_layout=true", sizes: ["strip", "low", "wide", "phone"] },
  "layout-strip-share": { ...view("gallery", 4, { 0: { share: true } }), url: "/m/weekly-sync?strip_layout=true", sizes: ["strip"], schemes: ["light"] },
  "layout-small": { demo: { me, people: Array.from({ length: 49 }, (_, i) => ({ id: `q${i}`, name: `${crowd[i % 13].split(" ")[0]} ${"ABCDE"[i % 5]}.`, camera: i < 9, mic: i % 3 > 0 })) }, url: "/m/weekly-sync?minimizeTiles=true&sortPeers=true", act: speaks("q2", 5), sizes: every },
  "layout-menu": { demo: { me, people: people(3) }, act: call(3, press("Layout")), sizes: ["wide", "frame", "phone", "strip", "middle"] },
  pinned: { demo: { me, people: people(5, { 4: { camera: false } }) }, act: call(4, async (p) => { await p.evaluate(() => window.fake.speak("p0")); await p.click('[data-tile="person:p3"] .pins button', { force: true }); await p.hover('[data-tile="person:p1"]'); await p.waitForTimeout(400); }) },
  "pinned-hover": { demo: { ...host, people: people(3) }, act: call(3, async (p) => { await p.hover('[data-tile="person:p1"]'); }), sizes: ["wide", "frame"] },
  spotlight: { demo: { me, people: people(4), rules: { stage: { on: false, pinned: "person:p1", by: "p0" } } }, act: call(4) },
  presented: { demo: { me, people: people(4, { 0: { role: "moderator" } }), rules: presents }, act: call(4, press("Layout")), sizes: ["wide", "frame", "phone"] },
  presenting: { demo: { me, role: "moderator", people: people(4) }, act: call(4, async (p) => { await p.keyboard.press("p"); await p.keyboard.press("l"); await press("Layout")(p); await p.click('[role=menu] [aria-label="Present my view to everyone"]'); await p.waitForSelector(".presenting"); await p.waitForTimeout(500); }) },
  "presented-ru": { demo: { me, people: people(3, { 0: { role: "moderator" } }), rules: presents }, url: "/m/weekly-sync?lang=ru", act: call(3, press("Раскладка")), sizes: ["wide", "phone"], schemes: ["light"] },
});

// Attributes, looks and what is said of the room.
const svg = (text) => `data:image/svg+xml;base64,${Buffer.from(text).toString("base64")}`;
const logo = svg('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 132 32"><circle cx="16" cy="16" r="13" fill="#b3125a"/><circle cx="16" cy="16" r="5" fill="#fff"/><text x="38" y="23" font-family="sans-serif" font-size="21" font-weight="700" fill="#b3125a">Brightly</text></svg>');
const ground = svg('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 450" preserveAspectRatio="xMidYMid slice"><defs><linearGradient id="g" x2="1" y2="1"><stop stop-color="#ffd7a8"/><stop offset="1" stop-color="#b3125a"/></linearGradient></defs><rect width="800" height="450" fill="url(#g)"/><circle cx="640" cy="90" r="180" fill="#fff" opacity=".25"/></svg>');
const brand = { name: "Brightly", logo, link: "https://brightly.example/", colour: "#b3125a" };
const facts = { name: "Weekly sync with Brightly", code: "4711888", dial_in: ["+442071234567", "+4930123456"] };
Object.assign(states, {
  "brand-prejoin": { demo: { me, looks: brand, entry: { room: facts } }, act: async (p) => { await p.waitForSelector("video.shown"); await p.waitForSelector(".choice"); } },
  "brand-ground": { demo: { me, looks: { ...brand, background: ground }, entry: {} }, act: async (p) => { await p.waitForSelector("video.shown"); await p.waitForSelector(".choice"); } },
  "brand-yellow": { demo: { me, looks: { ...brand, colour: "#ffd500" }, entry: {} }, act: async (p) => void (await p.waitForSelector("video.shown")), sizes: ["wide"] },
  "brand-call": { demo: { me, people: people(3, { 0: { hand: 3 } }), chat, looks: { ...brand, background: ground }, entry: { room: facts } }, act: call(2, press("Chat")) },
  "brand-alone": { demo: { me, looks: { ...brand, background: "#123a2f" } }, act: call(1), sizes: ["wide", "frame"] },
  "brand-refused": { demo: { looks: { ...brand, background: ground }, early: { code: "too_early", message: "", opens: "2026-11-24T09:00:00Z" } }, act: (p) => p.waitForSelector(".final") },
  "early-ru": { demo: { early: { code: "token_expired", message: "" } }, url: "/m/weekly-sync?lang=ru", act: (p) => p.waitForSelector(".final"), sizes: ["wide", "phone"] },
  "name-locked": { demo: { me, entry: { name: "Dr. Ann Keller", name_locked: true, media: { mic_off: true, camera_off: false, mic_locked: false } } }, act: async (p) => { await p.waitForSelector(".given"); await p.waitForSelector("video.shown"); } },
  "name-only": { demo: { me, entry: { page: "name" } }, act: (p) => p.waitForSelector(".brief") },
  "hidden-controls": { demo: { me, people: people(3), entry: { hidden: ["share", "chat", "reactions", "hand", "connection", "info"] } }, act: call(3) },
  "hidden-all": { demo: { me, people: people(3), entry: { view: { controlsDisabled: "true" } } }, act: call(3) },
  info: { demo: { me, people: people(2), entry: { room: facts } }, act: call(2, async (p) => { const room = p.locator(".controls button.room"); if (await room.isVisible()) return room.click(); await press("Meeting information")(p); }) },
  "info-ru": { demo: { me, people: people(2), entry: { room: facts } }, url: "/m/weekly-sync?lang=ru", act: call(2, (p) => p.click(".controls button.room")), sizes: ["wide"] },
});

// What may go wrong, in words.
Object.assign(states, {
  returning: { demo: { me, people: people(2) }, act: call(3, async (p) => { await p.evaluate(() => history.replaceState({ ...history.state, seat: { ...history.state.seat, ticket: "slow" } }, "")); await p.reload(); await p.waitForSelector(".loading"); }), settle: 0, sizes: ["wide"] },
  offline: { demo: { me, people: people(2) }, act: call(3, async (p) => { await p.context().setOffline(true); await p.waitForSelector(".banner"); }) },
  "check-well": { demo: { me }, act: checked },
  "check-blocked": { demo: { me, noUdp: true }, act: checked, settle: 300 },
  "check-denied": { demo: { devices: "NotAllowedError" }, act: checked },
  "check-silent-ru": { demo: { me, silent: true }, url: "/m/weekly-sync?lang=ru", act: checked },
  "unreachable": { demo: { me, silent: true }, act: async (p) => { await p.fill("#name", "Ann Keller"); await p.click("button[type=submit]"); await p.waitForSelector(".final", { timeout: 60_000 }); } },
});

// The small window, and sentences with what helps.
const apart = (pictures) => call(pictures, async (p) => { await p.keyboard.press("i"); await p.frameLocator("iframe").locator(".pip .label").waitFor(); await p.waitForTimeout(600); });
const small = { width: 400, height: 280 };
Object.assign(states, {
  pip: { demo: { me, small, people: people(2) }, act: apart(3), sizes: ["wide"] },
  "pip-face": { demo: { me, small, people: people(1, { 0: { camera: false, mic: false } }) }, act: apart(1), sizes: ["wide"] },
  "pip-least": { demo: { me, small: { width: 240, height: 135 }, people: people(2, { 0: { name: "Константин Константинопольский-Задунайский" } }) }, url: "/m/weekly-sync?lang=ru", act: apart(3), sizes: ["wide"] },
  "pip-share-ar": { demo: { me, small, people: people(2, { 0: { share: true } }) }, url: "/m/weekly-sync?lang=ar", act: apart(3), sizes: ["wide"] },
  "notice-again": { demo: { devices: "NotFoundError", people: people(2) }, act: async (p) => { await join(p); await press("Unmute")(p); await p.waitForSelector(".notice button"); } },
  notices: { demo: { me, people: people(2) }, act: call(3, async (p) => { await p.evaluate(() => { document.querySelector('[data-tile="self"] video').srcObject.getVideoTracks()[0].dispatchEvent(new Event("ended")); window.fake.enter({ id: "p9", name: "Noor Haddad" }); window.fake.act("p1", { verb: "hand", value: true }); }); await p.waitForSelector(".notice button"); }) },
  "notice-ar": { demo: { devices: "NotFoundError", people: people(2) }, url: "/m/weekly-sync?lang=ar", act: async (p) => { await join(p); await p.waitForSelector(".controls"); await p.keyboard.press("m"); await p.waitForSelector(".notice button"); }, sizes: ["wide", "frame"] },
});

// The door: a room's password, a moderator's PIN, and what is not known yet.
const guarded = { me, password: "tulip", pin: "470815" };
/** Types secrets and tries to come in, so many times. */
const tries = (times, word, pin) => async (p) => {
  await p.waitForSelector("video.shown");
  await p.fill("#name", "Ann Keller");
  if (word) await p.fill("#password", word);
  if (pin) {
    await p.click(".link.pin");
    await p.fill("#pin", pin);
  }
  for (let i = 0; i < times; i++) {
    await p.click("button[type=submit]");
    await p.waitForSelector(".name-form .problem");
    await p.waitForTimeout(300);
  }
};
Object.assign(states, {
  "door-password": { demo: guarded, act: tries(0), forced: true },
  "door-wrong": { demo: guarded, act: tries(1, "lily") },
  "door-pin": { demo: { ...guarded, password: undefined }, act: tries(1, "", "1234") },
  "door-both-ru": { demo: guarded, url: "/m/weekly-sync?lang=ru", act: tries(1, "lily", "1234") },
  "door-pause": { demo: guarded, act: tries(3, "lily") },
  "door-straight": { demo: { me, password: "tulip" }, url: "/m/weekly-sync?nameScreenDisabled=1&displayName=Ann+Keller", act: (p) => p.waitForSelector("#password") },
  "door-missing-ar": { demo: guarded, url: "/m/weekly-sync?lang=ar", act: async (p) => { await p.waitForSelector("video.shown"); await p.fill("#name", "نور حداد"); await p.click("button[type=submit]"); } },
  "door-webinar": { demo: { me, password: "tulip", entry: { mode: "viewer" } }, url: "/m/all-hands", act: async (p) => { await p.fill("#name", "Ann Keller"); } },
  "door-open": { demo: { ...guarded, people: people(2) }, act: async (p) => { await p.waitForSelector("video.shown"); await p.fill("#name", "Ann Keller"); await p.fill("#password", "tulip"); await p.click("button[type=submit]"); await p.waitForFunction(() => window.meridian.state().phase === "live"); }, sizes: ["wide"], schemes: ["light"] },
  "prejoin-early": { demo: { me, lists: "late" }, act: async (p) => void (await p.waitForSelector("video.shown")) },
});

// A room of one's own, and what a company's own server says.
Object.assign(states, {
  "new": { demo: { me }, url: "/new", act: (p) => p.waitForSelector(".new .primary") },
  "new-made": { demo: { me }, url: "/new", act: async (p) => { await p.click(".new .primary"); await p.waitForSelector(".new a.primary"); } },
  "refused-locked-reason": { demo: { me, refuse: "locked", refusedWith: { reason: "The hall is closed until noon, since the caterers are still at work.", contact: "Mara, +49 30 1234567" } }, act: refused },
  "refused-check-failed": { demo: { me, refuse: "check_failed" }, act: refused },
});

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

/** Also under the colours that a reader's system forces. */
for (const name of ["prejoin", "five", "muted", "people", "chat", "room-menu", "person-menu", "reactions", "ask", "connection"]) states[name].forced = true;

/** What is shown for some seconds: a page of its own for each size, since the first takes them all. */
for (const name of ["unread", "hands", "reactions", "ask", "hushed", "host-waits", "call-de", "call-ar", "two-ar", "offline", "reconnecting"]) states[name].fleeting = true;

// Watched together: a player of somebody else's site, which is drawn here.
const film = `<!doctype html><html lang="en"><title>Film</title><style>html{height:100%;background:radial-gradient(circle at 60% 40%,#3f6d8c,#10202c)}p{position:fixed;inset:auto 0 0;margin:0;padding:10px 14px;color:#fff;background:#0009;font:14px system-ui}</style><p>▶ 12:40 / 48:12</p></html>`;
const watches = async (p) => { await p.route("https://play.example/**", (r) => r.fulfill({ contentType: "text/html; charset=utf-8", body: film })); };
const watching = (n, then) => async (p) => { await watches(p); await call(n, then)(p); await p.waitForSelector(".player iframe"); await p.waitForTimeout(500); };
const player = "https://play.example/embed/film?id=48";
Object.assign(states, {
  player: { demo: { me, people: people(4, { 2: { camera: false } }), rules: { player } }, act: watching(2), sizes: every },
  "player-alone": { demo: { me, rules: { player } }, act: watching(1), sizes: ["wide", "frame"] },
  "player-bottom": { demo: { me, people: people(6), rules: { player } }, url: "/m/weekly-sync?view=bottom-speaker", act: watching(2), sizes: every, schemes: ["light"] },
  "player-strip": { demo: { me, people: people(6), rules: { player } }, url: "/m/weekly-sync?strip_layout=true", act: watching(2), sizes: ["strip", "low", "wide"], schemes: ["dark"] },
  "player-share": { demo: { me, people: people(3, { 0: { share: true } }), rules: { player } }, act: watching(2), schemes: ["light"] },
  "player-pinned": { demo: { ...host, rules: { player } }, act: watching(2, async (p) => { await p.hover(".player .head"); await p.click(".player .pins button", { force: true }); }), forced: true },
  "player-set": { demo: { ...host, rules: { player } }, act: watching(2, async (p) => { await then(press("People"), choose("Manage", "Meeting settings…"))(p); await p.fill(".address input", "http://play.example/"); await p.keyboard.press("Enter"); await p.locator(".address .answers").scrollIntoViewIfNeeded(); }) },
  "player-ar": { demo: { ...host, rules: { player } }, url: "/m/weekly-sync?lang=ar", act: watching(2), sizes: ["wide", "phone"], schemes: ["light"] },
});
