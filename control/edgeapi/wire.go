package edgeapi

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// Paths on the cluster listener, all POST with JSON.
const (
	PathPlace    = "/cluster/v1/place"
	PathUse      = "/cluster/v1/use"
	PathExchange = "/cluster/v1/exchange"
)

// Bounds of requests.
const (
	MaxBody       = 256 << 10 // bytes
	MaxPlacements = 64        // in one request
	maxText       = 256       // bytes of a name
	maxToken      = 8 << 10   // bytes
	maxLifetime   = int64(366 * 24 * time.Hour / time.Millisecond)
	bindingLength = 43 // SHA-256 in base64url
)

// ErrRequest is returned for a request that is none: bad JSON, or a field outside of its bounds.
var ErrRequest = errors.New("unreadable request")

// Placement says where a session of a room has its home. Of two, that of the greater (Confirmed, Provisional, Node)
// is right.
type Placement struct {
	Company     string `json:"company"`
	Room        string `json:"room"` // public id
	Session     string `json:"session"`
	Node        string `json:"node"`
	Confirmed   uint64 `json:"confirmed"`
	Provisional uint64 `json:"provisional,omitempty"`
	Over        bool   `json:"over,omitempty"` // the session has ended
}

// PlaceRequest tells placements of one node.
type PlaceRequest struct {
	Placements []Placement `json:"placements"`
}

// PlaceAnswer has for each placement that which stands instead, nil where none does.
type PlaceAnswer struct {
	Standing []*Placement `json:"standing"`
}

// UseRequest asks who used a token first, and claims it for the asker. Times that tokens serve are counted from
// there; what serves once is exchanged instead.
type UseRequest struct {
	Company    string    `json:"company"`
	Hash       []byte    `json:"hash"` // SHA-256, token.Claims.Hash
	By         string    `json:"by,omitempty"`
	LifetimeMS int64     `json:"lifetime_ms"`
	Expires    time.Time `json:"expires,omitzero"` // of the token; zero: never
	At         time.Time `json:"at,omitzero"`      // when it was used while nobody could be asked; zero: now
}

// UseAnswer is the first use as it stands.
type UseAnswer struct {
	At         time.Time `json:"at"`
	LifetimeMS int64     `json:"lifetime_ms"`
	By         string    `json:"by,omitempty"`
}

// ExchangeRequest gives a token that serves once for one that serves in one browser.
type ExchangeRequest struct {
	Company string `json:"company"`
	Token   string `json:"token"`
	Binding string `json:"binding"` // token.Bind of the browser's secret
}

// ExchangeAnswer is the other token.
type ExchangeAnswer struct {
	Token   string    `json:"token"`
	Room    string    `json:"room,omitempty"` // public id; empty: the token is for no room
	Expires time.Time `json:"expires"`
}

// Refusal is the answer, with status 422, to a token that is not exchanged.
type Refusal struct {
	Word    string `json:"code"` // a refusal code of the signalling protocol
	Message string `json:"message"`
}

func (r *Refusal) Error() string { return r.Message }

// Code is the stable word shown to clients.
func (r *Refusal) Code() string { return r.Word }

// request is what is read of another node.
type request interface{ valid() bool }

// decode reads a request.
func decode(body []byte, into request) error {
	if len(body) > MaxBody {
		return fmt.Errorf("%w: more than %d bytes", ErrRequest, MaxBody)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%w: %w", ErrRequest, err)
	}
	if !into.valid() {
		return fmt.Errorf("%w: a field is outside of its bounds", ErrRequest)
	}
	return nil
}

func (r *PlaceRequest) valid() bool {
	if len(r.Placements) == 0 || len(r.Placements) > MaxPlacements {
		return false
	}
	for _, p := range r.Placements {
		if !name(p.Company) || !name(p.Room) || !name(p.Session) || !name(p.Node) {
			return false
		}
	}
	return true
}

// ParseUse reads a UseRequest; the error is ErrRequest.
func ParseUse(body []byte) (r UseRequest, err error) { return r, decode(body, &r) }

// ParseUseAnswer reads a UseAnswer; the error is ErrRequest.
func ParseUseAnswer(body []byte) (a UseAnswer, err error) { return a, decode(body, &a) }

func (a *UseAnswer) valid() bool {
	return !a.At.IsZero() && written(a.At) && a.LifetimeMS >= 0 && a.LifetimeMS <= maxLifetime && len(a.By) <= maxText && utf8.ValidString(a.By)
}

// OfNode tells whether all placements of a PlaceRequest are those of one node.
func OfNode(body []byte, node string) bool {
	var r PlaceRequest
	if decode(body, &r) != nil {
		return false
	}
	return !slices.ContainsFunc(r.Placements, func(p Placement) bool { return p.Node != node })
}

func (r *UseRequest) valid() bool {
	return name(r.Company) && len(r.Hash) == sha256.Size && len(r.By) <= maxText && utf8.ValidString(r.By) &&
		r.LifetimeMS > 0 && r.LifetimeMS <= maxLifetime && written(r.Expires) && written(r.At)
}

func (r *ExchangeRequest) valid() bool {
	return name(r.Company) && r.Token != "" && len(r.Token) <= maxToken && len(r.Binding) == bindingLength
}

func name(s string) bool { return s != "" && len(s) <= maxText && utf8.ValidString(s) }

// written tells whether RFC 3339 can write a time that is added to.
func written(t time.Time) bool { return t.Year() >= 1 && t.Year() < 9990 }
