// Every method and every event of the library as a partner would write them.
// Nobody runs this: it does not compile when a type is missing or too wide.

import { MeetingError, createMeeting, type Events, type Guest, type Media, type Meeting, type MeetingElement, type Methods, type Participant, type Report, type State } from "./src/index";

/** Each method by name, so that one without a use here does not compile. */
const uses: { [M in keyof Methods]: (m: Meeting) => Promise<Methods[M]["result"]> } = {
  join: (m) => m.join("Ada", { mic: true, camera: { label: "Front" } }),
  leave: (m) => m.leave(),
  setMicrophone: (m) => m.setMicrophone(false),
  setCamera: (m) => m.setCamera(true),
  share: (m) => m.share(),
  setName: (m) => m.setName("Ada"),
  sendMessage: (m) => m.sendMessage("hello"),
  setPanel: (m) => m.setPanel(null),
  setControlsVisible: (m) => m.setControlsVisible(false),
  setVolume: (m) => m.setVolume(50),
  muteIncoming: (m) => m.muteIncoming(true),
  devices: (m) => m.devices(),
  setDevice: (m) => m.setDevice("mic", "default").then(() => m.setDevice("camera", { label: "Front" })),
  setLocale: (m) => m.setLocale("de"),
  setLayout: (m) => m.setLayout("gallery"),
  pin: (m) => m.pin("p1", true),
  state: (m) => m.state(),
  diagnose: (m) => m.diagnose().then((r: Report) => r.findings.map((f) => f.code)),
  screenshot: (m) => m.screenshot("p1", "png"),
  playSound: (m) => m.playSound(),
  setBitrate: (m) => m.setBitrate(300_000),
  raiseHand: (m) => m.raiseHand(),
  react: (m) => m.react("👏"),
  admit: (m) => m.admit("p1"),
  reject: (m) => m.reject(),
  mute: (m) => m.mute("p1", "camera"),
  kick: (m) => m.kick("p1"),
  block: (m) => m.block("p1"),
  setRole: (m) => m.setRole("p1", "moderator"),
  lock: (m) => m.lock(false),
  endForAll: (m) => m.endForAll(),
};

const listeners: { [K in keyof Events]: (detail: Events[K]) => unknown } = {
  ready: () => {},
  phasechange: ({ phase }) => phase === "live",
  waiting: () => {},
  joined: ({ peerId, name, media, participants }) => media.mic && name && participants.some((p: Participant) => p.peerId === peerId),
  left: ({ reason }) => reason.length,
  participantjoined: ({ participant }) => participant.hand?.length,
  participantleft: ({ peerId, name, reason }) => peerId + name + reason,
  mediachanged: ({ media, own }) => own && (media satisfies Media),
  namechanged: ({ peerId, name, own }) => own && peerId + name,
  deviceerror: ({ kind, code }) => kind + code,
  soundblocked: () => {},
  speaking: ({ peerIds }) => peerIds.join(),
  chatmessage: ({ seq, text, at }) => `${seq} ${text} ${at}`,
  handchanged: ({ up, name }) => up && name,
  reaction: ({ text, own }) => own && text,
  lobbychanged: ({ waiting }) => waiting.map((g: Guest) => g.since),
  layoutchanged: ({ layout }) => layout,
  pinchanged: ({ peerId, share }) => share && peerId,
  error: ({ code, message }) => code + message,
};

export async function sample(box: HTMLElement): Promise<State> {
  const meeting = createMeeting(box, { url: "https://meet.example.com/m/demo", token: "t", displayName: "Ada", peerId: "p", lang: "de", title: "Demo" });
  const stop: () => void = meeting.on("joined", listeners.joined);
  for (const use of Object.values(uses)) await use(meeting).catch((e: unknown) => e instanceof MeetingError && e.code);
  await meeting.ready();
  await meeting.muteAll("mic");
  if (!meeting.fullScreen) await meeting.setFullScreen();
  stop();
  meeting.destroy();
  const frame: HTMLIFrameElement = meeting.frame;
  const element: MeetingElement = document.createElement("meridian-meeting");
  element.addEventListener("reaction", (e) => e.detail.text.length);
  element.addEventListener("click", (e) => e.type);
  const inside: Meeting | null = element.meeting;

  // @ts-expect-error: an address is needed
  createMeeting(box, {});
  // @ts-expect-error: no such option
  createMeeting(box, { url: "", tokn: "" });
  // @ts-expect-error: no such event
  meeting.on("join", () => {});
  // @ts-expect-error: the detail has no such member
  meeting.on("left", ({ code }) => code);
  // @ts-expect-error: not a boolean
  void meeting.setMicrophone("on");
  // @ts-expect-error: no such panel
  void meeting.setPanel("admin");
  // @ts-expect-error: whom?
  void meeting.kick();
  // @ts-expect-error: no such role
  void meeting.setRole("p1", "owner");
  // @ts-expect-error: no such source
  void meeting.mute("p1", "screen");
  // @ts-expect-error: the frame is the meeting's own
  meeting.frame = frame;
  // @ts-expect-error: and so is the element's meeting
  element.meeting = inside;
  // @ts-expect-error: a share settles with media, not with state
  const wrong: State = await meeting.share();
  return wrong ?? meeting.state();
}
