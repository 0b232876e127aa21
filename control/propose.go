package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/meridian-video/meridian/control/cluster"
	"github.com/meridian-video/meridian/control/proxy"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/store"
)

// maxEntry bounds a log entry of another node, in bytes.
const maxEntry = 1 << 20

// proposed is the leader's answer to an entry.
type proposed struct {
	Index   uint64 `json:"index"`
	Code    string `json:"code,omitempty"` // of a *state.Error
	Field   string `json:"field,omitempty"`
	Message string `json:"message,omitempty"`
}

// Propose replicates a command, see store.Store, wherever the leader is. A result that came from another node
// has no Value; this node's View has what was changed by then.
func (n *Node) Propose(ctx context.Context, c state.Command) (state.Result, error) {
	entry, err := state.Encode(time.Now(), c, state.Terms{})
	if err != nil {
		return state.Result{}, err
	}
	for {
		r, err := n.pass(ctx, entry)
		if errors.Is(err, proxy.ErrLocal) {
			r, err = n.store.ProposeEntry(ctx, entry)
		}
		if !errors.Is(err, store.ErrNotLeader) && !errors.Is(err, proxy.ErrNoLeader) || ctx.Err() != nil {
			return r, err
		}
		if err := pause(ctx, askFirst); err != nil { // Raft knows of the leader before the leader is ready
			return state.Result{}, fmt.Errorf("%w: %w", store.ErrNotLeader, err)
		}
	}
}

// pass sends an entry to the leader, and waits until this node has applied it, too.
func (n *Node) pass(ctx context.Context, entry []byte) (state.Result, error) {
	var out proposed
	if err := n.call(ctx, http.MethodPost, pathPropose, entry, &out); err != nil {
		if errors.Is(err, proxy.ErrUnknownOutcome) {
			err = fmt.Errorf("%w: %w", store.ErrUnknownOutcome, err)
		}
		return state.Result{}, err
	}
	if err := n.applied(ctx, out.Index); err != nil {
		return state.Result{}, err
	}
	r := state.Result{Index: out.Index}
	if out.Code != "" {
		r.Err = &state.Error{Code: state.Code(out.Code), Field: out.Field, Message: out.Message}
	}
	return r, r.Err
}

// call asks the leader over the Raft listener.
func (n *Node) call(ctx context.Context, method, path string, body []byte, out any) error {
	r, err := http.NewRequestWithContext(ctx, method, "http://control"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := n.proxy.RoundTrip(r)
	if err != nil {
		return err
	}
	return read(res, out)
}

// applied waits until this node's state has an index.
func (n *Node) applied(ctx context.Context, index uint64) error {
	for n.store.View().Index() < index {
		if err := pause(ctx, 2*time.Millisecond); err != nil {
			return fmt.Errorf("wait for index %d: %w", index, err)
		}
	}
	return nil
}

// servePropose takes an entry of another control node.
func (n *Node) servePropose(w http.ResponseWriter, r *http.Request) {
	entry, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxEntry))
	if err != nil {
		http.Error(w, "unreadable entry", http.StatusBadRequest)
		return
	}
	result, err := n.store.ProposeEntry(r.Context(), entry)
	out := proposed{Index: result.Index}
	if d, ok := errors.AsType[*state.Error](err); ok {
		out.Code, out.Field, out.Message, err = string(d.Code), d.Field, d.Message, nil
	}
	switch {
	case errors.Is(err, store.ErrNotLeader):
		refuse(w, err)
	case err != nil:
		http.Error(w, err.Error(), http.StatusGatewayTimeout)
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(out) // the other end is gone: it asks again
	}
}

// catchUp waits until this node has all that the leader has had.
func (n *Node) catchUp(ctx context.Context) error {
	for {
		var leader cluster.Peer
		err := n.call(ctx, http.MethodGet, pathPeer, nil, &leader)
		switch {
		case errors.Is(err, proxy.ErrLocal):
			return nil
		case err == nil:
			return n.applied(ctx, leader.Index)
		}
		n.log.Info("waiting for a leader", "err", err)
		if err := pause(ctx, askFirst); err != nil {
			return fmt.Errorf("wait for a leader: %w", err)
		}
	}
}

// becomeVoter asks for a vote once this node has caught up, when it was admitted without one.
func (n *Node) becomeVoter() {
	for !n.votes() {
		ctx, cancel := context.WithTimeout(n.ctx, changeTimeout)
		err := n.catchUp(ctx)
		if err == nil {
			body, _ := json.Marshal(store.Member{ID: string(n.cfg.NodeID), Addr: n.raftAddr()}) // two strings encode
			err = n.call(ctx, http.MethodPost, pathPromote, body, nil)
		}
		cancel()
		if err != nil {
			n.log.Warn("not a voter yet", "err", err)
		}
		if pause(n.ctx, askMost) != nil {
			return
		}
	}
}

// votes tells whether this node is a voter by what it knows, or not a member at all.
func (n *Node) votes() bool {
	for _, m := range n.store.Members() {
		if m.ID == string(n.cfg.NodeID) {
			return m.Voter
		}
	}
	return len(n.store.Members()) > 0
}
