package main

import (
	"context"
	"fmt"

	"github.com/meridian-video/meridian/ops/dev"
)

type devCommand struct {
	Pops    int    `default:"3" placeholder:"N" help:"Number of POPs (3)."`
	Listen  string `default:"127.0.0.1" placeholder:"ADDR" help:"IP address of all ports (127.0.0.1); another than loopback serves HTTPS with a generated certificate."`
	Port    int    `default:"8080" placeholder:"P" help:"HTTP port of the first POP (8080); the others follow, the control API is one below."`
	Data    string `placeholder:"DIR" help:"Directory kept between runs (one in your cache)."`
	Readers int    `default:"0" placeholder:"N" help:"Sockets of a POP's media port, each of which one processor serves (as many as this machine gains from)."`
	Wan     bool   `help:"Delay the links between the POPs as oceans do: 45, 85 and 140 ms one way."`
	JSON    bool   `help:"Print one JSON line when ready instead of the table."`
}

// Run runs a whole network until it is told to stop.
func (c *devCommand) Run(ctx context.Context, p *process) error {
	o := dev.Options{POPs: c.Pops, Listen: c.Listen, Port: c.Port, Data: c.Data, Readers: c.Readers, WAN: c.Wan, JSON: c.JSON}
	if err := o.Validate(); err != nil {
		return refuse(err)
	}
	return dev.Run(ctx, o, p.stdout)
}

func (c *devCommand) Help() string {
	return fmt.Sprintf("Starts a control node and up to %d POPs in one process and prints links to open. Ctrl-C ends all.", dev.MaxPOPs)
}
