package notify

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
	"github.com/meridian-video/meridian/control/notify/event"
	"github.com/meridian-video/meridian/control/notify/guard"
	"github.com/meridian-video/meridian/control/notify/queue"
	"github.com/meridian-video/meridian/control/notify/webhook"
)

func TestEndpointsAreToldWhatTheyWantOnce(t *testing.T) {
	r := newRig(t, Endpoint{ID: "all"}, Endpoint{ID: "chat", Events: []event.Type{event.TypeChatMessage}},
		Endpoint{ID: "sessions", Events: []event.Type{event.TypeSessionOpened}}, Endpoint{ID: "off", Disabled: "gone"})
	e := happened(t, "1", "daily")
	elsewhere := e
	elsewhere.Company = "other"
	r.publish(t, e, elsewhere)
	r.publish(t, e, happened(t, "2", "daily"))
	for id, want := range map[string]int{"all": 2, "chat": 2, "sessions": 0, "off": 0} {
		if got := len(r.log(t, id)); got != want {
			t.Errorf("%s is told %d events, want %d", id, got, want)
		}
	}
}

func TestRecordsAreToldInTheirRoom(t *testing.T) {
	r := newRig(t, Endpoint{ID: "hook"})
	live := record.Live{Company: "acme", Room: "daily", Session: "s1", At: time.Now()}
	records := []record.Record{
		&record.Opened{Live: live, RoomKind: record.Call}, &record.Joined{Live: live, Presence: "p", Peer: "ann"},
		&record.Tick{Live: live, Presence: "p", Peer: "ann"}, &record.Closed{Live: live},
	}
	for range 2 {
		if err := r.PublishRecords(t.Context(), records...); err != nil {
			t.Fatal(err)
		}
	}
	told := map[int64]string{}
	for _, e := range r.log(t, "hook") {
		told[e.Seq] = e.Type
	}
	if len(told) != 3 || told[1] != "session.opened" || told[2] != "participant.joined" || told[3] != "session.closed" {
		t.Errorf("told %v", told)
	}
}

func TestARoomsEventsKeepTheirOrderOverFailures(t *testing.T) {
	r := newRig(t, Endpoint{ID: "hook"})
	c := &carrier{answer: func(d queue.Delivery, at Attempt) Answer {
		if at.Number <= int(d.Seq)%3 { // up to two failures, at 0 and 0.25 ms
			return Answer{Verdict: Again, Status: 500}
		}
		return Answer{Verdict: Accepted, Status: 200}
	}}
	config := fast()
	config.Hold, config.Schedule = time.Minute, []time.Duration{time.Millisecond, 3 * time.Millisecond}
	r.start(t, config, map[queue.Kind]Carrier{queue.Webhook: c})
	want := map[string][]string{}
	for i := range 60 {
		room := fmt.Sprintf("room%d", i%3)
		e := happened(t, fmt.Sprint(i), room)
		r.publish(t, e)
		want[room] = append(want[room], "hook "+e.ID)
	}
	eventually(t, "all is delivered", func() bool { return len(c.accepted()) == 60 })
	got := c.accepted()
	for room, ids := range want {
		inRoom := slices.DeleteFunc(slices.Clone(got), func(id string) bool { return !slices.Contains(ids, id) })
		if !slices.Equal(inRoom, ids) {
			t.Errorf("%s: %v, want %v", room, inRoom, ids)
		}
	}
}

func TestAnEventThatFailsLongerThanTheHoldIsPassed(t *testing.T) {
	r := newRig(t, Endpoint{ID: "hook"})
	var repaired atomic.Bool
	stuck := happened(t, "stuck", "daily")
	c := &carrier{answer: func(d queue.Delivery, _ Attempt) Answer {
		if d.Notice == stuck.ID && !repaired.Load() {
			return Answer{Verdict: Again}
		}
		return Answer{Verdict: Accepted}
	}}
	config := fast()
	config.Hold = 100 * time.Millisecond
	config.Schedule = slices.Repeat([]time.Duration{40 * time.Millisecond}, 1000)
	r.start(t, config, map[queue.Kind]Carrier{queue.Webhook: c})
	started := time.Now()
	r.publish(t, stuck, happened(t, "2", "daily"), happened(t, "3", "daily"))
	eventually(t, "the others pass", func() bool { return len(c.accepted()) == 2 })
	if waited := time.Since(started); waited < config.Hold {
		t.Errorf("they passed after %v", waited)
	}
	repaired.Store(true)
	eventually(t, "the late one arrives", func() bool { return len(c.accepted()) == 3 })
}

