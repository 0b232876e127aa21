package control

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/meridian-video/meridian/control/api"
	"github.com/meridian-video/meridian/control/archive"
	"github.com/meridian-video/meridian/control/cluster"
	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/store"
	"github.com/meridian-video/meridian/geo"
)

// statusTimeout is how long a node may take to say that it is there.
const statusTimeout = time.Second

// Status implements api.Cluster: what the leader knows, and what the others say of themselves now.
func (n *Node) Status(ctx context.Context) api.ClusterStatus {
	leader, _ := n.store.Leader()
	out := api.ClusterStatus{Cluster: n.birth.Load().Record.ID, Leader: leader, Term: n.store.Term(), Index: n.store.View().Index()}
	for _, m := range n.store.Members() {
		out.Nodes = append(out.Nodes, api.ClusterNode{Node: m.ID, Address: m.Addr, Voter: m.Voter, Leader: m.ID == leader})
	}
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	var wg sync.WaitGroup
	for i := range out.Nodes {
		wg.Go(func() { n.look(ctx, &out.Nodes[i]) })
	}
	wg.Wait()
	return out
}

func (n *Node) look(ctx context.Context, m *api.ClusterNode) {
	if m.Node == string(n.cfg.NodeID) {
		m.Reachable, m.Index = true, n.store.View().Index()
		return
	}
	p, err := n.ask(ctx, n.dialVoter, m.Address)
	m.Reachable = err == nil && p.Node == m.Node && p.Record != nil && p.Record.ID == n.birth.Load().Record.ID
	m.Index = p.Index
}

// Remove implements api.Cluster.
func (n *Node) Remove(ctx context.Context, node string) error { return n.store.Remove(ctx, node) }

// Save implements api.Cluster.
func (n *Node) Save(ctx context.Context, w io.Writer) error {
	v, err := n.store.Linearizable(ctx)
	if err != nil {
		return err
	}
	h := archive.Head{
		Cluster: n.birth.Load().Record.ID, Node: string(n.cfg.NodeID), Index: v.Index(), Term: n.store.Term(), Taken: time.Now().UTC(),
	}
	for _, m := range n.store.Members() {
		h.Members = append(h.Members, m.ID)
	}
	return archive.Write(w, h, v)
}

// Restore makes an empty data directory that of the first node of a new cluster, from a snapshot file. The
// cluster's name, and with it the epoch, is new: edges drop their copies and start again, and no voter of the
// old cluster is let in. raftAddr is where other voters will reach the node.
func Restore(dir string, node geo.NodeID, raftAddr string, f *os.File) (archive.Head, error) {
	h, v, id, err := renewed(f)
	if err != nil {
		return h, err
	}
	raft := filepath.Join(dir, "raft")
	if err := store.Plant(raft, store.Member{ID: string(node), Addr: raftAddr}, v, h.Index, h.Term); err != nil {
		return h, err
	}
	b, err := cluster.LoadBirth(raft)
	if err != nil {
		return h, err
	}
	b.Record = &cluster.Record{ID: id, Founders: []cluster.Founder{{Node: string(node), Born: b.Born, Raft: raftAddr}}}
	return h, b.Save(raft)
}

// renewed reads the state of a file under the name of a new cluster.
func renewed(f *os.File) (h archive.Head, v *state.View, id string, err error) {
	info, err := f.Stat()
	if err != nil {
		return h, nil, "", fmt.Errorf("snapshot file: %w", err)
	}
	h, from, err := archive.Check(f, info.Size())
	if err != nil {
		return h, nil, "", err
	}
	id = cluster.NewID()
	machine := state.New()
	r, w := io.Pipe()
	go func() { w.CloseWithError(archive.WithEpoch(w, from, id)) }()
	err = machine.Restore(r)
	_ = r.Close()
	return h, machine.View(), id, err
}
