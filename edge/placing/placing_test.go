package placing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/meridian-video/meridian/control/client"
	"github.com/meridian-video/meridian/edge/room"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func at(name, session string) room.Placement {
	return room.Placement{Company: "acme", Room: name, Session: session, Node: "fra-1", Epoch: room.Epoch{Provisional: 1, Node: "fra-1"}}
}

func shown(words []word) string {
	var out []string
	for _, w := range words {
		s := w.placement.Room + "/" + w.placement.Session
		if w.over {
			s += " over"
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

func TestTheLatestWordOfARoomIsTold(t *testing.T) {
	q := newQueue()
	q.put(word{placement: at("a", "1")})
	q.put(word{placement: at("b", "1")})
	q.put(word{placement: at("a", "2")})
	first := q.take(1)
	if got := shown(first); got != "a/2" {
		t.Errorf("first %s", got)
	}
	q.put(word{placement: at("c", "1")})
	q.back(first)
	if got := shown(q.take(9)); got != "a/2, b/1, c/1" {
		t.Errorf("then %s", got)
	}
	if got := q.take(9); got != nil {
		t.Errorf("more: %s", shown(got))
	}
}

func TestASessionThatControlNeverHeardOfLeavesNothing(t *testing.T) {
	q := newQueue()
	q.put(word{placement: at("a", "1")})
	q.put(word{placement: at("a", "1"), over: true})
	if got := q.take(9); got != nil {
		t.Errorf("told %s", shown(got))
	}
	if len(q.order) != 0 {
		t.Errorf("%v are in the order", q.order)
	}
	q.put(word{placement: at("a", "2")})
	tried := q.take(9)
	q.back(tried)
	q.put(word{placement: at("a", "2"), over: true})
	if got := shown(q.take(9)); got != "a/2 over" {
		t.Errorf("told %s after a try", got)
	}
}

func TestAWordThatComesMeanwhileReplacesTheOneUnderWay(t *testing.T) {
	q := newQueue()
	q.put(word{placement: at("a", "1")})
	under := q.take(9)
	q.put(word{placement: at("a", "1"), over: true})
	q.back(under)
	if got := shown(q.take(9)); got != "a/1 over" {
		t.Errorf("told %s", got)
	}
	q.put(word{placement: at("b", "1")})
	under = q.take(9)
	q.put(word{placement: at("b", "2")})
	q.heard(under[0], time.Now())
	if len(q.told) != 0 {
		t.Error("an older word is kept to be told again")
	}
}

func TestWaitingIsBounded(t *testing.T) {
	q := newQueue()
	for i := range maxRooms + 5 {
		q.put(word{placement: at(fmt.Sprint(i), "1")})
	}
	q.put(word{placement: at("0", "2")}) // of a room that waits
	if len(q.waiting) != maxRooms || q.dropped != 5 {
		t.Errorf("%d wait, %d dropped", len(q.waiting), q.dropped)
	}
}

func TestPlacementsThatHoldAreToldAgain(t *testing.T) {
	q, now := newQueue(), time.Now()
	for _, name := range []string{"holds", "gone", "fresh"} {
		q.put(word{placement: at(name, "1")})
		q.heard(q.take(1)[0], now)
	}
	q.put(word{placement: at("over", "1")})
	q.heard(q.take(1)[0], now)
	q.put(word{placement: at("over", "1"), over: true})
	q.take(1)
	q.told[room.Key{Company: "acme", Room: "fresh"}] = told{at("fresh", "1"), now.Add(time.Hour)}
	q.renew(now.Add(renewAfter), func(p room.Placement) bool { return p.Room == "holds" })
	if got := shown(q.take(9)); got != "holds/1" || len(q.told) != 1 {
		t.Errorf("told again %s, %d kept", got, len(q.told))
	}
}

// fake is control and the rooms of this node.
type fake struct {
	mu        sync.Mutex
	away      bool
	told      []string
	calls     int
	standing  *client.Placement
	outranked []room.Placement
}

func (f *fake) Place(_ context.Context, list []client.Placement) ([]*client.Placement, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.away {
		return nil, errors.New("away")
	}
	out := make([]*client.Placement, len(list))
	for i, p := range list {
		f.told = append(f.told, fmt.Sprintf("%s/%s@%s %v", p.Room, p.Session, p.Node, p.Over))
		out[i] = f.standing
	}
	return out, nil
}

func (f *fake) Outranked(_, by room.Placement) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.outranked = append(f.outranked, by)
}

func (f *fake) Locate(_, name string) (room.Snapshot, bool) {
	p := at(name, "1")
	return room.Snapshot{Session: p.Session, Epoch: p.Epoch}, true
}

func (f *fake) heard() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return strings.Join(f.told, ", ")
}

func start(t *testing.T, f *fake) *Placer {
	p := New(f, slog.New(slog.DiscardHandler), nil)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { p.Run(ctx, f) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	return p
}

func TestControlIsToldWhenItIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{away: true}
		p := start(t, f)
		p.Placed(at("a", "1"))
		p.Placed(at("b", "1"))
		time.Sleep(10 * time.Minute)
		f.mu.Lock()
		if f.calls > 100 {
			t.Errorf("%d calls in ten minutes", f.calls)
		}
		f.away = false
		f.mu.Unlock()
		p.Over(at("b", "1"))
		time.Sleep(backoffMost + time.Second)
		if got := f.heard(); got != "a/1@fra-1 false, b/1@fra-1 true" {
			t.Errorf("control heard %s", got)
		}
		time.Sleep(25 * time.Hour)
		if got := f.heard(); got != "a/1@fra-1 false, b/1@fra-1 true, a/1@fra-1 false, a/1@fra-1 false" {
			t.Errorf("control heard %s a day later", got)
		}
	})
}

func TestTheRoomLearnsWhatStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{standing: &client.Placement{Company: "acme", Room: "a", Session: "old", Node: "syd-1", Confirmed: 3, Provisional: 2}}
		p := start(t, f)
		p.Placed(at("a", "1"))
		synctest.Wait()
		p.Over(at("b", "1"))
		synctest.Wait()
		f.mu.Lock()
		defer f.mu.Unlock()
		want := room.Epoch{Confirmed: 3, Provisional: 2, Node: "syd-1"}
		if len(f.outranked) != 1 || f.outranked[0].Epoch != want || f.outranked[0].Session != "old" {
			t.Errorf("the room learned %+v", f.outranked)
		}
	})
}
