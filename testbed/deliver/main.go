// Command deliver proves what control/notify promises of webhooks: it publishes events to many endpoints, kills
// the sender with SIGKILL again and again, lets the receivers fail half the time and one never answer, and then
// looks at what arrived: each event at least once, under one id and with the same bytes, the events of a room in
// order except behind one that failed for longer than the hold, and no endpoint later for a dead one's sake.
//
//	go run ./testbed/deliver -events 20000 -database sqlite
//	go run ./testbed/deliver -events 20000 -database postgres
//
// Waits of the schedule are shortened by -scale. Figures of a shared machine are ratios within a run.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/meridian-video/meridian/testbed/postgres"
)

// senderWord as the first argument makes a process the one that is killed.
const senderWord = "sender"

func main() { os.Exit(command(os.Args[1:])) }

func command(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(args) == 2 && args[0] == senderWord {
		return fail(send(ctx, args[1]))
	}
	var o options
	flags := flag.NewFlagSet("deliver", flag.ContinueOnError)
	flags.IntVar(&o.Events, "events", 20_000, "events, over all endpoints")
	flags.IntVar(&o.Endpoints, "endpoints", 20, "endpoints that answer")
	flags.IntVar(&o.Dead, "dead", 1, "endpoints that never answer")
	flags.IntVar(&o.Rooms, "rooms", 40, "rooms an endpoint hears of")
	flags.IntVar(&o.Scale, "scale", 3000, "factor by which retries come earlier")
	flags.IntVar(&o.MostFailures, "failures", 7, "times in a row that one event may fail")
	flags.DurationVar(&o.KillEvery, "kill", 3*time.Second, "life of a sender, about")
	flags.IntVar(&o.Rate, "rate", 400, "events a second that are published")
	flags.DurationVar(&o.Deadline, "deadline", 15*time.Minute, "when to give up")
	database := flags.String("database", "sqlite", "sqlite or postgres")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	return fail(onDatabase(ctx, *database, func(url string) error {
		o.Database = url
		r, err := run(ctx, o)
		fmt.Println(*database + ": " + r.String())
		return err
	}))
}

func fail(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintln(os.Stderr, "deliver:", err)
	return 1
}

// onDatabase gives f the URL of an empty database.
func onDatabase(ctx context.Context, kind string, f func(url string) error) error {
	if kind == "sqlite" {
		dir, err := os.MkdirTemp("", "deliver")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		return f("sqlite:" + filepath.Join(dir, "history.db"))
	}
	s, err := postgres.Start(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	url, err := s.Database(ctx)
	if err != nil {
		return err
	}
	return f(url)
}
