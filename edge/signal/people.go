package signal

import (
	"fmt"
	"unicode/utf8"
)

// Bounds of a lookup. The cursor is the server's own, and no longer than a name
// and a peer id make it.
const (
	maxPage   = 100
	usualPage = 50
	maxMatch  = 128 // characters
	maxCursor = 8 << 10
)

// Lookup asks for a part of a webinar's viewers, in the order of their names.
type Lookup struct {
	After string `json:"after"` // Next of the page before; empty: the first
	Match string `json:"match"` // what the name contains, whatever its case
	Limit int    `json:"limit"` // 1 to 100, 0: 50
}

// Page is a part of the viewers.
type Page struct {
	Type   string   `json:"type"`
	ID     string   `json:"id"`
	People []Person `json:"people"`
	Next   string   `json:"next"`  // empty: there are no more
	Total  int      `json:"total"` // that match, on all pages
}

// check says what is wrong with a lookup, naming the field, and fills in the
// usual limit.
func (q *Lookup) check() error {
	if q.Limit == 0 {
		q.Limit = usualPage
	}
	switch {
	case q.Limit < 0 || q.Limit > maxPage:
		return fmt.Errorf("%w: limit: %d is not within 1 and %d", errBadMessage, q.Limit, maxPage)
	case utf8.RuneCountInString(q.Match) > maxMatch:
		return fmt.Errorf("%w: match: is longer than %d characters", errBadMessage, maxMatch)
	case len(q.After) > maxCursor:
		return fmt.Errorf("%w: after: is longer than %d bytes", errBadMessage, maxCursor)
	}
	return nil
}

func (p Page) answer(id string) Page {
	p.Type, p.ID = "people", id
	return p
}
