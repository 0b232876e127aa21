package queue

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestFailedAttemptsAreKept(t *testing.T) {
	onEach(t, func(t *testing.T, q *Queue) {
		put(t, q, notice("n1", "room", "e1"))
		for i, r := range []Result{{Status: 500, Fault: strings.Repeat("ä", 200) + "\n\x00"}, {Fault: "no answer"}, {Outcome: Delivered, Status: 204}} {
			r.Delivery, r.At, r.Due = due(t, q, "e1", after(10))[0], after(float64(i)), after(float64(i+1))
			must(t, q.Record(t.Context(), r))
		}
		id := DeliveryID("n1", "e1")
		tries, err := q.Tries(t.Context(), "acme", id)
		if err != nil || len(tries) != 3 || tries[0].Status != 500 || len(tries[0].Fault) > maxTryFault || tries[1].Fault != "no answer" ||
			!tries[1].At.Equal(after(1)) || tries[2].Status != 204 || tries[2].Fault != "" || !tries[2].At.Equal(after(2)) {
			t.Errorf("%+v, %v", tries, err)
		}
		must(t, q.Replay(t.Context(), "acme", id, Webhook, after(20)))
		if tries, err := q.Tries(t.Context(), "acme", id); err != nil || len(tries) != 0 {
			t.Errorf("after a replay %+v, %v", tries, err)
		}
		for _, absent := range [][2]string{{"acme", "dlv_x"}, {"other", id}} {
			if _, err := q.Tries(t.Context(), absent[0], absent[1]); !errors.Is(err, ErrNone) {
				t.Errorf("of %v: %v", absent, err)
			}
		}
	})
}

func TestAllThatWasSettledIsReplayedInOrder(t *testing.T) {
	onEach(t, func(t *testing.T, q *Queue) {
		put(t, q, notice("n1", "room", "e1"), notice("n2", "room", "e1"), notice("n3", "room", "e1"))
		old := notice("n0", "room", "e1")
		old.Created = noon.Add(-time.Hour)
		put(t, q, old)
		for i, d := range due(t, q, "e1", noon) {
			if d.Notice != "n3" {
				must(t, q.Record(t.Context(), Result{Delivery: d, Outcome: []Outcome{Delivered, Dead}[i%2], At: noon}))
			}
		}
		if n, err := q.ReplayAll(t.Context(), "acme", "e1", Webhook, noon, after(5)); n != 2 || err != nil {
			t.Errorf("replayed %d, %v", n, err)
		}
		if got := due(t, q, "e1", after(5)); len(got) != 3 || got[0].Series != "room" || got[0].Attempts != 0 {
			t.Errorf("%+v", got)
		}
		if n, err := q.ReplayAll(t.Context(), "other", "e1", Webhook, time.Time{}, after(5)); n != 0 || err != nil {
			t.Errorf("another company replayed %d, %v", n, err)
		}
	})
}

func TestNoticesAreKnown(t *testing.T) {
	onEach(t, func(t *testing.T, q *Queue) {
		put(t, q, notice("n1", "", "e1"))
		for id, want := range map[[2]string]bool{{"acme", "n1"}: true, {"acme", "n2"}: false, {"other", "n1"}: false} {
			if got, err := q.Known(t.Context(), id[0], id[1]); got != want || err != nil {
				t.Errorf("%v: %v, %v", id, got, err)
			}
		}
	})
}

func FuzzTries(f *testing.F) {
	f.Add(Result{At: noon, Status: 500, Fault: "x"}.try() + Result{At: noon}.try())
	f.Add("{\"t\":1}\n{\n\n")
	f.Fuzz(func(t *testing.T, kept string) {
		for _, try := range parseTries(kept) {
			again := parseTries(Result{At: try.At, Status: try.Status, Fault: try.Fault}.try())
			if len(again) != 1 || !again[0].At.Equal(try.At) || again[0].Status != try.Status {
				t.Errorf("%+v became %+v", try, again)
			}
		}
	})
}
