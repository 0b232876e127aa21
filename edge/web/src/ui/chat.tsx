// Chat: everyone's messages in room order, what is under way, and a field.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { App } from "../app";
import { why } from "../floor";
import { codeKey, t } from "../i18n";
import { linkify, type Outgoing } from "../protocol/chat";
import { MAX_CHAT, type ChatMessage } from "../protocol/messages";
import { Avatar } from "./avatar";
import { Icon } from "./icons";
import { clockTime } from "./words";

/** Messages of one person within this time stand under one name. */
const GROUP_MS = 120_000;

export function ChatPanel({ app }: { app: App }) {
  const { chat } = app.session.roster.value;
  const outgoing = app.session.outgoing.value;
  const list = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  useLayoutEffect(() => {
    const el = list.current;
    if (el && atEnd.current) el.scrollTop = el.scrollHeight;
  }, [chat, outgoing]);
  return (
    <>
      <div
        class="messages"
        ref={list}
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-label={t("chat")}
        onScroll={(e) => {
          const el = e.currentTarget;
          atEnd.current = el.scrollHeight - el.scrollTop - el.clientHeight < 40;
        }}
      >
        {chat.length === 0 && outgoing.length === 0 && (
          <div class="empty">
            <Icon name="chat" size={28} />
            <strong>{t("chat.empty")}</strong>
            <p>{t("chat.empty.hint")}</p>
          </div>
        )}
        {chat.map((m, i) => (
          <Message app={app} key={m.seq} m={m} own={m.peer_id === app.session.self} first={!sameGroup(chat[i - 1], m)} />
        ))}
        {outgoing.map((o) => (
          <Under key={o.id} o={o} app={app} />
        ))}
      </div>
      <Composer app={app} onSend={() => (atEnd.current = true)} />
    </>
  );
}

function sameGroup(a: ChatMessage | undefined, b: ChatMessage): boolean {
  return a !== undefined && a.peer_id === b.peer_id && a.name === b.name && Date.parse(b.at) - Date.parse(a.at) < GROUP_MS;
}

function Message({ app, m, own, first }: { app: App; m: ChatMessage; own: boolean; first: boolean }) {
  return (
    <div class={`message ${own ? "own" : ""} ${first ? "first" : ""}`}>
      {first && (
        <div class="by">
          {!own && <Avatar app={app} person={{ peer_id: m.peer_id, name: m.name, photo: app.people.value.find((p) => p.peer_id === m.peer_id)?.photo }} kind="tiny" />}
          <span class="who">{own ? t("you") : m.name}</span>
          <time dateTime={m.at}>{clockTime(m.at)}</time>
        </div>
      )}
      <div class="bubble" dir="auto">
        <Text text={m.text} />
        {own && (
          <span class="tick" role="img" aria-label={t("chat.delivered")} title={t("chat.delivered")}>
            <Icon name="check" size={13} />
          </span>
        )}
      </div>
    </div>
  );
}

function Under({ o, app }: { o: Outgoing; app: App }) {
  return (
    <div class="message own first">
      <div class={`bubble ${o.state}`} dir="auto">
        <Text text={o.text} />
        {o.state === "sending" && (
          <span class="tick" role="img" aria-label={t("chat.sending")} title={t("chat.sending")}>
            <Icon name="clock" size={13} />
          </span>
        )}
      </div>
      {o.state === "failed" && (
        <p class="problem" role="alert">
          {t(codeKey("error", o.code ?? "try_again"))}{" "}
          {o.code !== "chat_too_long" && (
            <button class="link" onClick={() => app.session.sayAgain(o.id)}>
              {t("chat.again")}
            </button>
          )}
        </p>
      )}
    </div>
  );
}

function Text({ text }: { text: string }) {
  return (
    <>
      {linkify(text).map((p, i) =>
        "link" in p ? (
          <a key={i} href={p.link} target="_blank" rel="noopener noreferrer nofollow">
            {p.text}
          </a>
        ) : (
          p.text
        ),
      )}
    </>
  );
}

function Composer({ app, onSend }: { app: App; onSend: () => void }) {
  const bar = app.floor.chatBar.value;
  if (bar) return <p class="composer quiet">{why("chat", bar)}</p>;
  return <Writing app={app} onSend={onSend} />;
}

function Writing({ app, onSend }: { app: App; onSend: () => void }) {
  const [text, setText] = useState("");
  const [tooLong, setTooLong] = useState(false);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    const el = field.current;
    if (!el) return;
    el.style.height = "auto";
    el.style.height = `${Math.min(120, el.scrollHeight)}px`;
  }, [text]);
  const send = (): void => {
    const said = text.trim();
    if (!said) return;
    if (new TextEncoder().encode(said).length > MAX_CHAT) return setTooLong(true);
    onSend();
    app.session.say(said);
    setText("");
  };
  return (
    <form class="composer">
      {tooLong && (
        <p class="problem" role="alert">
          {t("error.chat_too_long")}
        </p>
      )}
      <div class="compose-row">
        <textarea
          ref={field}
          data-first
          rows={1}
          dir={text ? "auto" : undefined}
          value={text}
          placeholder={t("chat.write")}
          aria-label={t("chat.write")}
          onInput={(e) => {
            setText(e.currentTarget.value);
            setTooLong(false);
          }}
          onKeyDown={(e) => {
            if (e.key === "Enter" && !e.shiftKey && !e.isComposing) {
              e.preventDefault();
              send();
            }
          }}
        />
        <button
          class="round send"
          type="submit"
          aria-label={t("chat.send")}
          title={t("chat.send")}
          disabled={!text.trim()}
          onClick={(e) => {
            e.preventDefault(); // a sandboxed frame without allow-forms knows no submit
            send();
          }}
        >
          <Icon name="send" size={18} />
        </button>
      </div>
    </form>
  );
}
