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

	"github.com/meridian-video/meridian/control/api"
)

// commands are the subcommands; each has a file of its own.
type commands struct {
	Dev      devCommand      `cmd:"" help:"Run a whole network on this machine and print links to open."`
	Control  controlCommand  `cmd:"" help:"Run a control node."`
	Edge     edgeCommand     `cmd:"" help:"Run an edge node."`
	Cluster  clusterCommand  `cmd:"" help:"Look after the control nodes."`
	Net      netCommand      `cmd:"" help:"Show the whole network: nodes, links, rooms; the page /ops shows it as a map."`
	Node     nodeCommand     `cmd:"" help:"List edges, and take them out of service without a dropped call."`
	Snapshot snapshotCommand `cmd:"" help:"Save, inspect and restore the control plane."`
	Usage    usageCommand    `cmd:"" help:"Write and check usage ledgers."`
	Config   configCommand   `cmd:"" help:"Look at a configuration."`
	Version  versionCommand  `cmd:"" help:"Print the version."`

	Completion completionCommand `cmd:"" help:"Print what completes commands in a shell."`
	Complete   completeCommand   `cmd:"" hidden:"" passthrough:""`
}

// process is what a command touches of the process it runs in.
type process struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string
	keyFile        string // where an installed control node leaves the first key
}

func main() {
	p := &process{os.Stdin, os.Stdout, os.Stderr, os.Environ(), defaultKeyFile}
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
	parser, err := p.parser(ctx, &helped)
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
		return p.fail(refuse(fmt.Errorf("%w (see %s --help)", err, meant(err))))
	}
	return p.fail(command.Run())
}

// parser knows all commands: those with a file of their own, and those that the API's description gives.
func (p *process) parser(ctx context.Context, helped *bool) (*kong.Kong, error) {
	all := &commands{}
	options, err := thingCommands(api.OpenAPI(), all)
	if err != nil {
		return nil, err
	}
	return kong.New(all, append(options,
		kong.Name("meridian"),
		kong.Description("Embedded video meetings on a network of POPs."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.Vars{"server": defaultServer, "keyfile": defaultKeyFile},
		kong.Writers(p.stdout, p.stderr),
		kong.Exit(func(int) { *helped = true }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(p),
	)...)
}

// meant is the command that was being given when a parse failed.
func meant(err error) string {
	name := "meridian"
	failed, ok := errors.AsType[*kong.ParseError](err)
	if !ok {
		return name
	}
	for _, step := range failed.Context.Path {
		if step.Command != nil {
			name += " " + step.Command.Name
		}
	}
	return name
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
