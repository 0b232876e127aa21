// The language of the page: chosen as it opens, changed by the person or by the
// page around the frame, without loading anything but words.

import { effect } from "@preact/signals-core";
import { wished } from "./attributes";
import { lang, mirrored, pickLang, setLang, type Lang } from "./i18n";
import type { Params } from "./params";
import type { Store } from "./store";

/** The address before the person's own choice, that before the company's, that before the browser's. */
export function choose({ lang, source }: Params, store: Store, company = ""): Promise<boolean> {
  return setLang(pickLang(lang, [store.get("lang"), company, ...wished(source, navigator.languages)]));
}

/** The person's own choice, which is remembered. False: its words could not be fetched. */
export async function prefer(lang: Lang, store: Store): Promise<boolean> {
  const spoken = await setLang(lang);
  if (spoken) store.set("lang", lang);
  return spoken;
}

/** Keeps the document itself in the language. */
export function follow(document: Document): void {
  effect(() => {
    document.documentElement.lang = lang();
    document.documentElement.dir = mirrored() ? "rtl" : "ltr";
  });
}
