// Command meridian is the one binary: a whole network for trying things out
// (dev), a control node, an edge node, and what helps to run them.
//
// It reads flags and the configuration, and says in one line what is wrong with
// them; ops/dev and ops/node do the work. It exits with 2 where the command or
// the configuration is refused, and with 1 where the work fails.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands are the subcommands; each has a file of its own.
type commands struct {
	Dev     devCommand     `cmd:"" help:"Run a whole network on this machine and print links to open."`
	Control controlCommand `cmd:"" help:"Run a control node."`
	Edge    edgeCommand    `cmd:"" help:"Run an edge node."`
	Usage   usageCommand   `cmd:"" help:"Write and check usage ledgers."`
	Config  configCommand  `cmd:"" help:"Look at a configuration."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// process is what a command touches of the process it runs in.
type process struct {
	stdout, stderr io.Writer
	environ        []string
}

func main() {
	p := &process{os.Stdout, os.Stderr, os.Environ()}
	os.Exit(p.run(os.Args[1:]))
}

// The exit codes beside 0.
const (
	exitFailed  = 1
	exitRefused = 2
)

// errRefused is returned when a flag or the configuration is wrong.
var errRefused = errors.New("refused")

// refuse marks an error as the caller's, keeping its text.
func refuse(err error) error {
	if err == nil {
		return nil
	}
	return refusal{err}
}

type refusal struct{ error }

func (refusal) Is(target error) bool { return target == errRefused }
func (r refusal) Unwrap() error      { return r.error }

// run parses and runs one command and returns the exit code.
func (p *process) run(args []string) int {
	// The first signal asks the command to end; a second ends the process.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	helped := false
	parser, err := kong.New(&commands{},
		kong.Name("meridian"),
		kong.Description("Embedded video meetings on a network of POPs."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Writers(p.stdout, p.stderr),
		kong.Exit(func(int) { helped = true }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(p),
	)
	if err != nil {
		return p.fail(err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if helped {
		return 0
	}
	if err != nil {
		return p.fail(refuse(fmt.Errorf("%w (see meridian --help)", err)))
	}
	return p.fail(command.Run())
}

// fail says what is wrong, a line each, and returns the exit code.
func (p *process) fail(err error) int {
	if err == nil {
		return 0
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(p.stderr, "meridian: %s\n", strings.TrimSuffix(line, "\n"))
	}
	if errors.Is(err, errRefused) {
		return exitRefused
	}
	return exitFailed
}
