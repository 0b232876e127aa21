package cluster

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"
)

// ControlFile is the configuration of a control node that stands alone.
type ControlFile struct {
	Data    string // directory
	Gossip  string // addresses to listen at, as all that follow
	API     string
	Cluster string
	Raft    string

	More string // lines of the section control
}

// String is the file.
func (f ControlFile) String() string {
	return fmt.Sprintf(`
node: control-1
pop: ctl
data: %s
drain: 1s
log: {level: debug}
gossip: {listen: %q}
control:
  api: {listen: %q}
  cluster: {listen: %q}
  raft: {listen: %q}
%s`, f.Data, f.Gossip, f.API, f.Cluster, f.Raft, f.More)
}

// EdgeFile is the configuration of an edge.
type EdgeFile struct {
	POP    string
	Data   string        // directory
	Drain  time.Duration // 0: 3 s
	Gossip string        // address to listen at, as Relay, HTTP and TURN
	Relay  string
	HTTP   string
	TURN   string // empty: none
	Media  Media

	Operator string // address of the operator's port; empty: as the node chooses

	Seed       string // gossip of the control node
	Cluster    string // of the control node
	JoinSecret string
	API        string // URL of the control node's
}

// String is the file.
func (f EdgeFile) String() string {
	m := f.Media
	media, _ := json.Marshal(map[string]any{ // is YAML, too, and strings always marshal
		"listen": m.Listen, "announce": m.Announce, "tcp": cmp.Or(m.TCP, "http"), "announce_tcp": m.AnnounceTCP,
	})
	operator := ""
	if f.Operator != "" {
		operator = fmt.Sprintf("operator: {listen: %q}\n", f.Operator)
	}
	return fmt.Sprintf(`
node: %s-1
pop: %s
data: %s
drain: %s
log: {level: debug}
%sgossip: {listen: %q, seeds: [%q]}
edge:
  http: {listen: %q, url: %q}
  media: %s
  turn: {udp: %q, tcp: %q, realm: turn}
  relay: {listen: %q}
  control: [%q]
  join_secret: %q
  api: %q
`, f.POP, f.POP, f.Data, cmp.Or(f.Drain, 3*time.Second), operator, f.Gossip, f.Seed, f.HTTP, "http://"+f.HTTP, media,
		f.TURN, f.TURN, f.Relay, f.Cluster, f.JoinSecret, f.API)
}
