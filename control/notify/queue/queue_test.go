package queue

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestNoticesAreKeptOnce(t *testing.T) {
	onEach(t, func(t *testing.T, q *Queue) {
		put(t, q, notice("n1", "room", "e1", "e2"), notice("n2", "room", "e1"), notice("n3", "other", "e1"), notice("n4", "", "e1"))
		if n, err := q.Add(t.Context(), notice("n1", "room", "e1", "e3"), notice("n5", "" /* nobody */)); n != 0 || err != nil {
			t.Errorf("again: %d, %v", n, err)
		}
		seqs := map[string]int64{}
		for _, d := range due(t, q, "e1", noon) {
			seqs[d.Notice] = d.Seq
			if string(d.Payload) != `{"id":"`+d.Notice+`"}` || d.Kind != Webhook || d.Type != "t" {
				t.Errorf("%+v", d)
			}
		}
		if len(seqs) != 4 || seqs["n1"] != 1 || seqs["n2"] != 2 || seqs["n3"] != 1 || seqs["n4"] != 0 {
			t.Errorf("numbers %v", seqs)
		}
		if got := names(due(t, q, "e2", noon)); got != "n1" {
			t.Errorf("e2: %s", got)
		}
		if got := names(due(t, q, "e3", noon)); got != "" {
			t.Errorf("e3: %s", got)
		}
	})
}

func TestALaneIsWorkedByOneUntilItsLeaseEnds(t *testing.T) {
	onEach(t, func(t *testing.T, q *Queue) {
		put(t, q, notice("n1", "", "e1"))
		if got := claim(t, q, "first", after(-1)); got != "" {
			t.Errorf("before it is due: %s", got)
		}
		if got := claim(t, q, "first", noon) + "|" + claim(t, q, "second", after(29)); got != "e1|" {
			t.Errorf("claimed %s", got)
		}
		must(t, q.Renew(t.Context(), "first", after(60)))
		if got := claim(t, q, "second", after(31)) + "|" + claim(t, q, "second", after(60)); got != "|e1" {
			t.Errorf("after a killed sender: %s", got)
		}
		must(t, q.Release(t.Context(), lane("e1"), "first", time.Time{})) // not its any more
		if got := claim(t, q, "third", after(61)); got != "" {
			t.Errorf("released by somebody else: %s", got)
		}
		must(t, q.Release(t.Context(), lane("e1"), "second", after(70)))
		if got := claim(t, q, "third", after(69)) + "|" + claim(t, q, "third", after(70)); got != "|e1" {
			t.Errorf("after release: %s", got)
		}
	})
}

