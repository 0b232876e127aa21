package node

import (
	"cmp"
	"context"
	"log/slog"
	"path/filepath"

	"github.com/meridian-video/meridian/control/outbox"
	"github.com/meridian-video/meridian/edge/room"
)

// openOutbox opens the outbox of history. An edge whose disk does not let it
// serves all the same, keeps no history, and says so.
func (e *Edge) openOutbox(o EdgeOptions) room.Recorder {
	box, err := outbox.Open(outbox.Config{
		Dir: cmp.Or(o.OutboxDir, filepath.Join(o.Dir, "outbox")), Limit: o.OutboxLimit,
		Log: o.Log.With("part", "outbox"), Registerer: e.Registry,
	})
	if err != nil {
		o.Log.Error("no history is kept", "err", err)
		e.Health.AddWarning("history", func() error { return err })
		return nil
	}
	e.Outbox = box
	return box
}

// deliver takes the outbox to control.
func (e *Edge) deliver(ctx context.Context, log *slog.Logger) {
	d := outbox.NewDelivery(e.Outbox, e.Client.Transport(), log.With("part", "outbox"))
	e.Health.AddWarning("history", d.Check)
	e.wg.Go(func() { _ = d.Run(ctx) })
}