func TestADeadEndpointDelaysNoOther(t *testing.T) {
	r := newRig(t, Endpoint{ID: "dead"}, Endpoint{ID: "alive"})
	hang := make(chan struct{})
	c := &carrier{answer: func(d queue.Delivery, _ Attempt) Answer {
		if d.Endpoint == "dead" {
			<-hang
			return Answer{Verdict: Again}
		}
		return Answer{Verdict: Accepted}
	}}
	stop := r.start(t, fast(), map[queue.Kind]Carrier{queue.Webhook: c})
	for i := range 40 {
		r.publish(t, happened(t, fmt.Sprint(i), fmt.Sprintf("room%d", i)))
	}
	eventually(t, "the living one has all", func() bool { return len(c.accepted()) == 40 })
	close(hang)
	stop()
}

func TestALaneWhoseLeaseEndsIsNotWorkedTwiceHere(t *testing.T) {
	r := newRig(t, Endpoint{ID: "hook"})
	var together, most atomic.Int64
	release := make(chan struct{})
	c := &carrier{answer: func(queue.Delivery, Attempt) Answer {
		if n := together.Add(1); n > most.Load() {
			most.Store(n)
		}
		defer together.Add(-1)
		<-release
		return Answer{Verdict: Accepted}
	}}
	var ahead atomic.Int64
	r.clock = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	config := fast()
	config.Parallel, config.Lease = 1, time.Minute
	r.start(t, config, map[queue.Kind]Carrier{queue.Webhook: c})
	r.publish(t, happened(t, "1", ""), happened(t, "2", ""))
	eventually(t, "it is worked", func() bool { return together.Load() == 1 })
	ahead.Store(int64(time.Hour)) // as if the process had been stopped
	eventually(t, "the lease is taken again", func() bool {
		lanes, err := r.Queue.Claim(t.Context(), "other", r.clock(), time.Minute, 1)
		return err == nil && len(lanes) == 0
	})
	close(release)
	eventually(t, "both are delivered", func() bool { return len(c.accepted()) == 2 })
	if most.Load() != 1 {
		t.Errorf("%d at a time", most.Load())
	}
}

func TestWhatNobodyTakesIsDeadAfterTheSchedule(t *testing.T) {
	r := newRig(t, Endpoint{ID: "hook"})
	c := &carrier{answer: func(queue.Delivery, Attempt) Answer { return Answer{Verdict: Again, Status: 503, Fault: "busy"} }}
	config := fast()
	config.Schedule = []time.Duration{time.Millisecond, time.Millisecond}
	r.start(t, config, map[queue.Kind]Carrier{queue.Webhook: c})
	r.publish(t, happened(t, "1", ""))
	eventually(t, "it is dead", func() bool { return r.outcomes(t, "hook")[queue.Dead] == 1 })
	if e := r.log(t, "hook")[0]; e.Attempts != 3 || e.Status != 503 || e.Fault != "busy" {
		t.Errorf("%+v", e)
	}
}

func TestAReceiverMayAskForTime(t *testing.T) {
	r := newRig(t, Endpoint{ID: "hook"})
	c := &carrier{answer: func(queue.Delivery, Attempt) Answer { return Answer{Verdict: Again, Status: 429, After: time.Hour} }}
	r.start(t, fast(), map[queue.Kind]Carrier{queue.Webhook: c})
	r.publish(t, happened(t, "1", ""))
	eventually(t, "it was tried", func() bool { return r.log(t, "hook")[0].Attempts == 1 })
	if e := r.log(t, "hook")[0]; e.Due.Sub(e.Tried) != time.Hour {
		t.Errorf("tried again after %v", e.Due.Sub(e.Tried))
	}
}

func TestWithoutACarrierNothingWaits(t *testing.T) {
	r := newRig(t, Endpoint{ID: "hook"})
	r.publish(t, happened(t, "1", "daily"), happened(t, "2", "daily"))
	r.start(t, fast(), nil)
	eventually(t, "all is given up", func() bool { return r.outcomes(t, "hook")[queue.Dead] == 2 })
}

