package event

import "time"

// TypeTest is of an event that tells of nothing: somebody wants to see whether an endpoint works. It is sent to
// that one, whatever types it wants.
const TypeTest Type = "webhook.test"

// Test says who tries the endpoint out.
type Test struct {
	Webhook string `json:"webhook"`
	Actor   string `json:"actor"` // "user:…", "key:…"
	Note    string `json:"note,omitempty"`
}

// NewTest makes one. Source tells one try from another.
func NewTest(source, company string, at time.Time, t Test) (Event, error) {
	return New(TypeTest, source, company, "", at, t)
}
