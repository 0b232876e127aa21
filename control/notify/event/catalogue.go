package event

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
)

// Definition documents a type.
type Definition struct {
	Type    Type
	Version int
	Summary string
	Ordered bool // has a seq in its room
	Example Event
}

var exampleAt = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// Catalogue lists all types in the order of their names.
func Catalogue() []Definition {
	var all []Definition
	for _, d := range []struct {
		t       Type
		summary string
		data    any
	}{
		{TypeSessionOpened, "The first person was admitted to a room.", SessionOpened{"s-81", record.Call, "fra"}},
		{TypeSessionClosed, "A session is over; whoever was in it has left. The reason `lost` stands where its home was gone without a word: should more be heard of it, events of it follow, and its end is not told again.", SessionClosed{"s-81", record.ReasonLost}},
		{TypeParticipantJoined, "Somebody takes part. Resuming a broken connection is no new participation.", ParticipantJoined{
			Session: "s-81", Presence: "q3c7zv2k", Peer: "ann-7", Role: record.Moderator, Mode: record.Speaker, POP: "fra", Person: "u-12", Name: "Ann",
			Attributes: map[string]string{"department": "sales"},
		}},
		{TypeParticipantLeft, "A participation ended; told once for each, with the reason.", ParticipantLeft{"s-81", "q3c7zv2k", "ann-7", record.ReasonLeft}},
		{TypeChatMessage, "A message to all in the room.", ChatMessage{"s-81", "m-5", 5, "ann-7", "Ann", "Hello"}},
	} {
		all = append(all, define(d.t, d.summary, "daily", d.data))
	}
	all = append(all, define(TypeTest, "Somebody tries the endpoint out; sent to it alone, whichever types it wants.", "", Test{"webhook-1", "key:k-3", "Hello"}))
	for _, kind := range changing {
		for _, verb := range verbs {
			fields := map[string][]string{"created": {"name"}, "updated": {"lobby"}}[verb]
			all = append(all, define(Type(kind+"."+verb), fmt.Sprintf("A %s was %s, by the API or a page.", kind, verb), "", Changed{kind, kind + "-1", fields, "key:k-3"}))
		}
	}
	slices.SortFunc(all, func(a, b Definition) int { return strings.Compare(string(a.Type), string(b.Type)) })
	return all
}

func define(t Type, summary, room string, data any) Definition {
	e, err := New(t, "example", "acme", room, exampleAt, data)
	if err != nil {
		panic(err) // a struct of this package that cannot be encoded
	}
	if room != "" {
		e.Seq = 12
	}
	return Definition{Type: t, Version: e.Version, Summary: summary, Ordered: room != "", Example: e}
}

// Known says whether a type is in the catalogue.
func Known(t Type) bool {
	return slices.ContainsFunc(Catalogue(), func(d Definition) bool { return d.Type == t })
}

// Document is EVENTS.md.
func Document() string {
	var b strings.Builder
	b.WriteString(intro)
	b.WriteString("| type | version | seq | what happened |\n| --- | --- | --- | --- |\n")
	for _, d := range Catalogue() {
		seq := "–"
		if d.Ordered {
			seq = "per room"
		}
		fmt.Fprintf(&b, "| `%s` | %d | %s | %s |\n", d.Type, d.Version, seq, d.Summary)
	}
	b.WriteString("\n## Examples\n")
	for _, d := range Catalogue() {
		text, err := json.MarshalIndent(d.Example, "", "  ")
		if err != nil {
			panic(err) // see define
		}
		fmt.Fprintf(&b, "\n### %s\n\n```json\n%s\n```\n", d.Type, text)
	}
	return b.String()
}

const intro = `# Events

Made from the table in package event by ` + "`go test ./control/notify/event -run Document -update`" + `.

Each event is sent by POST as JSON, signed by the Standard Webhooks scheme: ` + "`webhook-id`" + ` (the event's id, the same in every
attempt), ` + "`webhook-timestamp`" + ` (seconds, of the attempt) and ` + "`webhook-signature`" + ` (` + "`v1,`" + ` and base64 of
HMAC-SHA-256 over ` + "`id.timestamp.body`" + `; two of them, with a space between, while a key is replaced). A status of 2xx accepts.

- An event may come more than once: remember ids.
- Events of a room come in the order of ` + "`seq`" + `. When one cannot be delivered, those behind it wait up to 5 minutes; after that they
  are sent, and the late one comes later: sort by ` + "`seq`" + `. It may rise by more than 1 where an endpoint does not want all types.
- A failed delivery is tried again after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h. 410 turns the endpoint off; 400, 405, 406,
  413, 415, 422, 431 and 501 refuse this one event for good. Redirects are not followed. An answer must come within 15 s.
- Pass over fields and types that you do not know: a version may get more of them.

`
