package main

import (
	"github.com/meridian-video/meridian/ops/config"
)

// configCommand groups what looks at a configuration without running it.
type configCommand struct {
	Print printCommand `cmd:"" help:"Check a configuration and print it whole: defaults, file and environment, secrets masked."`
}

// file is the flag of every command that reads a configuration.
type file struct {
	Config string `required:"" placeholder:"F" help:"Configuration file (YAML)."`
}

// load reads the configuration for a role.
func (f file) load(p *process, role config.Role) (config.Config, error) {
	c, err := config.Load(f.Config, role, p.environ)
	return c, refuse(err)
}

type printCommand struct {
	file
	Role string `required:"" enum:"control,edge" placeholder:"ROLE" help:"What the node is for: control or edge."`
}

// Run prints the configuration.
func (c *printCommand) Run(p *process) error {
	role := config.Role(c.Role)
	loaded, err := c.load(p, role)
	if err != nil {
		return err
	}
	return config.Print(p.stdout, loaded, role)
}
