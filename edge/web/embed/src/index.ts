// meridian-embed: a meeting in your page. See README.md.

import { define } from "./element";

export { createMeeting, Meeting, type Options } from "./meeting";
export { MeetingError } from "./channel";
export { define } from "./element";
export type { Events, Layout, Media, Participant, Phase, State } from "./events";
export type { Finding, Report } from "./diagnose";

define();
