package scenario

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/control/outbox"
)

// records is what the disks of all edges hold, once the edges have stopped.
func (r *room) records() (all []record.Record) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, pop := range POPs {
		if err := r.Edges[pop].Close(ctx); err != nil {
			r.t.Errorf("close %s: %v", pop, err)
		}
		o, err := outbox.Open(outbox.Config{Dir: filepath.Join(r.dir, pop+"-1", "outbox")})
		r.must(err)
		for {
			entries, err := o.Peek(1000, 1<<20)
			r.must(err)
			if len(entries) == 0 {
				break
			}
			for _, e := range entries {
				rec, err := record.Decode(e.Bytes)
				r.must(err)
				all = append(all, rec)
			}
			o.Ack(len(entries))
		}
		r.must(o.Close())
	}
	return all
}

// TestHistoryOfAMeetingWhoseHomeDies: what the edges' disks hold together gives
// one session, and each presence one end.
func TestHistoryOfAMeetingWhoseHomeDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := fullRoom(t, 9)
		r.say("fra", "before")
		dead := r.oneHome()
		time.Sleep(35 * time.Second)
		r.Silence(r.edgeIP(dead))
		time.Sleep(45 * time.Second) // who was there is lost
		left := others(dead)
		r.say(left[0], "after")
		for _, pop := range left {
			r.people[pop].Leave()
		}
		time.Sleep(75 * time.Second)

		sessions, peers := map[string]bool{}, map[string]string{}
		ends, ticks, messages := map[string][]record.Reason{}, map[string]time.Time{}, map[string]bool{}
		var opened, closed bool
		for _, rec := range r.records() {
			switch rec := rec.(type) {
			case *record.Opened:
				opened, sessions[rec.Session] = true, true
			case *record.Closed:
				closed, sessions[rec.Session] = true, true
			case *record.Joined:
				peers[rec.Presence] = rec.Name
			case *record.Left:
				ends[rec.Presence] = append(ends[rec.Presence], rec.Reason)
			case *record.Tick:
				ticks[rec.Presence] = rec.At
			case *record.Chat:
				messages[rec.Text] = true
			}
		}
		if len(sessions) != 1 || !opened || !closed {
			t.Errorf("sessions %v, opened %v, closed %v", sessions, opened, closed)
		}
		if len(peers) != 3 || len(ends) != 3 {
			t.Errorf("%d presences, %d with an end: %v %v", len(peers), len(ends), peers, ends)
		}
		for presence, name := range peers {
			best := slices.MaxFunc(ends[presence], func(a, b record.Reason) int { return a.Rank() - b.Rank() })
			want := record.ReasonLeft
			if name == dead {
				want = record.ReasonLost
			}
			if best != want || ticks[presence].IsZero() {
				t.Errorf("%s ended with %v, want %s; last tick %v", name, ends[presence], want, ticks[presence])
			}
		}
		if !messages["before"] || !messages["after"] {
			t.Errorf("messages %v", messages)
		}
	})
}
