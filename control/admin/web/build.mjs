// Builds the page into ../dist (default) or the tests into .out/tests
// (--tests). The output depends on the sources and on the exact esbuild version
// alone, so CI can compare dist.
import * as esbuild from "esbuild";
import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = dirname(fileURLToPath(import.meta.url));

const common = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  target: ["es2022", "chrome110", "firefox115", "safari16.4"],
  jsx: "automatic",
  jsxImportSource: "preact",
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
};

async function page() {
  const out = join(root, "../dist");
  await rm(out, { recursive: true, force: true });
  const { metafile } = await esbuild.build({
    ...common,
    entryPoints: { app: "src/main.tsx", page: "src/page.css", favicon: "src/favicon.svg" },
    entryNames: "[name]-[hash]",
    loader: { ".svg": "copy" },
    minify: true,
    metafile: true,
    outdir: "../dist/assets",
  });
  let html = await readFile(join(root, "src/index.html"), "utf8");
  for (const [path, output] of Object.entries(metafile.outputs).sort()) {
    const from = output.entryPoint ?? Object.keys(output.inputs)[0];
    html = html.replaceAll(`{{${from}}}`, path.replace(/^\.\.\/dist/, "/admin"));
  }
  if (html.includes("{{")) throw new Error("index.html names an entry that is not built: " + html.match(/\{\{.*?\}\}/)?.[0]);
  await writeFile(join(out, "index.html"), html);
  for (const name of (await readdir(join(out, "assets"))).sort()) {
    const bytes = await readFile(join(out, "assets", name));
    console.log(`${name.padEnd(28)} ${String(bytes.length).padStart(7)} B  ${String(gzipSync(bytes, { level: 9 }).length).padStart(6)} B gzip`);
  }
}

async function tests() {
  await rm(join(root, ".out/tests"), { recursive: true, force: true });
  const names = (await readdir(join(root, "src"), { recursive: true })).filter((n) => n.endsWith(".test.ts")).sort();
  await esbuild.build({
    ...common,
    entryPoints: names.map((n) => join(root, "src", n)),
    platform: "node",
    target: "node20",
    sourcemap: "inline",
    outdir: ".out/tests",
    outExtension: { ".js": ".mjs" },
    entryNames: "[name]",
  });
}

await (process.argv[2] === "--tests" ? tests() : page());
