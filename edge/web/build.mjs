// Builds the page into dist (default), the tests into .out/tests (--tests), the
// screenshot fixture into .out/demo (--demo) or the page of a partner with React
// into .out/strict (--strict). The output depends on the
// sources and on the exact esbuild version alone, so CI can compare dist.
import * as esbuild from "esbuild";
import { execFileSync } from "node:child_process";
import { copyFile, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
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
  const out = join(root, "dist");
  await rm(out, { recursive: true, force: true });
  const { metafile } = await esbuild.build({
    ...common,
    entryPoints: { app: "src/main.tsx", page: "src/page.css", favicon: "src/favicon.svg", ticker: "src/ticker.ts" },
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    splitting: true, // what is imported in the course of time is a file of its own
    loader: { ".svg": "copy" },
    minify: true,
    metafile: true,
    outdir: "dist/assets",
  });
  let html = await readFile(join(root, "src/index.html"), "utf8");
  for (const [path, output] of Object.entries(metafile.outputs).sort()) {
    const from = output.entryPoint ?? Object.keys(output.inputs)[0];
    html = html.replaceAll(`{{${from}}}`, path.replace(/^dist/, ""));
  }
  if (html.includes("{{")) throw new Error("index.html names an entry that is not built: " + html.match(/\{\{.*?\}\}/)?.[0]);
  await writeFile(join(out, "index.html"), html);
  await library(join(out, "embed"));
  await bridges(join(out, "partners"));
  for (const name of await find(out, /\.m?(js|css|svg)$/)) {
    const bytes = await readFile(name);
    console.log(`${name.slice(out.length + 1).padEnd(28)} ${String(bytes.length).padStart(7)} B  ${String(gzipSync(bytes, { level: 9 }).length).padStart(6)} B gzip`);
  }
}

// The embed library, as the package that a registry gets; edges serve its scripts.
async function library(out) {
  const options = { ...common, entryPoints: ["embed/src/index.ts"], minify: true };
  await esbuild.build({ ...options, outfile: join(out, "v1.mjs") });
  await esbuild.build({ ...options, format: "iife", globalName: "MeridianEmbed", outfile: join(out, "v1.js") });
  for (const name of ["package.json", "README.md"]) await copyFile(join(root, "embed", name), join(out, name));
  const types = ["--declaration", "--emitDeclarationOnly", "--noEmit", "false", "--strict", "--target", "es2022", "--lib", "es2023,dom,dom.iterable", "--module", "esnext", "--moduleResolution", "bundler", "--types", ""];
  execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--ignoreConfig", ...types, "--outDir", join(out, "types"), join(root, "embed/src/index.ts")], { stdio: "inherit" });
}

// What partners' pages load from the top of a host, by the names they know.
async function bridges(out) {
  await esbuild.build({ ...common, format: "iife", entryPoints: { meetBridgeApi: "embed/partners/gcore/index.ts" }, minify: true, outdir: out });
}

async function tests() {
  await rm(join(root, ".out/tests"), { recursive: true, force: true });
  await esbuild.build({
    ...common,
    entryPoints: [...(await find(join(root, "src"), /\.test\.ts$/)), ...(await find(join(root, "embed"), /\.test\.ts$/))],
    platform: "node",
    target: "node20",
    sourcemap: "inline",
    outdir: ".out/tests",
    outExtension: { ".js": ".mjs" },
    entryNames: "[name]",
  });
}

async function demo() {
  const out = join(root, ".out/demo");
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await esbuild.build({ ...common, format: "iife", entryPoints: ["demo/fake.ts"], outdir: ".out/demo" });
}

// The page for the test under React's StrictMode; react is for nothing else.
async function strict() {
  await esbuild.build({ ...common, format: "iife", jsxImportSource: "react", tsconfigRaw: {}, define: { "process.env.NODE_ENV": '"development"' }, entryPoints: ["embed/react/strict.jsx"], outdir: ".out/strict" });
}

async function find(dir, pattern) {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  return entries
    .filter((e) => e.isFile() && pattern.test(e.name))
    .map((e) => join(e.parentPath ?? e.path, e.name))
    .sort();
}

const mode = process.argv[2];
await (mode === "--tests" ? tests() : mode === "--demo" ? demo() : mode === "--strict" ? strict() : page());
