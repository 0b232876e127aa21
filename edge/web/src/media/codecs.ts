// Which codecs a section offers, chosen from what the browser can do. Pure.

export type VideoCodec = "vp8" | "vp9" | "h264" | "av1";

/** In the order a receiver offers them. */
export const videoCodecs: readonly VideoCodec[] = ["vp8", "vp9", "h264", "av1"];

/** The part of RTCRtpCodec that is looked at. */
export interface Codec {
  mimeType: string;
  sdpFmtpLine?: string;
}

const nameOf = (c: Codec): string => c.mimeType.toLowerCase().replace(/^\w+\//, "");

function parameter(c: Codec, name: string): string | undefined {
  return c.sdpFmtpLine?.split(";").map((p) => p.trim().split("=")).find(([key]) => key?.toLowerCase() === name)?.[1]?.toLowerCase();
}

/** Whether it is the one profile of its codec that nodes know. */
function known(c: Codec): boolean {
  switch (nameOf(c)) {
    case "vp9":
      return (parameter(c, "profile-id") ?? "0") === "0";
    case "av1":
      return (parameter(c, "profile") ?? "0") === "0";
    case "h264":
      // Constrained baseline: constraint_set1 is the second bit after profile_idc 66 (RFC 6184 section 8.1).
      return parameter(c, "packetization-mode") === "1" && /^42[4-7c-f]/.test(parameter(c, "profile-level-id") ?? "");
    default:
      return true;
  }
}

const only = <T extends Codec>(all: readonly T[], name: string): T[] => all.filter((c) => nameOf(c) === name && known(c)).slice(0, 1);

/** The codec a video section sends, VP8 where the wanted one is missing, with its retransmission. */
export function sendVideo<T extends Codec>(all: readonly T[], wanted: VideoCodec): { codec: VideoCodec; list: T[] } {
  const codec = only(all, wanted).length > 0 ? wanted : "vp8";
  const list = only(all, codec);
  return { codec, list: list.length > 0 ? [...list, ...only(all, "rtx")] : [] };
}

/** All that a slot can show: what is in it changes without another offer. */
export function receiveVideo<T extends Codec>(all: readonly T[]): T[] {
  const list = videoCodecs.flatMap((name) => only(all, name));
  return list.length > 0 ? [...list, ...only(all, "rtx")] : [];
}

/** Opus, with redundancy before it where it is wanted and known (RFC 2198). */
export function sendAudio<T extends Codec>(all: readonly T[], redundant: boolean): T[] {
  const opus = only(all, "opus");
  return redundant && opus.length > 0 ? [...only(all, "red"), ...opus] : opus;
}

export function receiveAudio<T extends Codec>(all: readonly T[]): T[] {
  const opus = only(all, "opus");
  return opus.length > 0 ? [...opus, ...only(all, "red")] : [];
}
