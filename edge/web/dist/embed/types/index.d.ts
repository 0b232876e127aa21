export { createMeeting, Meeting, type Options } from "./meeting";
export { MeetingError } from "./channel";
export { define } from "./element";
export type { Events, Media, Participant, Phase, State } from "./events";
export type { Finding, Report } from "./diagnose";
