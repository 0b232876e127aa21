package spec

var audience = List{"Webinars and large audiences", []Requirement{
	{"F-101", "Speakers and viewers", "in a webinar one is a viewer unless a token or the room says otherwise", Page, ""},
	{"F-102", "20 speakers and 2,000 viewers", "every viewer hears all who speak and sees the visible ones, with less than 0.1 % of packets lost by us", Page, Load},
	{"F-103", "50 people in a call", "under load, with 50 senders of three layers", Page, Load},
	{"F-104", "Viewers are asked for no device", "no question for a microphone, on iOS too", Page, ""},
	{"F-105", "A page with the live stream, and its frame", "plays", Media, ""},
	{"F-106", "Little delay to many viewers", "plays with less delay than HLS gives", Media, ""},
	{"F-107", "HLS", "a standard client plays it and changes renditions with its bandwidth", Media, ""},
	{"F-108", "Renditions and a page that lists them", "each plays", Media, ""},
}}
