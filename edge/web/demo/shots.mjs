// Takes a picture of every state of the page at three sizes, light and dark,
// with demo/fake.ts as the server, looks for what is wrong with each, and writes
// a sheet to leaf through into $MERIDIAN_ARTIFACTS/page, else .out/shots.
//   node build.mjs && node build.mjs --demo && node demo/shots.mjs [--few] [part of a name]
// With --few, as in CI, a page that is open changes its size instead of opening anew,
// and a state in a further language is taken at its first size and on a phone.
// A state that is not reached, an error in the console, a violation of the
// content security policy or of a rule of axe-core is a failure.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { judge } from "./judge.mjs";
import { sheet } from "./sheet.mjs";
import { serve } from "./site.mjs";
import { states } from "./states.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const out = process.env.MERIDIAN_ARTIFACTS ? join(process.env.MERIDIAN_ARTIFACTS, "page") : join(root, ".out/shots");
const few = process.argv.includes("--few");
const only = process.argv.slice(2).find((word) => !word.startsWith("--")) ?? "";
const sizes = { wide: { width: 1280, height: 720 }, frame: { width: 400, height: 300 }, phone: { width: 390, height: 844 } };
// Only for states that name them.
const rare = { strip: { width: 1280, height: 200 }, low: { width: 400, height: 200 }, middle: { width: 700, height: 520 }, huge: { width: 3840, height: 2160 } };
/** What a picture is taken with; forced colours are those that a reader's system lays over every page. */
const looks = {
  light: { colorScheme: "light", forcedColors: "none" },
  dark: { colorScheme: "dark", forcedColors: "none" },
  forced: { colorScheme: "dark", forcedColors: "active" },
};
const viewports = { ...sizes, ...rare };
/** How many pages are open at a time: they mostly wait, and each has a camera to draw. */
const atOnce = 3;

const site = await serve(root);
const fake = await readFile(join(root, ".out/demo/fake.js"), "utf8");
if (!only) await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream=device-count=2,fps=10",
    "--autoplay-policy=no-user-gesture-required", "--allow-loopback-in-peer-connection",
    // Each window prepares two pages for suggestions under an address bar that nobody sees.
    "--disable-features=WebRtcHideLocalIpsWithMdns,PreloadTopChromeWebUI,WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup",
    "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
  ],
});

/** What is to be photographed: one page each, which then changes its colours and, where it may, its size. */
const scenes = Object.entries(states).flatMap(([name, state]) => {
  const fitting = Object.keys(viewports).filter((size) => (state.sizes ?? Object.keys(sizes)).includes(size));
  const further = few && /[?&]lang=/.test(state.url ?? "");
  const shots = fitting.filter((size) => !further || size === fitting[0] || size === "phone").map((size) => ({
    size,
    schemes: [...(state.schemes ?? ["light", "dark"]), ...(state.forced && size === "wide" ? ["forced"] : [])].filter((scheme) => `${name}-${size}-${scheme}`.includes(only)),
    judged: size === fitting[0], // rules know little of sizes, and take a second
  })).filter((shot) => shot.schemes.length);
  const [one, ...others] = few && !state.fleeting ? [shots.filter((s) => s.size !== "phone"), shots.filter((s) => s.size === "phone")] : shots.map((s) => [s]);
  return [one ?? [], ...others].filter((s) => s.length).map((shots) => ({ name, state, shots }));
});

/** Opens a page of a size with the state's server in it. */
async function open({ state, shots: [{ size, schemes }] }, complaints) {
  const touch = size === "phone";
  const context = await browser.newContext({ viewport: viewports[size], ...looks[schemes[0]], locale: state.locale ?? "en-GB", permissions: ["camera", "microphone"], hasTouch: touch, isMobile: touch });
  const page = await context.newPage();
  page.on("pageerror", (e) => complaints.push(String(e)));
  page.on("console", (m) => (m.type() === "error" || m.text().includes("Content Security Policy")) && complaints.push(m.text()));
  await page.addInitScript({ content: `window.demo = ${JSON.stringify(state.demo ?? {})};\n${fake}` });
  return page;
}

/** What lies over the page is placed for the size at which it was opened. */
const overlaid = async (page) => (await page.locator("[role=menu], [role=dialog], dialog[open]").count()) > 0;

/** Takes a page's pictures of one size. */
async function take(page, name, { size, schemes }) {
  for (const [i, scheme] of schemes.entries()) {
    if (i > 0) {
      await page.emulateMedia(looks[scheme]);
      await page.waitForTimeout(250);
    }
    await page.screenshot({ path: join(out, `${name}-${size}-${scheme}.png`) });
  }
}

/** Brings a page into a state, takes its pictures and returns what is wrong with it, and the shots that want a page of their own. */
async function photograph(scene) {
  const { state, shots: [first] } = scene;
  const complaints = [];
  let left = [];
  const page = await open(scene, complaints);
  try {
    await page.goto(site.origin + (state.url ?? "/m/weekly-sync"));
    await state.act?.(page);
    await page.waitForTimeout(state.settle ?? 400);
    // First all pictures, since some states do not last; what axe says takes longer.
    left = await takeAll(page, scene);
    if (first.judged) complaints.push(...(await judge(page, first.schemes.filter((s) => s !== "forced").toReversed())));
  } catch (e) {
    complaints.push(`act: ${e}\n${JSON.stringify(await page.evaluate(() => window.meridian?.state()).catch(() => null))}`);
  }
  await page.context().close();
  return { complaints, left };
}

/** Takes the pictures of all sizes that an open page can have, and returns the other shots. */
async function takeAll(page, { name, shots: [first, ...others] }) {
  await take(page, name, first);
  const left = others.length && (await overlaid(page)) ? others : [];
  for (const shot of left.length ? [] : others) {
    await page.setViewportSize(viewports[shot.size]);
    await page.emulateMedia(looks[shot.schemes[0]]);
    await page.waitForTimeout(400);
    await take(page, name, shot);
  }
  await page.setViewportSize(viewports[first.size]);
  await page.emulateMedia({ forcedColors: "none" });
  return left;
}

const pictures = [];
let failures = 0;
const began = Date.now();
await Promise.all(Array.from({ length: atOnce }, async () => {
  for (let scene = scenes.shift(); scene; scene = scenes.shift()) {
    let { complaints, left } = await photograph(scene);
    if (complaints.some((c) => c.startsWith("act: "))) ({ complaints, left } = await photograph(scene)); // a busy machine misses the time that a step may take
    const taken = scene.shots.filter((shot) => !left.includes(shot));
    for (const { size, schemes } of taken) for (const scheme of schemes) pictures.push({ state: scene.name, size, scheme, complaints });
    scenes.push(...left.map((shot) => ({ ...scene, shots: [shot] })));
    if (!complaints.length) continue;
    failures++;
    console.log(`FAIL  ${scene.name} ${taken.map((shot) => shot.size).join(", ")}: ${complaints.join("\n  ")}`);
  }
}));
await browser.close();
site.close();
const order = new Map(Object.keys(states).map((name, i) => [name, i]));
pictures.sort((a, b) => order.get(a.state) - order.get(b.state));
await writeFile(join(out, "index.html"), sheet(pictures, viewports));
console.log(`${pictures.length} pictures in ${((Date.now() - began) / 1000).toFixed(0)} s, ${failures} pages with complaints: ${join(out, "index.html")}`);
process.exit(failures ? 1 : 0);
