package notify

import (
	"errors"
	"time"
)

// Config says how the queue is worked.
type Config struct {
	Lanes    int             // endpoints that are worked at a time
	Parallel int             // attempts at a time to one endpoint
	Window   int             // deliveries of an endpoint that are looked at together
	Poll     time.Duration   // how often to look for what other nodes have added
	Lease    time.Duration   // after which a killed sender's endpoints are free
	Hold     time.Duration   // how long a room's events wait for one that fails
	Pause    time.Duration   // for an endpoint of which nothing was accepted in a row
	Schedule []time.Duration // waits between attempts; after the last a delivery is dead
}

// Default is for production: 76 hours of retries.
func Default() Config {
	return Config{
		Lanes: 256, Parallel: 8, Window: 256, Poll: time.Second, Lease: 30 * time.Second, Hold: 5 * time.Minute, Pause: 30 * time.Second,
		Schedule: []time.Duration{
			5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour,
			10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
		},
	}
}

// Scaled makes all waits shorter by a factor, for tests that cannot wait three days.
func (c Config) Scaled(by int) Config {
	schedule := make([]time.Duration, len(c.Schedule))
	for i, d := range c.Schedule {
		schedule[i] = d / time.Duration(by)
	}
	c.Schedule, c.Hold, c.Pause = schedule, c.Hold/time.Duration(by), c.Pause/time.Duration(by)
	return c
}

// Validate says everything that is wrong at once.
func (c Config) Validate() error {
	var errs []error
	for name, n := range map[string]int{"Lanes": c.Lanes, "Parallel": c.Parallel, "Window": c.Window} {
		if n < 1 {
			errs = append(errs, errors.New(name+" must be 1 or more"))
		}
	}
	for name, d := range map[string]time.Duration{"Poll": c.Poll, "Lease": c.Lease, "Hold": c.Hold} {
		if d <= 0 {
			errs = append(errs, errors.New(name+" must be above 0"))
		}
	}
	for _, d := range c.Schedule {
		if d <= 0 {
			errs = append(errs, errors.New("waits of the Schedule must be above 0"))
		}
	}
	return errors.Join(errs...)
}
