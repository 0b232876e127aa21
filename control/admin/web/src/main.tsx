// Entry: chooses the language, renders.

import { render } from "preact";
import { lang, pickLang } from "./i18n";
import { Model } from "./model";
import { Root } from "./ui/shell";

lang.value = pickLang(navigator.languages);
const model = new Model();
const root = document.getElementById("app");
if (root) render(<Root model={model} />, root);
void model.start();
