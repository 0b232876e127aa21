// Asks axe-core (Deque, MPL 2.0; a tool, never part of the page) what of a page
// as it stands is not accessible.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Colours change at once, or some are measured on their way. A sheet made by script passes the page's policy. */
async function hold(page) {
  await page.evaluate(() => {
    const still = new CSSStyleSheet();
    still.replaceSync("*, *::before, *::after { transition: none !important }");
    document.adoptedStyleSheets = [still];
  });
}

const drawn = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

/** All rules but experimental ones, in one scheme, without movement. */
export async function judge(page, scheme) {
  await hold(page);
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
  await drawn(page);
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => (await window.axe.run(document, { resultTypes: ["violations"] })).violations
    .map((v) => `${v.id} (${v.impact}): ${v.help}${v.nodes.slice(0, 4).map((n) => `\n    ${n.target.join(" ")}: ${n.any[0]?.message ?? n.html}`).join("")}`));
  return violations.map((v) => `axe, ${scheme}: ${v}`);
}