func TestASenderThatIsToldToStopGivesBackItsLanes(t *testing.T) {
	r := newRig(t, Endpoint{ID: "hook"})
	reached := make(chan struct{}, 1)
	release := make(chan struct{})
	c := &carrier{answer: func(queue.Delivery, Attempt) Answer {
		select {
		case reached <- struct{}{}:
		default:
		}
		<-release
		return Answer{Verdict: Again}
	}}
	config := fast()
	config.Lease = time.Hour
	stop := r.start(t, config, map[queue.Kind]Carrier{queue.Webhook: c})
	r.publish(t, happened(t, "1", "daily"))
	<-reached
	go close(release)
	stop()
	taken := &carrier{answer: func(queue.Delivery, Attempt) Answer { return Answer{Verdict: Accepted} }}
	r.start(t, config, map[queue.Kind]Carrier{queue.Webhook: taken})
	eventually(t, "the next leader delivers it", func() bool { return len(taken.accepted()) == 1 })
}

// hooks is a carrier to a server on this machine.
func hooks(t *testing.T, r *rig, handler http.HandlerFunc) (*Webhooks, string) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	g := guard.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	client := g.Client(5 * time.Second)
	t.Cleanup(client.CloseIdleConnections)
	return &Webhooks{Directory: r.book, Sender: &webhook.Sender{Client: client}}, server.URL
}

func TestGoneDisablesAnEndpointAndGivesUpItsQueue(t *testing.T) {
	r := newRig(t, Endpoint{ID: "hook"}, Endpoint{ID: "other"})
	var calls atomic.Int64
	w, url := hooks(t, r, func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/hook" {
			calls.Add(1)
			w.WriteHeader(http.StatusGone)
		}
	})
	for i := range r.book.endpoints {
		r.book.endpoints[i].URL = url + "/" + r.book.endpoints[i].ID
	}
	for i := range 30 {
		r.publish(t, happened(t, fmt.Sprint(i), "daily"))
	}
	r.start(t, fast(), map[queue.Kind]Carrier{queue.Webhook: w})
	eventually(t, "its queue is given up", func() bool { return r.outcomes(t, "hook")[queue.Dead] == 30 })
	eventually(t, "the other is told", func() bool { return r.outcomes(t, "other")[queue.Delivered] == 30 })
	if calls.Load() != 1 || len(r.book.disabled) != 1 || !strings.Contains(r.book.endpoints[0].Disabled, "410") {
		t.Errorf("%d calls, disabled %v", calls.Load(), r.book.disabled)
	}
}

func TestABodyIsTheSameInEveryAttemptAndOnReplay(t *testing.T) {
	r := newRig(t, Endpoint{ID: "hook", Keys: []webhook.Key{webhook.NewKey()}})
	bodies := make(chan string, 10)
	w, url := hooks(t, r, func(w http.ResponseWriter, q *http.Request) {
		body := make([]byte, 4096)
		n, _ := q.Body.Read(body)
		bodies <- q.Header.Get("webhook-id") + " " + string(body[:n])
		if len(bodies) == 1 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	r.book.endpoints[0].URL = url
	r.start(t, fast(), map[queue.Kind]Carrier{queue.Webhook: w})
	r.publish(t, happened(t, "1", "daily"), happened(t, "2", "daily"))
	eventually(t, "both are delivered", func() bool { return r.outcomes(t, "hook")[queue.Delivered] == 2 })
	entry := r.log(t, "hook")[slices.IndexFunc(r.log(t, "hook"), func(e queue.Entry) bool { return e.Seq == 1 })]
	if err := r.Queue.Replay(t.Context(), "acme", entry.ID, queue.Webhook, time.Now()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it is replayed", func() bool { return len(bodies) == 4 })
	first, second, third, fourth := <-bodies, <-bodies, <-bodies, <-bodies
	if first != second || first != fourth || first == third || !strings.Contains(first, `"seq":1`) || !strings.Contains(third, `"seq":2`) {
		t.Errorf("%s\n%s\n%s\n%s", first, second, third, fourth)
	}
}

func TestEndpointsThatAreNotThereAreGivenUp(t *testing.T) {
	r := newRig(t, Endpoint{ID: "hook"})
	r.publish(t, happened(t, "1", "daily"))
	w, _ := hooks(t, r, nil)
	r.book.endpoints = nil
	r.start(t, fast(), map[queue.Kind]Carrier{queue.Webhook: w})
	eventually(t, "it is given up", func() bool { return r.outcomes(t, "hook")[queue.Dead] == 1 })
}

func TestSettingsAreChecked(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
	if err := (Config{Schedule: []time.Duration{0}}).Validate(); err == nil || strings.Count(err.Error(), "\n") != 6 {
		t.Errorf("complaints: %v", err)
	}
	total := time.Duration(0)
	for _, d := range Default().Schedule {
		total += d
	}
	if total < 3*24*time.Hour || total > 4*24*time.Hour {
		t.Errorf("retries go on for %v", total)
	}
}
