package edge

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/meridian-video/meridian/edge/rtc"
	"github.com/meridian-video/meridian/edge/trial"
	"github.com/meridian-video/meridian/geo"
)

// Topics of trials: a node asks another to call it, and is asked to answer.
const (
	topicTrial      = "edge/trial"
	topicTrialOffer = "edge/trial-offer"
)

const (
	// A node has itself called every 15 to 30 s, so that three failures take about
	// a minute, by different nodes at different times.
	trialLeast  = 15 * time.Second
	trialSpread = 15 * time.Second
	// trialTimeout is for a call: five round trips, some lost packets.
	trialTimeout = 6 * time.Second
	// maxTrials is how many calls a node makes at once, and how many it answers.
	maxTrials = 4
	// maxTrialCause bounds what a caller says, in bytes.
	maxTrialCause = 300
)

// errGray is why a node that passes no media takes nobody.
var errGray = errors.New("node passes no media, or its clock is wrong, and others do better")

// errBusy is returned for a trial beyond those under way.
var errBusy = errors.New("too many trials at once")

// trials are a node's calls to find out whether it passes media. A nil open
// switches them off.
type trials struct {
	open    func() (net.PacketConn, error)
	making  chan struct{}
	taking  chan struct{}
	results *prometheus.CounterVec

	mu   sync.Mutex
	jury trial.Jury
}

func newTrials(open func() (net.PacketConn, error)) *trials {
	return &trials{
		open: open, making: make(chan struct{}, maxTrials), taking: make(chan struct{}, maxTrials),
		results: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "meridian", Subsystem: "edge", Name: "trials_total", Help: "Calls by other nodes that showed whether media comes through.",
		}, []string{"result"}),
	}
}

// enter takes a place among those under way.
func enter(places chan struct{}) (leave func(), err error) {
	select {
	case places <- struct{}{}:
		return func() { <-places }, nil
	default:
		return nil, errBusy
	}
}

// keepTrying has the node called again and again.
func (n *Node) keepTrying() {
	for n.ctx.Err() == nil {
		t := time.NewTimer(trialLeast + rand.N(trialSpread))
		select {
		case <-n.ctx.Done():
			t.Stop()
		case <-t.C:
			n.try()
		}
	}
}

// try has the node called once, and heeds what comes of it.
func (n *Node) try() {
	by, others := caller(n.cfg.Members.Nodes(), n.cfg.Self)
	ctx, cancel := context.WithTimeout(n.ctx, 2*trialTimeout)
	defer cancel()
	switch err := n.callBy(ctx, by); {
	case err == nil:
		n.trials.results.WithLabelValues("media").Inc()
		n.verdict(by, others, nil)
	case errors.Is(err, trial.ErrNoMedia):
		n.trials.results.WithLabelValues("none").Inc()
		n.verdict(by, others, err)
	default: // of a call that was not made nothing follows
		n.trials.results.WithLabelValues("not made").Inc()
		n.log.Debug("trial", "by", by, "err", err)
	}
}

// caller draws who is to call: a node of another POP, else of this one, else the
// node itself; and says how many could.
func caller(nodes []geo.Node, self geo.Node) (by geo.NodeID, others int) {
	var away, here []geo.NodeID
	for _, m := range nodes {
		switch {
		case m.Role != geo.RoleEdge || m.ID == self.ID || m.Gray:
		case m.POP == self.POP:
			here = append(here, m.ID)
		default:
			away = append(away, m.ID)
		}
	}
	for _, list := range [][]geo.NodeID{away, here} {
		if len(list) > 0 {
			return list[rand.N(len(list))], len(list)
		}
	}
	return self.ID, 0
}

// callBy has a node call this one.
func (n *Node) callBy(ctx context.Context, by geo.NodeID) error {
	if by == n.cfg.Self.ID {
		return n.call(ctx, func(_ context.Context, offer string) (string, error) { return n.answerTrial([]byte(offer)) })
	}
	said, err := n.mesh.Call(ctx, by, topicTrial, nil)
	if err != nil {
		return fmt.Errorf("%w: %w", trial.ErrUnasked, err)
	}
	if len(said) > 0 {
		return fmt.Errorf("%w: %.*q", trial.ErrNoMedia, maxTrialCause, said)
	}
	return nil
}

// verdict tells the network when the node has turned gray or sound.
func (n *Node) verdict(by geo.NodeID, others int, err error) {
	n.trials.mu.Lock()
	turned := n.trials.jury.Hear(by, n.cfg.Self.ID, others, err)
	cause := n.trials.jury.Err()
	n.trials.mu.Unlock()
	if !turned {
		return
	}
	n.log.Warn("media", "gray", cause != nil, "err", cause)
	n.cfg.Members.SetGray(cause != nil)
}

// MediaCheck says why this node is gray: other nodes called it, and no media came
// through. It fits a health check.
func (n *Node) MediaCheck() error {
	n.trials.mu.Lock()
	defer n.trials.mu.Unlock()
	return n.trials.jury.Err()
}

// gray says whether this node is gray while another is not: where all are, they
// serve as well as they can.
func (n *Node) gray() bool {
	self, ok := n.cfg.Members.Lookup(n.cfg.Self.ID)
	if !ok || !self.Gray {
		return false
	}
	for _, m := range n.cfg.Members.Nodes() {
		if m.Role == geo.RoleEdge && !m.Gray && m.ID != self.ID {
			return true
		}
	}
	return false
}

// call calls a node that answers offers by ask.
func (n *Node) call(ctx context.Context, ask func(context.Context, string) (string, error)) error {
	if n.trials.open == nil {
		return trial.ErrUnasked
	}
	leave, err := enter(n.trials.making)
	if err != nil {
		return fmt.Errorf("%w: %w", trial.ErrUnasked, err)
	}
	defer leave()
	conn, err := n.trials.open()
	if err != nil {
		return fmt.Errorf("%w: %w", trial.ErrUnasked, err)
	}
	ctx, cancel := context.WithTimeout(ctx, trialTimeout)
	defer cancel()
	return trial.Call(ctx, conn, ask)
}

// callFor calls a node that has asked for it. The answer is empty where media came
// through, else why not.
func (n *Node) callFor(ctx context.Context, peer geo.NodeID) ([]byte, error) {
	err := n.call(ctx, func(ctx context.Context, offer string) (string, error) {
		answer, err := n.mesh.Call(ctx, peer, topicTrialOffer, []byte(offer))
		return string(answer), err
	})
	if !errors.Is(err, trial.ErrNoMedia) {
		return nil, err
	}
	said := []byte(err.Error())
	return said[:min(len(said), maxTrialCause)], nil
}

// answerTrial answers an offer of a call, whose transport ends soon after it.
func (n *Node) answerTrial(offer []byte) (string, error) {
	leave, err := enter(n.trials.taking)
	if err != nil {
		return "", err
	}
	t, err := n.engine.Accept(n.ctx, rtc.Offer{SDP: string(offer), Name: "trial", MaxVideoSlots: -1, MaxAudioSlots: -1})
	if err != nil {
		leave()
		return "", fmt.Errorf("answer a trial: %w", err)
	}
	time.AfterFunc(trialTimeout+time.Second, func() { t.Close(nil); leave() })
	return t.Answer(), nil
}
