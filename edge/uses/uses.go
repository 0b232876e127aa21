// Package uses finds out when a token was used first, where it serves for a time
// from then on (tokenLifetime). One place knows of a token, by its hash: control,
// and while that is away the first of the nodes in rendezvous order. Where neither
// answers, the node goes by what it knows itself, and the earliest use counts once
// control is back.
//
// It does not decide on tokens that serve once: those are exchanged, which only
// control can do, and refused while it is away.
package uses

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/control/token"
	"github.com/meridian-video/meridian/geo"
)

// Topic is that of the question between nodes.
const Topic = "edge/use"

const (
	controlTimeout = 2 * time.Second
	peerTimeout    = 600 * time.Millisecond
	payEvery       = 5 * time.Second
)

// Control knows the first use of every token.
type Control interface {
	Use(ctx context.Context, r client.UseRequest) (client.UseAnswer, error)
}

// Peers is the network between nodes.
type Peers interface {
	Call(ctx context.Context, to geo.NodeID, topic string, body []byte) ([]byte, error)
}

// Config is what Uses are made of; all are required.
type Config struct {
	Self      geo.NodeID
	Control   Control
	Connected func() bool         // whether control is heard: else it is not asked
	Nodes     func() []geo.NodeID // living edge nodes
	Peers     Peers
	Log       *slog.Logger
}

// Uses of tokens, as one node knows them. Its methods are safe for many goroutines.
type Uses struct {
	cfg Config
	now func() time.Time

	mu    sync.Mutex
	table *table
}

// New makes Uses.
func New(cfg Config) *Uses { return &Uses{cfg: cfg, now: time.Now, table: newTable()} }

// Judge says whether a token may be used now: token.ErrExpired when its time
// since the first use is over. Who brings it first claims it.
func (u *Uses) Judge(ctx context.Context, r client.UseRequest) error {
	first := u.first(ctx, r)
	_, err := first.Judge(time.Duration(r.LifetimeMS)*time.Millisecond, r.By, u.now())
	return err
}

// first asks control each time that it is there, which may have been told of an
// earlier use since.
func (u *Uses) first(ctx context.Context, r client.UseRequest) token.FirstUse {
	if u.cfg.Connected() {
		first, err := u.askControl(ctx, r)
		if err == nil {
			return first
		}
		u.cfg.Log.Warn("control does not say who used a token first", "err", err)
	}
	u.mu.Lock()
	known, ok := u.table.get(hash(r.Hash))
	u.mu.Unlock()
	if ok {
		return known
	}
	first, err := u.askPeer(ctx, r)
	if err != nil {
		u.cfg.Log.Warn("nobody says who used a token first; it counts from now", "err", err)
	} else {
		r.At, r.By, r.LifetimeMS = first.At, first.By, first.Lifetime.Milliseconds()
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.table.claim(r, u.now())
}

func (u *Uses) askControl(ctx context.Context, r client.UseRequest) (token.FirstUse, error) {
	ctx, cancel := context.WithTimeout(ctx, controlTimeout)
	defer cancel()
	u.mu.Lock()
	if owed, ok := u.table.owed[hash(r.Hash)]; ok {
		r = owed
	}
	u.mu.Unlock()
	a, err := u.cfg.Control.Use(ctx, r)
	if err != nil {
		return token.FirstUse{}, err
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.table.paid(hash(r.Hash), use(a))
	return use(a), nil
}

// askPeer asks the node that owns the hash while control is away; of this node's
// own there is nobody to ask.
func (u *Uses) askPeer(ctx context.Context, r client.UseRequest) (token.FirstUse, error) {
	order := geo.Rendezvous("use/"+hex.EncodeToString(r.Hash), u.cfg.Nodes())
	if len(order) == 0 || order[0] == u.cfg.Self {
		return of(r, u.now()), nil
	}
	body, err := json.Marshal(r)
	if err != nil {
		return token.FirstUse{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, peerTimeout)
	defer cancel()
	answer, err := u.cfg.Peers.Call(ctx, order[0], Topic, body)
	if err != nil {
		return token.FirstUse{}, err
	}
	a, err := client.ParseUseAnswer(answer)
	if err != nil {
		return token.FirstUse{}, err
	}
	return use(a), nil
}

// Answer is what this node, as the owner of a hash, says to another.
func (u *Uses) Answer(body []byte) ([]byte, error) {
	r, err := client.ParseUse(body)
	if err != nil {
		return nil, err
	}
	u.mu.Lock()
	first := u.table.claim(r, u.now())
	u.mu.Unlock()
	return json.Marshal(client.UseAnswer{At: first.At, LifetimeMS: first.Lifetime.Milliseconds(), By: first.By})
}

// Run tells control of the uses that it could not be asked about, until ctx ends.
func (u *Uses) Run(ctx context.Context) {
	for {
		t := time.NewTimer(payEvery/2 + rand.N(payEvery/2))
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.C:
		}
		for u.cfg.Connected() && u.pay(ctx) {
		}
	}
}

// pay tells control of one use; it says whether there may be more to tell.
func (u *Uses) pay(ctx context.Context) bool {
	u.mu.Lock()
	r, ok := u.table.take()
	u.mu.Unlock()
	if !ok {
		return false
	}
	if _, err := u.askControl(ctx, r); err != nil {
		u.cfg.Log.Warn("control is not told of first uses; trying again", "err", err)
		return false
	}
	return true
}
