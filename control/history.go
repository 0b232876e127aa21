package control

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/history/record"
)

// openHistory opens the history where it is configured to be, or in the data directory of a node that is alone.
func (n *Node) openHistory(ctx context.Context) error {
	url, err := history.URL(n.cfg.History, n.cfg.Dir, n.cfg.Voters)
	if err != nil {
		return err
	}
	if n.history, err = history.Open(ctx, url); err != nil {
		return err
	}
	if err := n.history.Ready(ctx); err != nil {
		n.log.Warn("history waits for its database", "err", err)
	}
	n.spool = history.NewSpool(n.cfg.Dir, n.history, n.log.With("part", "history"))
	n.wg.Go(func() { _ = n.spool.Run(n.ctx) })
	return nil
}

// Audit keeps an event of control's own. It is on disk when Audit returns nil, also while the database is away.
func (n *Node) Audit(ctx context.Context, event *record.Audit) error { return n.spool.Keep(ctx, event) }

// History is what has happened: sessions, usage, audit. It is nil after a failed Open only.
func (n *Node) History() *history.Store { return n.history }

// takeHistory answers edges that report what has happened.
func (n *Node) takeHistory() http.Handler {
	known := func(company string) bool {
		_, ok := n.store.View().Company(company)
		return ok
	}
	return history.NewHandler(n.history, known, n.log.With("part", "history"))
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
