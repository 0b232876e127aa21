//go:build linux

// Command bench measures the whole server from outside, as any operator can: it
// starts a node as a process of its own, drives it by the public protocols with
// a cheap generator (package light), and reads its processor time and memory
// from the kernel. Other servers whose binaries are on PATH get the same load,
// and a sender of the same packets without any server is the floor, so that
// what counts are ratios of one run.
//
//	go run ./testbed/bench sfu
//	go run ./testbed/bench writes --sync 5ms
//	go run ./testbed/bench feed
//	go run ./testbed/bench crowd
//	go run ./testbed/bench figures FILE.json >edge/sfu/figures.svg
//
// It is no test: figures of a shared machine prove nothing by themselves.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

type commands struct {
	Sfu      sfuCommand      `cmd:"" help:"Measure the SFU: processor time a packet, delay, memory, joins."`
	Failover failoverCommand `cmd:"" help:"Kill the leader of three control nodes: how long until a write is accepted."`
	Writes   writesCommand   `cmd:"" help:"Read and change rooms over the API of control nodes: calls a second, processor time, syncs."`
	Feed     feedCommand     `cmd:"" help:"Hang a thousand edges on one control node's feed: revocations, storms, processor time, memory."`
	Crowd    crowdCommand    `cmd:"" help:"Fill a webinar on three POPs with viewers: join rate, processor time, memory, bytes; the one too many."`
	Figures  figuresCommand  `cmd:"" help:"Draw the JSON of a run as an SVG page."`
	Floor    floorCommand    `cmd:"" hidden:"" help:"Send sealed packets as fast as a server could; started by sfu."`
}

// errRefused is returned when a flag is wrong.
var errRefused = errors.New("refused")

func main() { os.Exit(command(os.Args[1:])) }

// command parses and runs one command and returns the exit code: 2 where the
// command is refused, 1 where the work fails.
func command(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	helped := false
	parser, err := kong.New(&commands{},
		kong.Name("bench"),
		kong.Description("Measures Meridian, and what else is on PATH, from outside."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(int) { helped = true }),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		return fail(err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	chosen, err := parser.Parse(args)
	if helped {
		return 0
	}
	if err != nil {
		return fail(fmt.Errorf("%w: %w (see --help)", errRefused, err))
	}
	return fail(chosen.Run())
}

// fail says what is wrong, a line each, and returns the exit code.
func fail(err error) int {
	if err == nil {
		return 0
	}
	for line := range strings.Lines(strings.TrimPrefix(err.Error(), errRefused.Error()+": ")) {
		fmt.Fprintf(os.Stderr, "bench: %s\n", strings.TrimSuffix(line, "\n"))
	}
	if errors.Is(err, errRefused) {
		return 2
	}
	return 1
}
