// One page to leaf through all pictures: a list of states, the chosen one at its
// sizes, light beside dark. No script of others, works from a file.

const style = `
:root { color-scheme: light dark; --line: light-dark(#d9dde3, #2b313b); --quiet: light-dark(#5a6472, #9aa4b2); --accent: light-dark(#3448c5, #a3b3ff); --bad: light-dark(#b3223b, #ff9aa8); }
* { box-sizing: border-box; }
body { margin: 0; font: 14px/1.45 system-ui, sans-serif; background: light-dark(#f5f6f8, #0f1216); color: light-dark(#1a1f27, #e9edf3); display: grid; grid-template-columns: 220px 1fr; height: 100vh; }
nav { border-inline-end: 1px solid var(--line); overflow: auto; padding: 16px 12px; }
nav h1 { font-size: 14px; margin: 0 4px 10px; }
nav input { width: 100%; font: inherit; padding: 6px 8px; border: 1px solid var(--line); border-radius: 8px; background: none; color: inherit; }
nav ul { list-style: none; margin: 10px 0 0; padding: 0; }
nav a { display: block; padding: 3px 8px; border-radius: 6px; color: inherit; text-decoration: none; }
nav a[aria-current] { background: var(--accent); color: light-dark(#fff, #0f1216); }
nav a.bad::after { content: " ●"; color: var(--bad); }
main { overflow: auto; padding: 16px 24px 40px; }
header { display: flex; flex-wrap: wrap; gap: 8px 20px; align-items: center; margin-bottom: 16px; }
h2 { font-size: 20px; margin: 0; margin-inline-end: auto; }
fieldset { border: 0; margin: 0; padding: 0; display: flex; gap: 10px; color: var(--quiet); }
pre { white-space: pre-wrap; color: var(--bad); }
section { display: flex; flex-wrap: wrap; gap: 16px; margin-bottom: 24px; }
figure { margin: 0; max-width: 100%; min-width: 0; }
section.pair figure { flex: 1 1 0; max-width: max-content; }
figcaption { color: var(--quiet); font-size: 12px; margin-bottom: 4px; }
img { display: block; max-width: 100%; height: auto; border: 1px solid var(--line); border-radius: 6px; }
kbd { border: 1px solid var(--line); border-radius: 4px; padding: 0 4px; }
footer { color: var(--quiet); font-size: 12px; }
`;

function leaf(pictures, sizes) {
  const $ = (id) => document.getElementById(id);
  const make = (tag, more = {}, ...inside) => { const e = Object.assign(document.createElement(tag), more); e.append(...inside); return e; };
  const names = [...new Set(pictures.map((p) => p.state))];
  const bad = new Set(pictures.filter((p) => p.complaints.length).map((p) => p.state));
  const chosen = (name) => [...document.querySelectorAll(`input[name=${name}]:checked`)].map((i) => i.value);
  const found = () => names.filter((n) => n.includes($("find").value.trim()));
  const current = () => { const n = decodeURIComponent(location.hash.slice(1)); return names.includes(n) ? n : names[0]; };
  function list() {
    $("list").replaceChildren(...found().map((n) => {
      const a = make("a", { href: `#${encodeURIComponent(n)}`, textContent: n, className: bad.has(n) ? "bad" : "" });
      if (n === current()) a.setAttribute("aria-current", "page");
      return make("li", {}, a);
    }));
    document.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }
  function show() {
    const name = current(), mine = pictures.filter((p) => p.state === name);
    $("name").textContent = name;
    $("wrong").textContent = [...new Set(mine.flatMap((p) => p.complaints))].join("\n");
    $("stage").replaceChildren(...chosen("size").flatMap((size) => {
      const shown = chosen("scheme").map((scheme) => mine.find((p) => p.size === size && p.scheme === scheme)).filter(Boolean);
      if (!shown.length) return [];
      return make("section", { className: shown.length > 1 ? "pair" : "" }, ...shown.map((p) => make("figure", {},
        make("figcaption", { textContent: `${size}, ${sizes[size].width} × ${sizes[size].height}, ${p.scheme}` }),
        make("img", { src: `${p.state}-${p.size}-${p.scheme}.png`, alt: `${p.state}, ${size}, ${p.scheme}`, ...sizes[size] }))));
    }));
    list();
  }
  function step(by) {
    const all = found(), at = all.indexOf(current());
    if (all.length) location.hash = encodeURIComponent(all[(at + by + all.length) % all.length]);
  }
  addEventListener("hashchange", show);
  addEventListener("change", show);
  $("find").addEventListener("input", list);
  addEventListener("keydown", (e) => {
    if (e.target.matches("#find") || e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === "j" || e.key === "ArrowRight") step(1);
    if (e.key === "k" || e.key === "ArrowLeft") step(-1);
  });
  show();
}

const boxes = (name, values) => `<fieldset aria-label="${name}">${values.map((v) => `<label><input type="checkbox" name="${name}" value="${v}" checked> ${v}</label>`).join("")}</fieldset>`;

/** The document; pictures are {state, size, scheme, complaints}, sizes by name. */
export function sheet(pictures, sizes) {
  const json = (v) => JSON.stringify(v).replaceAll("<", "\\u003c");
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>States of the page</title><style>${style}</style>
<nav><h1>States of the page</h1><input id="find" type="search" placeholder="Find" aria-label="Find a state"><ul id="list"></ul></nav>
<main><header><h2 id="name"></h2>${boxes("size", Object.keys(sizes).filter((size) => pictures.some((p) => p.size === size)))}${boxes("scheme", ["light", "dark", "forced"])}</header>
<pre id="wrong"></pre><div id="stage"></div><footer><kbd>j</kbd> next, <kbd>k</kbd> previous. ${pictures.length} pictures.</footer></main>
<script>(${leaf})(${json(pictures)}, ${json(sizes)});</script></html>
`;
}
