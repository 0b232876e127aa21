export { createMeeting, Meeting, type Options } from "./meeting";
export { MeetingError } from "./channel";
export { define, type MeetingElement } from "./element";
export type { Device, Events, Guest, Layout, Media, Participant, Phase, State } from "./events";
export type { Method, Methods, Panel, Role, Source } from "./methods";
export type { Finding, Report } from "./diagnose";
