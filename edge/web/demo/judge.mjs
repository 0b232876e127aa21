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

/** The rules that a scheme can break. */
const colours = { runOnly: { type: "rule", values: ["color-contrast", "link-in-text-block"] } };

/** All rules but experimental ones in the first scheme, those on colours in the others, without movement. */
export async function judge(page, schemes) {
  const complaints = [];
  await hold(page);
  await page.evaluate(axe);
  for (const [i, scheme] of schemes.entries()) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await drawn(page);
    const found = await page.evaluate(run, i > 0 ? colours : {});
    complaints.push(...found.map((v) => `axe, ${scheme}: ${v}`));
  }
  return complaints;
}

/** In the page. */
async function run(options) {
  const { violations } = await window.axe.run(document, { ...options, resultTypes: ["violations"] });
  return violations.map((v) => `${v.id} (${v.impact}): ${v.help}${v.nodes.slice(0, 4).map((n) => `\n    ${n.target.join(" ")}: ${n.any[0]?.message ?? n.html}`).join("")}`);
}
