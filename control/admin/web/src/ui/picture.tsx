// Fields for a picture, by its address or of a file, and for a colour.

import { useState } from "preact/hooks";
import { t } from "../i18n";
import { isPicture, pictureOf, pictureTypes } from "../picture";
import type { InputProps } from "./form";

type Props = InputProps & { shared: Record<string, unknown> };

export function Picture({ field, value, set, shared }: Props) {
  const [refused, setRefused] = useState(false);
  const own = isPicture(String(value));
  const take = async (input: HTMLInputElement) => {
    const file = input.files?.[0];
    if (!file) return;
    const picture = pictureOf(file.type, new Uint8Array(await file.arrayBuffer()));
    input.value = "";
    setRefused(picture === null);
    if (picture !== null) set(picture);
  };
  const remove = (e: Event) => {
    set("");
    (e.currentTarget as HTMLElement).parentElement?.querySelector<HTMLElement>("input[type=file]")?.focus(); // the button goes
  };
  return (
    <>
      <div class="picture">
        {own ? (
          <>
            <img src={String(value)} alt={t("looks.own")} />
            <button type="button" class="quiet-button" onClick={remove} aria-label={`${t("remove")}: ${t(field.label)}`}>
              {t("remove")}
            </button>
          </>
        ) : (
          <input {...shared} type="text" inputMode="url" spellcheck={false} autocomplete="off" placeholder={field.example} value={String(value)} onInput={(e) => set(e.currentTarget.value)} />
        )}
        <label class="quiet-button file">
          {t("looks.file")}
          <input type="file" class="hidden" accept={pictureTypes.join(",")} aria-label={`${t("looks.file")}: ${t(field.label)}`} onChange={(e) => void take(e.currentTarget)} />
        </label>
      </div>
      <p class="problem" role="alert">
        {refused && t("looks.large")}
      </p>
    </>
  );
}

export function Colour({ field, value, set, shared }: Props) {
  const whole = /^#[0-9a-f]{6}$/i.test(String(value));
  return (
    <div class="picture">
      <input {...shared} type="text" spellcheck={false} autocomplete="off" placeholder={field.example} value={String(value)} onInput={(e) => set(e.currentTarget.value)} />
      <input type="color" class="swatch" aria-label={`${t("looks.pick")}: ${t(field.label)}`} value={whole ? String(value) : field.example} onInput={(e) => set(e.currentTarget.value)} />
    </div>
  );
}
