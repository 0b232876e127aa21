package edge

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/edge/signal"
	"github.com/meridian-video/meridian/edge/trial"
	"github.com/meridian-video/meridian/geo"
)

func TestANodeIsCalledFromAnotherPOPIfThereIsOne(t *testing.T) {
	self := geo.Node{ID: "fra-1", POP: "fra", Role: geo.RoleEdge}
	for _, c := range []struct {
		nodes, want string
		others      int
	}{
		{"fra-1", "fra-1", 0},
		{"fra-1 ctl-1!control", "fra-1", 0},
		{"fra-1 fra-2 fra-3", "fra-2 fra-3", 2},
		{"fra-1 fra-2 iad-1", "iad-1", 1},
		{"fra-1 fra-2 iad-1!gray", "fra-2", 1},
		{"fra-1 fra-2 iad-1 syd-1", "iad-1 syd-1", 2},
	} {
		var nodes []geo.Node
		for each := range strings.FieldsSeq(c.nodes) {
			id, flag, _ := strings.Cut(each, "!")
			m := geo.Node{ID: geo.NodeID(id), POP: geo.POP(id[:3]), Role: geo.RoleEdge, Gray: flag == "gray"}
			if flag == "control" {
				m.Role = geo.RoleControl
			}
			nodes = append(nodes, m)
		}
		drawn := map[string]bool{}
		for range 100 {
			by, others := caller(nodes, self)
			drawn[string(by)] = true
			if others != c.others {
				t.Fatalf("%s: %d could call", c.nodes, others)
			}
		}
		for want := range strings.FieldsSeq(c.want) {
			if !drawn[want] {
				t.Errorf("%s: never %s", c.nodes, want)
			}
			delete(drawn, want)
		}
		if len(drawn) > 0 {
			t.Errorf("%s: also %v", c.nodes, drawn)
		}
	}
}

// A node that is alone calls itself, over its real sockets.
func TestALoneNodeCallsItself(t *testing.T) {
	n := startLone(t, func(c *Config) {
		c.Caller = func() (net.PacketConn, error) { return net.ListenPacket("udp4", "127.0.0.1:0") }
	})
	n.holds(0, 0, 0, 0)
	if err := n.callBy(t.Context(), "fra-1"); err != nil {
		t.Error(err)
	}
	n.try()
	if err := n.MediaCheck(); err != nil {
		t.Error(err)
	}
	if err := n.callBy(t.Context(), "gone-1"); !errors.Is(err, trial.ErrUnasked) {
		t.Error("nobody called, and the outcome is", err)
	}
}

func TestTrialsAreBounded(t *testing.T) {
	n := startLone(t)
	if err := n.callBy(t.Context(), "fra-1"); !errors.Is(err, trial.ErrUnasked) {
		t.Error("without sockets:", err)
	}
	for range maxTrials {
		n.trials.taking <- struct{}{}
	}
	if _, err := n.answerTrial([]byte("v=0")); !errors.Is(err, errBusy) {
		t.Error(err)
	}
	<-n.trials.taking
	for range 2 * maxTrials { // a refused one gives its place back
		if _, err := n.answerTrial([]byte("v=0")); err == nil || errors.Is(err, errBusy) {
			t.Fatal(err)
		}
	}
}

func TestAGrayNodeTakesNobodyWhileAnotherIsSound(t *testing.T) {
	self := geo.Node{ID: "fra-1", POP: "fra", Role: geo.RoleEdge, Gray: true}
	other := geo.Node{ID: "iad-1", POP: "iad", Role: geo.RoleEdge}
	grayOther, control := other, geo.Node{ID: "ctl-1", POP: "ctl", Role: geo.RoleControl}
	grayOther.Gray = true
	for _, c := range []struct {
		name    string
		members several
		gray    bool
	}{
		{"another is sound", several{self, other}, true},
		{"all are gray", several{self, grayOther}, false},
		{"control takes nobody", several{self, control}, false},
		{"alone", several{self}, false},
	} {
		n := startLone(t, func(cfg *Config) { cfg.Members = c.members })
		if got := n.gray(); got != c.gray {
			t.Errorf("%s: %v", c.name, got)
		}
		refused, ok := errors.AsType[*signal.Error](n.takesJoins())
		if (ok && refused.Code == signal.NodeDraining) != c.gray {
			t.Errorf("%s: %v", c.name, refused)
		}
	}
}

func TestThreeFailuresAreToldToTheNetworkAndTwoSuccessesToo(t *testing.T) {
	told := &telling{}
	n := startLone(t, func(c *Config) { c.Members = told })
	dead := errors.Join(trial.ErrNoMedia, errors.New("no answer"))
	for _, err := range []error{dead, dead, dead, dead, nil, nil, nil} {
		n.verdict("iad-1", 1, err)
	}
	if len(told.said) != 2 || !told.said[0] || told.said[1] || n.MediaCheck() != nil {
		t.Error(told.said, n.MediaCheck())
	}
}

// telling are members that remember what a node said of itself.
type telling struct {
	alone
	said []bool
}

func (m *telling) SetGray(gray bool) { m.said = append(m.said, gray) }
