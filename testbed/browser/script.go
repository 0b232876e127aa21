package browser

import _ "embed"

// What Options.Scripts takes. They are code of the page's world and reach into
// nothing of ours but what a person could see, hear and press.
var (
	//go:embed scripts/ears.js
	ears string // window.ears; the next two need it

	//go:embed scripts/clapper.js
	clapper string

	//go:embed scripts/lips.js
	lips string

	//go:embed scripts/bare.js
	bare string // for [attend] instead of join

	//go:embed scripts/prompts.js
	prompts string // window.prompts

	//go:embed scripts/wire.js
	wire string

	//go:embed scripts/witness.js
	witness string // for Witnessed

	//go:embed scripts/gap.js
	gap string // for Gaps; it needs wire

	//go:embed scripts/plainpip.js
	plainPip string // window.pip

	//go:embed scripts/stills.js
	stills string // for watches

	//go:embed scripts/vitals.js
	vitals string // window.vitals, for audits

	//go:embed scripts/lists.js
	lists string // window.lists

	//go:embed scripts/old.js
	old string // a browser without WebRTC
)

// slides is a document worth sharing: it moves, and sounds at 1,500 Hz.
//
//go:embed scripts/slides.html
var slides string
