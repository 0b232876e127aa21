package room

import (
	"slices"
	"time"
)

// Bounds of a proof.
const (
	maxProofID  = 64 // bytes of an id or a name in it
	maxProofIDs = 9  // a token has eight before it at the most
)

// Proof is the token that let a person in, as far as others have to know it: to
// let the same one back in, and to end who came in by one that is withdrawn. It
// opens nothing. The zero value stands for no token.
type Proof struct {
	Token string    `json:"token,omitempty"` // name of the token: its hash
	IDs   []string  `json:"ids,omitempty"`   // its id and those of what it was made from
	Key   string    `json:"key,omitempty"`   // id of the key that signed it
	Until time.Time `json:"until,omitzero"`  // when the presence ends with it; zero: it does not
	// Visit says that it was given to one browser for one visit: who is kicked
	// does not come back by it in this session, but by a new one.
	Visit bool `json:"visit,omitempty"`
}

func (p Proof) valid() bool {
	if len(p.Token) > maxProofID || len(p.Key) > maxProofID || len(p.IDs) > maxProofIDs {
		return false
	}
	return okID(p.Token) && okID(p.Key) && !slices.ContainsFunc(p.IDs, func(id string) bool { return len(id) > maxProofID || !okID(id) })
}

func (p Proof) equal(q Proof) bool {
	return p.Token == q.Token && p.Key == q.Key && p.Visit == q.Visit && slices.Equal(p.IDs, q.IDs) && p.Until.Equal(q.Until)
}

// mark is what a verdict about the token itself goes by, nil for one that serves
// more than a visit.
func (p Proof) mark() []string {
	if !p.Visit || p.Token == "" {
		return nil
	}
	return []string{digest("visit:" + p.Token)}
}
