package spec

import "regexp"

// Place is where a requirement is built.
type Place string

const (
	Page    Place = "page"    // the meeting page and the edges that serve it
	Control Place = "control" // tenants, tokens, the decision who comes in
	Facade  Place = "facade"  // a partner's own pages, parameters and calls
	Partner Place = "partner" // one partner's facade, which is being built: like Page, rows are shown or open
	Media   Place = "media"   // recording, live streams, watch parties
)

// Excuse is why a requirement has no test and needs none yet.
type Excuse string

const (
	Later   Excuse = "a later round of the page"
	Gateway Excuse = "needs a telephone gateway"
	Load    Excuse = "a load test by hand, figures in `edge/sfu/DESIGN.md` and `edge/web/DESIGN.md`: `go run ./testbed/bench sfu --scenario viewers,webinar`, `… crowd`"

	IPhone    Excuse = "needs a telephone of Apple's"
	PublicDNS Excuse = "needs public DNS"
	Recording Excuse = "recording comes with the media requirements"
)

// Requirement is one row: something that Meridian has to do.
type Requirement struct {
	ID        string
	Feature   string
	Criterion string // what a test observes
	Place     Place
	Excuse    Excuse // empty for most
}

// due says whether a row has to be shown by now.
func (r Requirement) due() bool { return r.Place == Page || r.Place == Partner }

// List is a part of the requirements under a title.
type List struct {
	Title string
	Rows  []Requirement
}

// lists is all of them, in the order of the table. Ids are unique over all.
var lists = []List{joining, meeting, moderation, audience, embedding, gcore}

// identifier is what an id looks like: F-075, or GC-A04 of a partner.
const identifier = `[A-Z]{1,2}-[A-Z]?[0-9]{2,3}`

var wellFormed = regexp.MustCompile(`^` + identifier + `$`)
