// What may stand between a person and a call, as stable codes: those of the
// library's diagnose() and of the page's own check, in one list. True where no
// call is possible with it; otherwise one is, without a feature.

const devices = ["denied", "frame", "missing", "busy", "insecure", "unplugged", "failed"] as const;

export const findings: Readonly<Record<string, boolean>> = {
  // Page and frame.
  insecure_context: true,
  no_webrtc: true,
  no_answer: true,
  origin_not_allowed: true,
  destroyed: true,
  timeout: true,
  no_media_devices: false,
  frame_lacks_camera: false,
  frame_lacks_microphone: false,
  frame_lacks_display_capture: false,
  frame_lacks_autoplay: false,
  storage_blocked: false,
  // The way to the meeting.
  offline: true,
  unreachable: true,
  socket_blocked: true,
  node_busy: true,
  media_blocked: true,
  udp_blocked: false,
  tcp_blocked: false,
  relay_blocked: false,
  reconnecting: false,
  // Microphone and camera.
  ...Object.fromEntries(["mic", "camera"].flatMap((kind) => devices.map((trouble) => [`${kind}_${trouble}`, false]))),
};

/** Whether no call is possible with it; a code from the future hinders nothing. */
export function hinders(code: string): boolean {
  return findings[code] === true;
}
