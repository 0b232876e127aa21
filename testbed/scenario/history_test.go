package scenario

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/control"
	"github.com/meridian-video/meridian/control/history"
	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/control/outbox"
)

// records is what the disks of all edges still hold, once the edges have stopped.
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

// TestHistoryOfAMeetingWhoseHomeDies: what edges brought to control and
// what their disks still hold gives one session, and each presence one end.
// Figures are there within a minute of a tick, and a dead node takes no more than
// its last tick along.
// Covers GC-A78.
func TestHistoryOfAMeetingWhoseHomeDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := fullRoom(t, 9)
		r.say("fra", "before")
		dead := r.oneHome()
		time.Sleep(95 * time.Second)
		kept, ctx := r.Control.Node.History(), context.Background()
		stays := func() []history.Stay {
			all, err := kept.Statistics(ctx, history.StayFilter{Company: control.DevCompany, Room: "hall", From: time.Unix(0, 0), To: time.Now()})
			r.must(err)
			return all
		}
		died := time.Now()
		if got := stays(); len(got) != 3 {
			t.Errorf("before the death there are %d stays: %+v", len(got), got)
		}
		for _, s := range stays() {
			if behind := died.Sub(s.Leave); behind > record.TickLength+time.Minute {
				t.Errorf("the figures of %s are %v behind", s.Peer, behind)
			}
		}
		r.Silence(r.edgeIP(dead))
		time.Sleep(45 * time.Second) // who was there is lost
		for _, s := range stays() {
			if missing := record.TickAt(died).Sub(s.Leave); missing > record.TickLength {
				t.Errorf("of %s's stay %v are missing", s.Peer, missing)
			}
		}
		left := others(dead)
		r.say(left[0], "after")
		for _, pop := range left {
			r.people[pop].Leave()
		}
		time.Sleep(75 * time.Second)

		r.must(kept.Ingest(ctx, r.records()...)) // what the dead node would bring when it is back
		sessions, _, err := kept.Sessions(ctx, history.SessionFilter{Company: control.DevCompany}, history.Page{})
		r.must(err)
		if len(sessions) != 1 || sessions[0].Closed.IsZero() {
			t.Fatalf("%d sessions, want one that is closed: %+v", len(sessions), sessions)
		}
		people, _, err := kept.Participants(ctx, control.DevCompany, sessions[0].ID, history.Page{})
		r.must(err)
		if len(people) != 3 {
			t.Errorf("%d presences: %+v", len(people), people)
		}
		for _, p := range people {
			want := record.ReasonLeft
			if p.Name == dead {
				want = record.ReasonLost
			}
			if p.Reason != want || p.Left.IsZero() || p.Tick.IsZero() {
				t.Errorf("%s ended with %q at %v, want %s; last tick %v", p.Name, p.Reason, p.Left, want, p.Tick)
			}
		}
		messages, _, err := kept.Messages(ctx, control.DevCompany, sessions[0].ID, history.Page{})
		r.must(err)
		if len(messages) != 2 || messages[0].Text != "before" || messages[1].Text != "after" {
			t.Errorf("messages %+v", messages)
		}
	})
}
