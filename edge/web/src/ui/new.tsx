// Makes a room: one click, and its link is there to be passed on and entered.

import { useEffect, useRef, useState } from "preact/hooks";
import type { App } from "../app";
import { newRoomId, roomLink } from "../fresh";
import { t } from "../i18n";
import { Icon } from "./icons";
import { Fact } from "./info";
import { Language } from "./settings";

export function New({ app }: { app: App }) {
  const [link, setLink] = useState("");
  const join = useRef<HTMLAnchorElement>(null);
  useEffect(() => join.current?.focus(), [link]);
  const create = async (): Promise<void> => {
    const id = newRoomId();
    if (await app.opens(id)) setLink(roomLink(location.origin, id));
  };
  return (
    <main class="page new">
      <div class="medal calm">
        <Icon name="camera" size={28} />
      </div>
      <h1>{t(link ? "new.made" : "new.title")}</h1>
      <p class="lead">{t(link ? "new.made.text" : "new.text")}</p>
      {link ? (
        <>
          <div class="info">
            <dl>
              <Fact name={t("info.link")} text={link} copies />
            </dl>
          </div>
          <a class="primary" href={link} ref={join}>
            {t("new.join")}
          </a>
        </>
      ) : (
        <button class="primary" onClick={() => void create()}>
          {t("new.create")}
        </button>
      )}
      <Language app={app} />
    </main>
  );
}
