package node

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// followEvery is how often a file is looked at: soon enough for what operators
// change by hand, and it sees swapped symbolic links, too.
const followEvery = 30 * time.Second

// followed is what tells one state of a file from another.
type followed struct {
	at   time.Time
	size int64
}

func look(file string) (followed, error) {
	s, err := os.Stat(file)
	if err != nil {
		return followed{}, err
	}
	return followed{s.ModTime(), s.Size()}, nil
}

// follow has a file read again when it changes and on SIGHUP, until ctx ends.
// What cannot be read is said once, and what was read before stays.
func follow(ctx context.Context, file string, reload func() error, log *slog.Logger) {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	followBy(ctx, file, reload, log, hup, tick.C)
}

// followBy looks at the file when ticks come, and reads it whatever it looks like
// when hup does.
func followBy(ctx context.Context, file string, reload func() error, log *slog.Logger, hup <-chan os.Signal, ticks <-chan time.Time) {
	seen, _ := look(file)
	for {
		forced := false
		select {
		case <-ctx.Done():
			return
		case <-hup:
			forced = true
		case <-ticks:
		}
		now, err := look(file)
		if err == nil && now == seen && !forced {
			continue
		}
		if err == nil {
			err = reload()
		}
		switch {
		case err == nil:
			log.Info("file read again", "file", file)
		case now != seen || forced:
			log.Warn("file not read again, what was read before stays", "file", file, "err", err)
		}
		seen = now
	}
}
