// Entry: reads the address, chooses the language, renders.

import { render } from "preact";
import { App } from "./app";
import { diagnose } from "./diagnosis";
import { embed } from "./embed";
import { choose, follow } from "./language";
import { dress, served } from "./looks";
import { readParams } from "./params";
import { realClock } from "./protocol/clock";
import { exchange, newBrowser, servesOnce } from "./protocol/exchange";
import type { Verdict } from "./protocol/session";
import { takeSeat } from "./seat";
import { remember } from "./store";
import { takeTokens, tokensOf, withoutTokens } from "./tokens";
import { Root } from "./ui/root";

const params = readParams(location.pathname, location.search);

takeTokens(params, history.state);
function keep(): void {
  const tokens = tokensOf(params);
  if (tokens) history.replaceState({ ...history.state, ...tokens }, "", withoutTokens(location.href));
}
const seat = takeSeat();

const looks = served(document);
dress(document, looks);
const words = choose(params, remember(), looks.lang);

let refusal: Verdict | null = null;
if (servesOnce(params.token)) {
  params.browser ||= newBrowser();
  keep(); // a reload asks with the same secret
  const got = await exchange((url, init) => fetch(url, init), realClock, params.token, params.browser);
  if ("token" in got) params.token = got.token;
  else refusal = got;
}
keep();

await words;
follow(document);

const app = new App(params);
window.meridian = { state: () => diagnose(app) };
embed(app);
const root = document.getElementById("app");
if (root) {
  root.replaceChildren();
  render(<Root app={app} />, root);
}
if (refusal) app.session.refuse(refusal);
else app.start(seat);
