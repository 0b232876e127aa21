package control

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/state"
)

// openHistory opens the history where it is configured to be, or in the data directory of a node that is alone.
func (n *Node) openHistory(ctx context.Context) error {
	open := n.cfg.OpenHistory
	if open == nil {
		url, err := history.URL(n.cfg.History, n.cfg.Dir, max(n.cfg.BootstrapExpect, len(n.cfg.Join)))
		if err != nil {
			return err
		}
		open = func(ctx context.Context) (*history.Store, error) { return history.Open(ctx, url) }
	}
	var err error
	if n.history, err = open(ctx); err != nil {
		return err
	}
	if err := n.history.Ready(ctx); err != nil {
		n.log.Warn("history waits for its database", "err", err)
	}
	return nil
}

// History is what has happened: sessions, usage, audit. It is nil after a failed Open only.
func (n *Node) History() *history.Store { return n.history }

// takeHistory answers edges that report what has happened.
func (n *Node) takeHistory() http.Handler {
	known := func(company string) bool {
		_, ok := state.Get[state.Company](n.store.View(), company)
		return ok
	}
	take := history.NewHandler(n.history, known, n.log.With("part", "history"))
	take.Tell = n.notifier.PublishRecords
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !n.serving.Load() || !n.store.Fresh(freshness) { // it may not know a new company, nor its webhook
			refuse(w, errForming)
			return
		}
		take.ServeHTTP(w, r)
	})
}

// SigningKey reads the key of a node's data directory that signs join tokens and usage ledgers; the node makes
// it at its first start.
func SigningKey(dir string) (ed25519.PrivateKey, error) {
	path := filepath.Join(dir, fileSigningKey)
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("signing key: %w", err)
	}
	return signingKey(path)
}
