// Takes a picture of every state of the page at three sizes, light and dark,
// with demo/fake.ts as the server, looks for what is wrong with each, and writes
// a sheet to leaf through into $MERIDIAN_ARTIFACTS/page, else .out/shots.
//   node build.mjs && node build.mjs --demo && node demo/shots.mjs [part of a name]
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
const only = process.argv[2] ?? "";
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
    "--autoplay-policy=no-user-gesture-required", "--allow-loopback-in-peer-connection", "--disable-features=WebRtcHideLocalIpsWithMdns",
    "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
  ],
});

/** What is to be photographed: one page each, which then changes its colours. */
const scenes = Object.entries(states).flatMap(([name, state]) => {
  const fitting = Object.keys(viewports).filter((size) => (state.sizes ?? Object.keys(sizes)).includes(size));
  return fitting.map((size) => ({
    name, size, state,
    schemes: [...(state.schemes ?? ["light", "dark"]), ...(state.forced && size === "wide" ? ["forced"] : [])].filter((scheme) => `${name}-${size}-${scheme}`.includes(only)),
    judged: size === fitting[0], // rules know little of sizes, and take a second
  })).filter((scene) => scene.schemes.length);
});

/** Brings a page into a state, takes its pictures and returns what is wrong with it. */
async function photograph({ name, size, state, schemes, judged }) {
  const complaints = [];
  const touch = size === "phone";
  const context = await browser.newContext({ viewport: viewports[size], ...looks[schemes[0]], locale: state.locale ?? "en-GB", permissions: ["camera", "microphone"], hasTouch: touch, isMobile: touch });
  const page = await context.newPage();
  page.on("pageerror", (e) => complaints.push(String(e)));
  page.on("console", (m) => (m.type() === "error" || m.text().includes("Content Security Policy")) && complaints.push(m.text()));
  await page.addInitScript({ content: `window.demo = ${JSON.stringify(state.demo ?? {})};\n${fake}` });
  try {
    await page.goto(site.origin + (state.url ?? "/m/weekly-sync"));
    await state.act?.(page);
    await page.waitForTimeout(state.settle ?? 400);
  } catch (e) {
    complaints.push(`act: ${e}\n${JSON.stringify(await page.evaluate(() => window.meridian?.state()).catch(() => null))}`);
  }
  // First all pictures, since some states do not last; what axe says takes longer.
  for (const scheme of schemes) {
    if (scheme !== schemes[0]) {
      await page.emulateMedia(looks[scheme]);
      await page.waitForTimeout(250);
    }
    await page.screenshot({ path: join(out, `${name}-${size}-${scheme}.png`) });
  }
  await page.emulateMedia({ forcedColors: "none" });
  for (const scheme of judged ? schemes.filter((s) => s !== "forced").toReversed() : []) complaints.push(...(await judge(page, scheme)));
  await context.close();
  return complaints;
}

const pictures = [];
let failures = 0;
const began = Date.now();
const waiting = scenes.values();
await Promise.all(Array.from({ length: atOnce }, async () => {
  for (const scene of waiting) {
    let complaints = await photograph(scene);
    if (complaints.some((c) => c.startsWith("act: "))) complaints = await photograph(scene); // a busy machine misses the time that a step may take
    for (const scheme of scene.schemes) pictures.push({ state: scene.name, size: scene.size, scheme, complaints });
    if (!complaints.length) continue;
    failures++;
    console.log(`${scene.name} ${scene.size}: ${complaints.join("\n  ")}`);
  }
}));
await browser.close();
site.close();
const order = new Map(Object.keys(states).map((name, i) => [name, i]));
pictures.sort((a, b) => order.get(a.state) - order.get(b.state));
await writeFile(join(out, "index.html"), sheet(pictures, viewports));
console.log(`${pictures.length} pictures in ${((Date.now() - began) / 1000).toFixed(0)} s, ${failures} pages with complaints: ${join(out, "index.html")}`);
process.exit(failures ? 1 : 0);
