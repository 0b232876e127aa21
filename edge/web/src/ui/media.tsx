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

function play(video: HTMLVideoElement, stream: MediaStream): void {
  video.muted = true;
  video.srcObject = stream;
  void video.play().catch(() => {});
}

/** Plays a stream without sound; invisible until its first picture is there. */
export function Video({ stream, mirrored = false, whole = false, label, onFrame }: VideoProps) {
  const ref = useRef<HTMLVideoElement>(null);
  const [shown, setShown] = useState(false);
  useEffect(() => {
    const video = ref.current as HTMLVideoElement;
    if (!stream) {
      setShown(false);
      video.srcObject = null;
      return;
    }
    // What is shown stays until what takes its place has a picture: it is of the same person.
    const next = video.srcObject ? document.createElement("video") : video;
    const seen = (): void => {
      if (next !== video) {
        next.srcObject = null;
        play(video, stream);
      }
      setShown(true);
      onFrame?.();
    };
    next.addEventListener("loadeddata", seen);
    play(next, stream);
    return () => {
      next.removeEventListener("loadeddata", seen);
      if (next !== video) next.srcObject = null;
    };
  }, [stream]);
  useEffect(() => {
    const video = ref.current as HTMLVideoElement;
    return () => (video.srcObject = null);
  }, []);
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
