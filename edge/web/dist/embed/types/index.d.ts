export { createMeeting, Meeting, type Options } from "./meeting";
export { MeetingError } from "./channel";
export { define, type MeetingElement } from "./element";
export type { Device, Events, Guest, Layout, Media, Participant, Phase, State } from "./events";
export type { Choice, Method, Methods, Panel, Picture, Role, Source, Wish } from "./methods";
export type { Finding, Report } from "./diagnose";
