package spec

// open are the rows that are due and still to be shown, and what each lacks. A row
// that has a test has to leave this list, so it only shrinks.
var open = map[string]string{
	// Rooms and pages
	"GC-A01": "the partner's page in a browser test",
	"GC-A03": "the partner's page in a browser test",
	"GC-A04": "the partner's page in a browser test",
	"GC-A05": "the partner's page in a browser test",

	// Precedence and tokens
	"GC-A12": "a partner's link in a browser test",
	"GC-A13": "a partner's link in a browser test",
	"GC-A15": "a partner's link in a browser test",
	"GC-A16": "a partner's link in a browser test",
	"GC-A17": "a partner's link in a browser test",
	"GC-A18": "a partner's link in a browser test",
	"GC-A19": "a partner's link in a browser test",

	// Peer ids
	"GC-A21": "the partner's page in a browser test",
	"GC-A22": "the partner's page in a browser test",
	"GC-A23": "the partner's page in a browser test",
	"GC-A24": "the partner's page in a browser test",
	"GC-A25": "the partner's page in a browser test",

	// Attributes
	"GC-A48": "the partner's page in a browser test",
	"GC-A49": "the partner's page in a browser test",
}
