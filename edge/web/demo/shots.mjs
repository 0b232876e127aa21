// Takes a picture of every state of the page at three sizes, light and dark,
// into .out/shots, with demo/fake.ts as the server.
//   node build.mjs && node build.mjs --demo && node demo/shots.mjs [part of a name]
import { createServer } from "node:http";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { states } from "./states.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const out = join(root, ".out/shots");
const only = process.argv[2] ?? "";
const sizes = { wide: { width: 1280, height: 720 }, frame: { width: 400, height: 300 }, phone: { width: 390, height: 844 } };
// Only for states that name them.
const rare = { strip: { width: 1280, height: 200 }, low: { width: 400, height: 200 }, middle: { width: 700, height: 520 }, huge: { width: 3840, height: 2160 } };
const types = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

const server = createServer(async (req, res) => {
  const path = new URL(req.url, "http://x").pathname;
  const file = path.startsWith("/assets/") ? join(root, "dist", path) : join(root, "dist/index.html");
  try {
    const body = await readFile(file);
    res.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream", "content-security-policy": "default-src 'self'; connect-src *; img-src 'self' data: blob:" });
    res.end(body);
  } catch {
    res.writeHead(404).end();
  }
});
await new Promise((done) => server.listen(0, "127.0.0.1", done));
const origin = `http://127.0.0.1:${server.address().port}`;
const fake = await readFile(join(root, ".out/demo/fake.js"), "utf8");

await mkdir(out, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream=device-count=2",
    "--autoplay-policy=no-user-gesture-required", "--allow-loopback-in-peer-connection", "--disable-features=WebRtcHideLocalIpsWithMdns",
  ],
});
let failures = 0;
const made = [];
for (const [name, state] of Object.entries(states)) {
  for (const [size, viewport] of Object.entries({ ...sizes, ...rare })) {
    for (const scheme of ["light", "dark"]) {
      const id = `${name}-${size}-${scheme}`;
      if (!id.includes(only) || !(state.sizes ?? Object.keys(sizes)).includes(size) || (state.schemes && !state.schemes.includes(scheme))) continue;
      const context = await browser.newContext({ viewport, colorScheme: scheme, locale: state.locale ?? "en-GB", permissions: ["camera", "microphone"], hasTouch: size === "phone", isMobile: size === "phone" });
      const page = await context.newPage();
      const complaints = [];
      page.on("pageerror", (e) => complaints.push(String(e)));
      page.on("console", (m) => (m.type() === "error" || m.text().includes("Content Security Policy")) && complaints.push(m.text()));
      await page.addInitScript({ content: `window.demo = ${JSON.stringify(state.demo ?? {})};\n${fake}` });
      try {
        await page.goto(origin + (state.url ?? "/m/weekly-sync"));
        await state.act?.(page);
        await page.waitForTimeout(state.settle ?? 400);
      } catch (e) {
        complaints.push(`act: ${e}\n${JSON.stringify(await page.evaluate(() => window.meridian?.state()))}`);
      }
      await page.screenshot({ path: join(out, `${id}.png`) });
      made.push(id);
      if (complaints.length) {
        failures++;
        console.log(`${id}: ${complaints.join("\n  ")}`);
      }
      await context.close();
    }
  }
}
await browser.close();
server.close();
await writeFile(join(out, "index.html"), `<!doctype html><meta charset="utf-8"><title>States</title>${made.map((m) => `<figure><img src="${m}.png" loading="lazy"><figcaption>${m}</figcaption></figure>`).join("\n")}`);
console.log(`${made.length} pictures, ${failures} with complaints`);
process.exit(failures ? 1 : 0);
