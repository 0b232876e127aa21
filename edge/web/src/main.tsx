// Entry: reads the address, chooses the language, renders.

import { render } from "preact";
import { App } from "./app";
import { diagnose } from "./diagnosis";
import { pickLang, setLang, t } from "./i18n";
import { readParams, withoutToken } from "./params";
import { Root } from "./ui/root";

const params = readParams(location.pathname, location.search);

// The token leaves the address bar, so that a copied link or a screenshot does
// not carry it. The entry of this tab's history keeps it for a reload.
const kept = history.state as { token?: string } | null;
if (params.token) history.replaceState({ token: params.token }, "", withoutToken(location.href));
else if (typeof kept?.token === "string") params.token = kept.token;

setLang(pickLang(params.lang, navigator.languages));
document.documentElement.lang = pickLang(params.lang, navigator.languages);
document.title = params.room ? `${params.room} · ${t("app.title")}` : t("app.title");

const app = new App(params);
window.meridian = { state: () => diagnose(app) };
const root = document.getElementById("app");
if (root) {
  root.replaceChildren();
  render(<Root app={app} />, root);
}
app.start();