func TestManySendersNeverShareALane(t *testing.T) {
	onEach(t, func(t *testing.T, q *Queue) {
		var all []Notice
		for i := range 40 {
			all = append(all, notice("n"+string(rune('A'+i)), "", "e"+string(rune('A'+i))))
		}
		put(t, q, all...)
		var mu sync.Mutex
		var wg sync.WaitGroup
		held := map[string]int{}
		for i := range 4 {
			wg.Go(func() {
				for range 6 {
					lanes, err := q.Claim(t.Context(), "h"+string(rune('0'+i)), noon, time.Minute, 3)
					if err != nil {
						t.Error(err)
					}
					mu.Lock()
					for _, l := range lanes {
						held[l.Endpoint]++
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for claim(t, q, "rest", noon) != "" {
			held["rest"] = 0
		}
		for e, n := range held {
			if n > 1 {
				t.Errorf("%s is held by %d", e, n)
			}
		}
		if len(held) < 20 {
			t.Errorf("only %d lanes were claimed", len(held))
		}
	})
}

func TestALaneSleepsUntilItsNextAttempt(t *testing.T) {
	onEach(t, func(t *testing.T, q *Queue) {
		put(t, q, notice("n1", "", "e1"))
		claim(t, q, "h", noon)
		d := due(t, q, "e1", noon)[0]
		must(t, q.Record(t.Context(), Result{Delivery: d, At: after(1), Due: after(6), Status: 500, Fault: "bad\x00\xff"}))
		must(t, q.Release(t.Context(), lane("e1"), "h", time.Time{}))
		if got := claim(t, q, "h", after(5)) + "|" + claim(t, q, "h", after(6)); got != "|e1" {
			t.Errorf("claimed %s", got)
		}
		d = due(t, q, "e1", after(6))[0]
		if d.Attempts != 1 || !d.Begun.Equal(after(1)) {
			t.Errorf("%+v", d)
		}
		must(t, q.Record(t.Context(), Result{Delivery: d, Outcome: Delivered, At: after(7), Status: 204}))
		must(t, q.Record(t.Context(), Result{Delivery: d, Outcome: Dead, At: after(8)})) // a paused sender's late word
		must(t, q.Release(t.Context(), lane("e1"), "h", time.Time{}))
		e, err := q.Entry(t.Context(), "acme", d.ID)
		if err != nil || e.Outcome != Delivered || e.Attempts != 2 || e.Status != 204 || !e.Tried.Equal(after(7)) || !e.Due.IsZero() {
			t.Errorf("%+v, %v", e, err)
		}
		if lanes, waiting, err := q.Held(t.Context()); lanes != 0 || waiting != 0 || err != nil {
			t.Errorf("%d lanes, %d deliveries, %v", lanes, waiting, err)
		}
	})
}

func TestThoseBehindAHeadAreHeldAndComeBack(t *testing.T) {
	onEach(t, func(t *testing.T, q *Queue) {
		put(t, q, notice("n1", "room", "e1"), notice("n2", "room", "e1"), notice("n3", "room", "e1"))
		head := due(t, q, "e1", noon)[0]
		must(t, q.Record(t.Context(), Result{Delivery: head, At: noon, Due: after(5)}))
		must(t, q.Hold(t.Context(), lane("e1"), noon, map[string]Wait{"room": {1, after(300)}}))
		if got := names(due(t, q, "e1", after(10))); got != "n1" {
			t.Errorf("due %s", got)
		}
		must(t, q.Hold(t.Context(), lane("e1"), after(10), map[string]Wait{"room": {1, after(300)}}))
		if got := names(due(t, q, "e1", after(10))); got != "n1" {
			t.Errorf("the head is held behind itself: due %s", got)
		}
		chains, err := q.Chains(t.Context(), lane("e1"), []string{"room", "none"}, 2)
		if err != nil || names(chains["room"]) != "n1 n2" || len(chains["none"]) != 0 {
			t.Errorf("chains %v, %v", chains, err)
		}
		must(t, q.Record(t.Context(), Result{Delivery: due(t, q, "e1", after(10))[0], Outcome: Delivered, At: after(10)}))
		if got := names(due(t, q, "e1", after(10))); got != "n2 n3" {
			t.Errorf("due after the head %s", got)
		}
	})
}

func TestLettersAreForgottenOnceSent(t *testing.T) {
	onEach(t, func(t *testing.T, q *Queue) {
		n := notice("n1", "", "@mail")
		n.Kind = Mail
		put(t, q, n)
		l := Lane{"acme", "@mail", Mail}
		found, err := q.Due(t.Context(), l, noon, 10)
		must(t, err)
		must(t, q.Record(t.Context(), Result{Delivery: found[0], Outcome: Delivered, At: noon}))
		if err := q.Replay(t.Context(), "acme", found[0].ID, Mail, after(1)); !errors.Is(err, ErrSpent) {
			t.Errorf("a letter that was sent is sent again: %v", err)
		}
	})
}

func TestTheLogIsReadInPagesAndReplayed(t *testing.T) {
	onEach(t, func(t *testing.T, q *Queue) {
		var ids []string
		for i, endpoint := range strings.Fields("e1 e2 e1 e1 e2") {
			n := notice("n"+string(rune('1'+i)), "room", endpoint)
			n.Created = after(float64(i))
			put(t, q, n)
		}
		for cursor, pages := "", 0; pages == 0 || cursor != ""; pages++ {
			entries, next, err := q.Log(t.Context(), Filter{Company: "acme", Endpoint: "e1"}, cursor, 2)
			must(t, err)
			for _, e := range entries {
				ids = append(ids, e.Notice)
			}
			cursor = next
		}
		if got := strings.Join(ids, " "); got != "n4 n3 n1" {
			t.Errorf("log %s", got)
		}
		if e, _, err := q.Log(t.Context(), Filter{Company: "other"}, "", 0); len(e) != 0 || err != nil {
			t.Errorf("another company reads %v, %v", e, err)
		}
		if _, _, err := q.Log(t.Context(), Filter{Company: "acme"}, "x!", 0); !errors.Is(err, ErrCursor) {
			t.Errorf("a bad cursor: %v", err)
		}
		must(t, q.Abandon(t.Context(), lane("e1"), after(10), "gone"))
		dead := Dead
		entries, _, err := q.Log(t.Context(), Filter{Company: "acme", Outcome: &dead, From: after(1), To: after(3)}, "", 0)
		if err != nil || len(entries) != 1 || entries[0].Notice != "n3" || entries[0].Fault != "gone" || entries[0].Seq != 3 {
			t.Errorf("dead: %+v, %v", entries, err)
		}
		must(t, q.Replay(t.Context(), "acme", entries[0].ID, Webhook, after(20)))
		if d := due(t, q, "e1", after(20)); names(d) != "n3" || d[0].Series != "" || d[0].Seq != 3 || d[0].Attempts != 0 {
			t.Errorf("replayed %+v", d)
		}
		for _, bad := range [][2]string{{"acme", "dlv_x"}, {"other", entries[0].ID}} {
			if err := q.Replay(t.Context(), bad[0], bad[1], Webhook, noon); !errors.Is(err, ErrNone) {
				t.Errorf("replay of %v: %v", bad, err)
			}
		}
		if n, err := q.ReplayDead(t.Context(), "acme", "e1", Webhook, noon, after(20)); n != 2 || err != nil {
			t.Errorf("replayed %d dead, %v", n, err)
		}
		if got := claim(t, q, "h", after(20)); !strings.Contains(got, "e1") {
			t.Errorf("lanes awake: %s", got)
		}
	})
}

func TestProgressNeverGoesBack(t *testing.T) {
	onEach(t, func(t *testing.T, q *Queue) {
		if at, err := q.Progress(t.Context(), "reminders"); !at.IsZero() || err != nil {
			t.Errorf("before: %v, %v", at, err)
		}
		must(t, q.SetProgress(t.Context(), "reminders", after(5)))
		must(t, q.SetProgress(t.Context(), "reminders", after(3)))
		if at, err := q.Progress(t.Context(), "reminders"); !at.Equal(after(5)) || err != nil {
			t.Errorf("after: %v, %v", at, err)
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add(place{5, "dlv_1"}.cursor())
	f.Add("eyJjIjoiIn0")
	f.Fuzz(func(t *testing.T, cursor string) {
		p, err := parsePlace(cursor)
		if err != nil {
			return
		}
		if again, err := parsePlace(p.cursor()); err != nil || again != p {
			t.Errorf("%+v became %+v, %v", p, again, err)
		}
	})
}
