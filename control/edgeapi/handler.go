package edgeapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/meridian-video/meridian/control/keyring"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/token"
)

// Store is the replicated state, at the leader.
type Store interface {
	Propose(ctx context.Context, c state.Command) (state.Result, error)
	View() *state.View
}

// Minter signs tokens of our own.
type Minter interface {
	Mint(token.Claims) (string, error)
}

// timeout bounds one decision.
const timeout = 10 * time.Second

// Handler answers edges at the leader.
type Handler struct {
	Store  Store
	Tokens Minter
	// Open opens what is sealed of the state.
	Open func(sealed []byte, about ...string) ([]byte, error)
	Now  func() time.Time // nil = time.Now
	Log  *slog.Logger
	// Retry answers that nothing was decided for want of a leader, and may be asked again.
	Retry func(w http.ResponseWriter, err error) bool
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	if err != nil {
		http.Error(w, "unreadable body", http.StatusBadRequest)
		return
	}
	var answer any
	switch r.URL.Path {
	case PathPlace:
		answer, err = h.place(ctx, body)
	case PathUse:
		answer, err = h.use(ctx, body)
	case PathExchange:
		answer, err = h.exchange(ctx, body)
	case PathHeader:
		answer, err = h.header(body)
	default:
		http.NotFound(w, r)
		return
	}
	h.write(w, answer, err)
}

func (h *Handler) write(w http.ResponseWriter, answer any, err error) {
	refusal, refused := errors.AsType[*Refusal](err)
	decided, isState := errors.AsType[*state.Error](err)
	switch {
	case err == nil:
		write(w, http.StatusOK, answer)
	case refused:
		write(w, http.StatusUnprocessableEntity, refusal)
	case isState:
		write(w, http.StatusUnprocessableEntity, &Refusal{Word: "denied", Message: decided.Message})
	case errors.Is(err, ErrRequest):
		http.Error(w, err.Error(), http.StatusBadRequest)
	case h.Retry != nil && h.Retry(w, err):
	default:
		h.Log.Warn("an edge's request was not decided", "err", err)
		http.Error(w, "not decided", http.StatusGatewayTimeout)
	}
}

func write(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // the edge is gone: it asks again
}

func (h *Handler) now() time.Time {
	if h.Now != nil {
		return h.Now()
	}
	return time.Now()
}

// place proposes all placements at once, so that they share what the log costs.
func (h *Handler) place(ctx context.Context, body []byte) (*PlaceAnswer, error) {
	var in PlaceRequest
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	out := &PlaceAnswer{Standing: make([]*Placement, len(in.Placements))}
	errs := make([]error, len(in.Placements))
	var wg sync.WaitGroup
	for i, p := range in.Placements {
		wg.Go(func() { out.Standing[i], errs[i] = h.placeOne(ctx, p) })
	}
	wg.Wait()
	return out, errors.Join(errs...)
}

// placeOne gives the placement that stands instead. One that the state cannot take, of a company that is gone
// perhaps, is as good as told.
func (h *Handler) placeOne(ctx context.Context, p Placement) (*Placement, error) {
	r, err := h.Store.Propose(ctx, &state.Place{
		Company: p.Company, Room: p.Room, Session: p.Session, Node: p.Node,
		Epoch: p.Confirmed, Provisional: p.Provisional, Over: p.Over,
	})
	if refused, ok := errors.AsType[*state.Error](err); ok {
		h.Log.Info("a placement is not kept", "company", p.Company, "room", p.Room, "why", refused)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s, ok := r.Value.(state.Placement)
	if !ok || s.Session == "" || s.Session == p.Session && s.Node == p.Node && s.Epoch == p.Confirmed && s.Provisional == p.Provisional {
		return nil, nil
	}
	return &Placement{
		Company: p.Company, Room: p.Room, Session: s.Session, Node: s.Node, Confirmed: s.Epoch, Provisional: s.Provisional,
	}, nil
}

func (h *Handler) use(ctx context.Context, body []byte) (*UseAnswer, error) {
	var in UseRequest
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	at := h.now()
	if !in.At.IsZero() && in.At.Before(at) {
		at = in.At
	}
	if f, ok := state.Get[state.FirstUse](h.Store.View(), state.FirstUseID(in.Company, in.Hash)); ok && !at.Before(f.At) {
		return &UseAnswer{At: f.At, LifetimeMS: f.LifetimeMS, By: f.By}, nil // no write for who comes again
	}
	life := time.Duration(in.LifetimeMS) * time.Millisecond
	r, err := h.Store.Propose(ctx, &state.UseToken{
		Company: in.Company, Hash: in.Hash, By: in.By, LifetimeMS: in.LifetimeMS, At: in.At,
		Expires: token.FirstUse{At: at, Lifetime: life}.Until(in.Expires),
	})
	if err != nil {
		return nil, err
	}
	f, ok := r.Value.(state.FirstUse)
	if !ok {
		return nil, errNoValue
	}
	return &UseAnswer{At: f.At, LifetimeMS: f.LifetimeMS, By: f.By}, nil
}

// errNoValue is returned where a node answered that was no leader.
var errNoValue = errors.New("the state gave no value")

// exchange verifies the token as an edge has before, since the leader's word must not rest on an edge's.
func (h *Handler) exchange(ctx context.Context, body []byte) (*ExchangeAnswer, error) {
	var in ExchangeRequest
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	view, now := h.Store.View(), h.now()
	if c, ok := state.Get[state.Company](view, in.Company); !ok || c.Suspended() {
		return nil, &Refusal{Word: "denied", Message: "This service is switched off."}
	}
	claims, err := keyring.Of(view, in.Company).Verify(in.Token, token.Expect{Kinds: token.Exchanged}, now)
	if err != nil {
		return nil, refusal(err)
	}
	_, err = h.Store.Propose(ctx, &state.UseToken{
		Company: in.Company, Hash: claims.Hash[:], By: in.Binding, Single: true,
		Expires: token.FirstUse{At: now}.Until(claims.Expires),
	})
	if used, ok := errors.AsType[*state.Error](err); ok && used.Code == state.CodeUsed {
		return nil, refusal(token.ErrUsed)
	}
	if err != nil {
		return nil, err
	}
	return h.mint(claims, in.Binding, now)
}

func (h *Handler) mint(c token.Claims, binding string, now time.Time) (*ExchangeAnswer, error) {
	made, err := c.ExchangeFor(binding, now)
	if err != nil {
		return nil, err
	}
	text, err := h.Tokens.Mint(made)
	if err != nil {
		return nil, err
	}
	return &ExchangeAnswer{Token: text, Room: made.Room, Expires: made.Expires.UTC().Truncate(time.Second)}, nil
}

// refusal keeps an error's word, and none of what it knows besides.
func refusal(err error) *Refusal {
	if c, ok := errors.AsType[interface {
		error
		Code() string
	}](err); ok {
		return &Refusal{Word: c.Code(), Message: "Access denied: " + err.Error() + "."}
	}
	return &Refusal{Word: "denied", Message: "Access denied."}
}
