// The elements that play media.

import { useEffect, useRef, useState } from "preact/hooks";
import { effect } from "@preact/signals";
import type { App } from "../app";

interface VideoProps {
  stream: MediaStream | null;
  mirrored?: boolean;
  whole?: boolean;
  label?: string;
  onFrame?: () => void;
}

/** Plays a stream without sound; invisible until its first picture is there. */
export function Video({ stream, mirrored = false, whole = false, label, onFrame }: VideoProps) {
  const ref = useRef<HTMLVideoElement>(null);
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const video = ref.current;
    if (!video) return;
    setShown(false);
    video.muted = true;
    video.srcObject = stream;
    if (!stream) return;
    void video.play().catch(() => {});
    const seen = (): void => {
      setShown(true);
      onFrame?.();
    };
    video.addEventListener("loadeddata", seen);
    return () => {
      video.removeEventListener("loadeddata", seen);
      video.srcObject = null;
    };
  }, [stream]);
  return (
    <video
      ref={ref}
      class={`${mirrored ? "mirrored" : ""} ${whole ? "whole" : ""} ${shown ? "shown" : ""}`}
      autoplay
      playsInline
      muted
      disablePictureInPicture
      aria-label={label}
      aria-hidden={label ? undefined : true}
    />
  );
}

/** The receive slots for sound; what plays in them is the node's business. */
export function Sound({ app }: { app: App }) {
  const slots = app.audioStreams.value;
  return (
    <>
      {slots.map((s) => (
        <AudioSlot key={s.id} stream={s} app={app} />
      ))}
    </>
  );
}

function AudioSlot({ stream, app }: { stream: MediaStream; app: App }) {
  const ref = useRef<HTMLAudioElement>(null);
  const blocked = app.soundBlocked.value;
  useEffect(() => {
    const audio = ref.current;
    return audio ? effect(() => app.hearing.apply(audio)) : undefined;
  }, []);
  useEffect(() => {
    const audio = ref.current;
    if (!audio) return;
    if (audio.srcObject !== stream) audio.srcObject = stream;
    audio.play().catch((e: unknown) => {
      if (e instanceof DOMException && e.name === "NotAllowedError") app.soundBlocked.value = true;
    });
  }, [stream, blocked]);
  return <audio ref={ref} autoplay />;
}
