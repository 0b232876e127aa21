package retention

import (
	"context"
	"time"

	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/state"
)

const (
	// silence is after how long without a record a session is over: twice the longest time that an empty room's
	// session lives on, in which there are no ticks.
	silence = 2 * time.Hour
	// replacedSilence is the same where another session of the room is known: a room has one that runs. Edges
	// report within seconds, and a minute or two late after a restart.
	replacedSilence = 10 * time.Minute
	// findFor is how long a lost session may turn out to have gone on: edges that were cut off are back by then.
	findFor = 14 * 24 * time.Hour
)

// Closed counts what a round of Close did.
type Closed struct{ Lost, Found int }

// Over tells whether a session that nobody closed is over. placed is the session that the room's placement names;
// empty where it has none.
func Over(s history.Silent, placed string, now time.Time) bool {
	quiet := now.Sub(s.Heard)
	replaced := s.Replaced || placed != "" && placed != s.Session
	return quiet >= silence || replaced && quiet >= replacedSilence
}

// Tell is told of a session that is about to be lost; again, where it could not be ended after that.
type Tell func(context.Context, history.Silent) error

// Close ends sessions whose home is gone without a word, and takes that back where more has arrived since. Who
// waits for the end is told before it is kept: a leader that dies between the two leaves it to the next.
func Close(ctx context.Context, h *history.Store, v *state.View, now time.Time, tell Tell) (c Closed, err error) {
	if c.Found, err = h.Find(ctx, now.Add(-findFor)); err != nil {
		return c, err
	}
	for behind := (history.Silent{}); ; {
		some, err := h.Silent(ctx, now.Add(-replacedSilence), behind)
		if err != nil || len(some) == 0 {
			return c, err
		}
		for _, behind = range some {
			placed, _ := state.Get[state.Placement](v, behind.Company+"/"+behind.Room)
			if !Over(behind, placed.Session, now) {
				continue
			}
			if err := tell(ctx, behind); err != nil {
				return c, err
			}
			lost, err := h.Lose(ctx, behind)
			if err != nil {
				return c, err
			}
			if lost {
				c.Lost++
			}
		}
	}
}
