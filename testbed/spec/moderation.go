package spec

var moderation = List{"Moderation", []Requirement{
	{"F-087", "What moderators may", "each right works for a moderator, and the server refuses it to a forged request of anybody else", Page, ""},
	{"F-088", "Remove somebody", "nobody gets a packet of theirs 1 s later; they read why, and the page around a frame is told once", Page, ""},
	{"F-089", "Block somebody", "not back in this session by link, account or peer id, at any POP", Page, ""},
	{"F-090", "Turn somebody's microphone or camera off", "works for moderators alone, and the person can see who did it", Page, ""},
	{"F-091", "Everybody's microphones or cameras off", "all but those of moderators", Page, ""},
	{"F-092", "How a meeting treats microphones", "configured: newcomers unmuted; muted; muted without a way to speak, which the server enforces", Page, ""},
	{"F-093", "Lobby", "who comes waits, gets nothing and is admitted or turned away by a moderator; moderators do not wait, who is inside stays", Page, ""},
	{"F-094", "Roles change during the meeting", "the controls come and go without a reconnect, and the server follows", Page, ""},
	{"F-095", "One view for everyone", "a moderator's layout and pin are everybody's within 500 ms, also for who comes late; of several the last counts", Page, ""},
	{"F-096", "End for everyone", "all are out within 2 s and read why", Page, ""},
	{"F-097", "Lock the room; a limit by the partner's answer", "nobody comes in any more and is told why", Page, ""},
	{"F-098", "Bound the room's bitrate", "no camera is above the bound 5 s later, by more than a tenth; who is no moderator bounds only themselves", Page, ""},
	{"F-099", "Ask to turn on; lower a hand; who may share", "the request appears at the person, and nothing switches on by itself", Page, ""},
	{"F-100", "Moderator by PIN over the telephone", "a caller who types the PIN moderates", Facade, Gateway},
}}
