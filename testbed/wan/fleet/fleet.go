//go:build linux

package fleet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/meridian-video/meridian/testbed/cluster"
	"github.com/meridian-video/meridian/testbed/voters"
	"github.com/meridian-video/meridian/testbed/wan/netns"
)

// Names of hosts that are no POP.
const (
	controlName = "control"
	Here        = "here" // this machine, whose browsers reach the POPs
)

// The ports of nodes, each of which has an address of its own.
const (
	portHTTP    = 80
	portAPI     = 8079
	portCluster = 7900
	portRaft    = 7901
	portGossip  = 7946
	portMedia   = 7000
	portRelay   = 7002
	portTURN    = 3478
)

// Options say what is started.
type Options struct {
	Topology Topology
	Dir      string // for data and configurations
	Logs     string // directory; empty: Dir
	Binary   string // empty: it is built from this repository
	Seed     uint64 // of losses and jitter
	Here     bool   // this machine is a host, too
}

// Fleet is a running network.
type Fleet struct {
	Net      *netns.Network
	Topology Topology
	Control  *Process
	Edges    map[string]*Process // by POP
	Key      string              // platform API key
	Company  string              // id of the company that has the edges' addresses as hosts

	options Options
	alive   context.Context // of people
	end     context.CancelFunc
	people  sync.WaitGroup
}

// Start starts everything and returns when every POP takes joins and sees all
// others. What it started ends with Close, or with this process.
func Start(ctx context.Context, o Options) (_ *Fleet, err error) {
	if err := o.Topology.Validate(); err != nil {
		return nil, err
	}
	if entries, err := os.ReadDir(o.Dir); err != nil {
		return nil, err
	} else if len(entries) > 0 {
		return nil, fmt.Errorf("directory %s is not empty: each network begins anew", o.Dir)
	}
	if o.Logs == "" {
		o.Logs = o.Dir
	}
	if o.Binary == "" {
		if o.Binary, err = voters.Build(ctx, o.Dir); err != nil {
			return nil, err
		}
	}
	f := &Fleet{Topology: o.Topology, Edges: map[string]*Process{}, options: o}
	f.alive, f.end = context.WithCancel(context.WithoutCancel(ctx))
	if f.Net, err = netns.New(netns.Config{Seed: o.Seed}); err != nil {
		f.end()
		return nil, err
	}
	if err := f.start(ctx); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (f *Fleet) start(ctx context.Context) error {
	if err := f.lay(); err != nil {
		return err
	}
	if err := f.startControl(ctx); err != nil {
		return err
	}
	secret, err := os.ReadFile(filepath.Join(f.data(controlName), "join-secret"))
	if err != nil {
		return err
	}
	for _, pop := range f.Topology.POPs {
		if err := f.startEdge(pop, strings.TrimSpace(string(secret))); err != nil {
			return err
		}
	}
	if err := f.makeCompany(ctx); err != nil {
		return err
	}
	return f.WaitWhole(ctx)
}

// lay makes the hosts of nodes and the links between them.
func (f *Fleet) lay() error {
	first := f.Topology.POPs[0]
	if _, err := f.Net.Add(controlName); err != nil {
		return err
	}
	for i, a := range f.Topology.POPs {
		if _, err := f.Net.Add(a); err != nil {
			return err
		}
		if err := f.Net.SetBoth(controlName, a, f.Topology.Link(first, a)); err != nil {
			return err
		}
		for _, b := range f.Topology.POPs[:i] {
			if err := f.Net.SetBoth(a, b, f.Topology.Link(a, b)); err != nil {
				return err
			}
		}
	}
	if !f.options.Here {
		return nil
	}
	if _, err := f.Net.AddHere(Here); err != nil {
		return err
	}
	return f.settle(Here, first)
}

// settle sets the paths of somebody near a POP.
func (f *Fleet) settle(host, near string) error {
	for _, pop := range f.Topology.POPs {
		l := f.Topology.Access
		l.Delay += f.Topology.distance(near, pop)
		if err := f.Net.SetBoth(host, pop, l); err != nil {
			return err
		}
	}
	return nil
}

func (f *Fleet) data(name string) string { return filepath.Join(f.options.Dir, name) }

// at is an address of a host.
func (f *Fleet) at(host string, port int) string {
	return fmt.Sprintf("%s:%d", f.Net.Host(host).Addr, port)
}

func (f *Fleet) startControl(ctx context.Context) (err error) {
	f.Control, err = f.process(controlName, "control", cluster.ControlFile{
		Data: f.data(controlName), Gossip: f.at(controlName, portGossip), API: f.at(controlName, portAPI),
		Cluster: f.at(controlName, portCluster), Raft: f.at(controlName, portRaft),
	}.String())
	if err != nil {
		return err
	}
	return f.waitReady(ctx, f.Control, portAPI)
}

func (f *Fleet) startEdge(pop, secret string) (err error) {
	f.Edges[pop], err = f.process(pop, "edge", cluster.EdgeFile{
		POP: pop, Data: f.data(pop), Gossip: f.at(pop, portGossip), Relay: f.at(pop, portRelay),
		HTTP: f.at(pop, portHTTP), TURN: f.at(pop, portTURN), Media: cluster.Media{Listen: f.at(pop, portMedia)},
		Seed: f.at(controlName, portGossip), Cluster: f.at(controlName, portCluster), JoinSecret: secret,
		API: "http://" + f.at(controlName, portAPI),
	}.String())
	return err
}

// process writes a node's file and starts it.
func (f *Fleet) process(name, role, configuration string) (*Process, error) {
	file := filepath.Join(f.options.Dir, name+".yml")
	if err := os.WriteFile(file, []byte(configuration), 0o600); err != nil {
		return nil, err
	}
	p := &Process{Name: name, Host: f.Net.Host(name), bin: f.options.Binary, role: role, file: file, log: logFile(f.options.Logs, name)}
	return p, p.Start()
}

// URL is where browsers reach a POP.
func (f *Fleet) URL(pop string) string { return "http://" + f.Net.Host(pop).Addr.String() }

// Revive starts an edge again that was killed, and waits until it takes joins.
func (f *Fleet) Revive(ctx context.Context, pop string) error {
	if err := f.Edges[pop].Start(); err != nil {
		return err
	}
	return f.waitReady(ctx, f.Edges[pop], portHTTP)
}

// Close ends every process and the network.
func (f *Fleet) Close() {
	f.end()
	f.people.Wait()
	var all sync.WaitGroup
	for _, p := range f.Edges {
		all.Go(p.Stop)
	}
	all.Wait()
	if f.Control != nil {
		f.Control.Stop()
	}
	f.Net.Close()
}

// errEnded is returned while waiting for a node that has ended.
var errEnded = errors.New("it has ended")
