//go:build linux

// Command wan runs Meridian on a wide-area network within this machine: control,
// an edge in each POP and people near them, in network namespaces that a router
// joins by links with delay, jitter, loss, a rate and an MTU. Links are changed
// and cut, and hosts silenced and killed, by lines on the standard input.
//
//	go run ./testbed/wan                           three POPs; prints links to open
//	go run ./testbed/wan --topology FILE
//	go run ./testbed/wan measure --times 20        what deaths and cuts cost
//
// It needs root and /dev/net/tun. Its figures are those of this machine, whose
// processors all the nodes share.
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
	Run     runCommand     `cmd:"" default:"withargs" help:"Run a network and do what lines on the standard input say (the default)."`
	Measure measureCommand `cmd:"" help:"Repeat deaths and cuts: how long media stand still and nothing is decided."`
}

// errRefused is returned when a flag or a file is wrong.
var errRefused = errors.New("refused")

func main() { os.Exit(command(os.Args[1:])) }

// command parses and runs one command and returns the exit code: 2 where the
// command is refused, 1 where the work fails.
func command(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	helped := false
	parser, err := kong.New(&commands{},
		kong.Name("wan"),
		kong.Description("Meridian on a wide-area network within this machine."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(int) { helped = true }),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		return fail(err)
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
		fmt.Fprintf(os.Stderr, "wan: %s\n", strings.TrimSuffix(line, "\n"))
	}
	if errors.Is(err, errRefused) {
		return 2
	}
	return 1
}
