package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"time"

	"github.com/meridian-video/meridian/control/notify"
	"github.com/meridian-video/meridian/control/notify/guard"
	"github.com/meridian-video/meridian/control/notify/webhook"
)

// options is what a run does; the sender's process gets them as JSON.
type options struct {
	Database     string
	Receiver     string // its URL
	Events       int
	Endpoints    int
	Dead         int
	Rooms        int
	Scale        int
	MostFailures int
	KillEvery    time.Duration
	Rate         int
	Deadline     time.Duration
}

// answerTimeout is how long an endpoint may take here.
const answerTimeout = time.Second

// config is production's, faster.
func (o options) config() notify.Config {
	c := notify.Default().Scaled(o.Scale)
	c.Lease, c.Poll, c.Pause = 2*time.Second, 100*time.Millisecond, 300*time.Millisecond
	return c
}

func (o options) guard() *guard.Guard {
	return &guard.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
}

// Companies have one endpoint each: c0 … answer, the last Dead ones do not.
func company(i int) string { return fmt.Sprintf("c%d", i) }

func (o options) answers(i int) bool { return i < o.Endpoints }

func endpointKey(company string) webhook.Key {
	sum := sha256.Sum256([]byte("key of " + company))
	return sum[:]
}

// directory is the same in all processes.
type directory struct{ receiver string }

func (d directory) Endpoints(company string) ([]notify.Endpoint, error) {
	e, err := d.Endpoint(company, "hook")
	return []notify.Endpoint{e}, err
}

func (d directory) Endpoint(company, _ string) (notify.Endpoint, error) {
	return notify.Endpoint{ID: "hook", URL: d.receiver + "/" + company, Keys: []webhook.Key{endpointKey(company)}}, nil
}

func (d directory) Disable(context.Context, string, string, string) error { return nil }
