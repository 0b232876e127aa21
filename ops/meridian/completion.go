package main

import (
	"context"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/meridian-video/meridian/ops/catalog"
)

// What shells run: each hands the words before the cursor to meridian complete.
var (
	//go:embed completion/meridian.bash
	completeBash string
	//go:embed completion/meridian.zsh
	completeZsh string
	//go:embed completion/meridian.fish
	completeFish string
)

// completionCommand prints a shell's script.
type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish."`
}

// Run prints the script.
func (c *completionCommand) Run(p *process) error {
	_, err := fmt.Fprint(p.stdout, map[string]string{"bash": completeBash, "zsh": completeZsh, "fish": completeFish}[c.Shell])
	return err
}

// Help says where the script goes.
func (*completionCommand) Help() string {
	return `  bash  source <(meridian completion bash)
  zsh   source <(meridian completion zsh)
  fish  meridian completion fish | source

Put the line into your shell's start-up file.`
}

// completeCommand answers the scripts: the words that may stand last.
type completeCommand struct {
	Words []string `arg:"" optional:""`
}

// Run prints a candidate a line, for shells with what it is after a tab.
func (c *completeCommand) Run(ctx context.Context, p *process) error {
	parser, err := p.parser(ctx, new(bool))
	if err != nil {
		return err
	}
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	if len(words) == 0 {
		words = []string{""}
	}
	last := words[len(words)-1]
	for _, candidate := range candidates(parser.Model.Node, words[:len(words)-1], last) {
		if strings.HasPrefix(candidate.word, last) {
			if _, err := fmt.Fprintf(p.stdout, "%s\t%s\n", candidate.word, candidate.about); err != nil {
				return err
			}
		}
	}
	return nil
}

type candidate struct{ word, about string }

// candidates are what may follow the words: subcommands, flags, fields, values.
func candidates(node *kong.Node, before []string, last string) (out []candidate) {
	for _, w := range before {
		if i := slices.IndexFunc(node.Children, func(n *kong.Node) bool { return n.Name == w || slices.Contains(n.Aliases, w) }); i >= 0 {
			node = node.Children[i]
		}
	}
	if strings.HasPrefix(last, "-") {
		for _, group := range node.AllFlags(true) {
			for _, f := range group {
				out = append(out, candidate{"--" + f.Name, f.Help})
			}
		}
		return out
	}
	for _, n := range node.Children {
		if !n.Hidden {
			out = append(out, candidate{n.Name, n.Help})
		}
	}
	for _, a := range node.Positional {
		for _, word := range a.EnumSlice() {
			if word != "" {
				out = append(out, candidate{word, ""})
			}
		}
	}
	return append(out, fields(node, before, last)...)
}

// fields are names that the action takes and has not been told, or the values that the last one may have.
func fields(node *kong.Node, before []string, last string) (out []candidate) {
	var a catalog.Action
	switch command := node.Target.Addr().Interface().(type) {
	case *collectionCommand:
		a = command.action
	case *itemCommand:
		a = command.action
	default:
		return nil
	}
	if name, _, valued := strings.Cut(last, "="); valued {
		f, _ := a.Find(name)
		for _, value := range f.Values() {
			out = append(out, candidate{name + "=" + value, ""})
		}
		return out
	}
	for _, name := range a.Names() {
		if !slices.ContainsFunc(before, func(w string) bool { return strings.HasPrefix(w, name+"=") }) {
			f, _ := a.Find(name)
			out = append(out, candidate{name + "=", f.About})
		}
	}
	return out
}
