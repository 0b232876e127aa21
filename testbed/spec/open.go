package spec

// open are the rows that are due and still to be shown, and what each lacks. A row
// that has a test has to leave this list, so it only shrinks.
var open = map[string]string{
	// Access check and webhooks
	"GC-A30": "a partner's server that is asked",
	"GC-A31": "a partner's server that is asked",

	// Attributes
	"GC-A37": "the partner's page in a browser test",
	"GC-A39": "the partner's page in a browser test",
	"GC-A41": "the partner's page in a browser test",
	"GC-A42": "the partner's page in a browser test",
	"GC-A43": "the partner's page in a browser test",
	"GC-A44": "the partner's page in a browser test",
	"GC-A46": "the partner's page in a browser test",

	// Embedding and mobile
	"GC-A80": "the partner's site",
	"GC-A81": "the partner's site",
}
