// One picture of somebody, as their camera shows them now.

import type { Picture as Type } from "../../embed/src/methods";
import { fault } from "./door";

/** Characters of a data URL: it must fit one reply of the channel. */
export const PICTURE_LIMIT = 1_000_000;
const QUALITY = 0.9;

/** What is wanted of a video and a canvas, so that tests need no browser. */
export interface Picture {
  videoWidth: number;
  videoHeight: number;
  readyState: number;
}

/** Draws a picture in a size as a data URL. */
export type Draw = (width: number, height: number) => string;

/** HAVE_CURRENT_DATA of the HTML standard: there is a frame to draw. */
const HAS_FRAME = 2;

/** The current frame as large as it comes, made smaller until it fits. */
export function shoot(video: Picture | null, draw: Draw): string {
  if (!video || video.readyState < HAS_FRAME || video.videoWidth === 0) throw fault("no_video");
  for (let scale = 1; scale > 0.1; scale /= Math.SQRT2) {
    const url = draw(Math.max(1, Math.round(video.videoWidth * scale)), Math.max(1, Math.round(video.videoHeight * scale)));
    if (url.length <= PICTURE_LIMIT) return url;
  }
  throw fault("too_long");
}

/** The video of a tile, by its key; nothing where there is none with a picture. */
export function onStage(key: string): HTMLVideoElement | null {
  const tile = [...document.querySelectorAll<HTMLElement>("[data-tile]")].find((el) => el.dataset["tile"] === key);
  const video = tile?.querySelector("video") ?? null;
  return video && video.readyState >= HAS_FRAME && video.videoWidth > 0 ? video : null;
}

/** How long a stream has for its first picture, ms. */
const FIRST_MS = 4_000;

/** A video out of sight that has drawn the first picture of a stream; nothing where none came in time. */
export async function aside(stream: MediaStream): Promise<HTMLVideoElement | null> {
  const video = document.createElement("video");
  video.muted = video.playsInline = true;
  const drawn = new Promise<boolean>((done) => {
    video.onloadeddata = () => done(true);
    setTimeout(() => done(false), FIRST_MS);
  });
  video.srcObject = stream;
  video.play().catch(() => {}); // a picture is enough
  return (await drawn) ? video : null;
}

/** What a video shows. */
export function screenshot(video: HTMLVideoElement | null, type: Type): string {
  return shoot(video, (width, height) => {
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    if (video) canvas.getContext("2d")?.drawImage(video, 0, 0, width, height);
    return canvas.toDataURL(`image/${type}`, QUALITY);
  });
}
