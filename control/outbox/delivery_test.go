package outbox

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
)

// store is a control node: a set of records by id, and ways to misbehave.
type store struct {
	mu      sync.Mutex
	kept    map[string]int // how often each came, by id
	posts   int
	answers []func(http.ResponseWriter, []record.Record) bool // for the next posts; true: answered
	refuse  func(record.Record) record.Code
}

func newStore() *store { return &store{kept: map[string]int{}} }

// RoundTrip implements http.RoundTripper without a socket, for bubbles.
func (s *store) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	s.serve(w, req)
	if w.Code == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	return w.Result(), nil
}

func (s *store) serve(w *httptest.ResponseRecorder, req *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posts++
	records, err := read(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if len(records) > record.MaxBatch {
		http.Error(w, "too many", http.StatusRequestEntityTooLarge)
		return
	}
	if len(s.answers) > 0 {
		next := s.answers[0]
		s.answers = s.answers[1:]
		if next(w, records) {
			return
		}
	}
	s.answer(w, records)
}

func (s *store) answer(w http.ResponseWriter, records []record.Record) {
	var a record.Answer
	for i, r := range records {
		if s.refuse != nil {
			if code := s.refuse(r); code != "" {
				a.Refused = append(a.Refused, record.Refusal{Line: i, Code: code})
				continue
			}
		}
		a.Stored++
		s.kept[r.ID()]++
	}
	_ = json.NewEncoder(w).Encode(a)
}

func read(req *http.Request) ([]record.Record, error) {
	if req.Method != http.MethodPost || req.URL.Path != record.Path || req.Header.Get("Content-Encoding") != "gzip" {
		return nil, errors.New("another request")
	}
	z, err := gzip.NewReader(req.Body)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	var out []record.Record
	for _, line := range record.Lines(body) {
		r, err := record.Decode(line)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func (s *store) count() (kept, twice int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.kept {
		if n > 1 {
			twice++
		}
	}
	return len(s.kept), twice
}

func (s *store) posted() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.posts
}

func status(code int, headers ...string) func(http.ResponseWriter, []record.Record) bool {
	return func(w http.ResponseWriter, _ []record.Record) bool {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
		return true
	}
}

func line(t testing.TB, i int) []byte {
	t.Helper()
	b, err := record.Encode(&record.Chat{
		Live:    record.Live{Company: "acme", Room: "demo", Session: "s", At: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)},
		Message: fmt.Sprintf("m%d", i), Seq: uint64(i), Peer: "ann", Text: "hello",
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func fill(t testing.TB, o *Outbox, from, to int) {
	t.Helper()
	var lines [][]byte
	for i := from; i < to; i++ {
		lines = append(lines, line(t, i))
	}
	if err := o.Append(context.Background(), lines...); err != nil {
		t.Fatal(err)
	}
}

// deliver runs a delivery in a bubble until f returns.
func deliver(t *testing.T, s *store, f func(*Outbox, *Delivery)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := openAt(t, t.TempDir())
		d := NewDelivery(o, s, nil)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := d.Run(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("run: %v", err)
			}
		})
		f(o, d)
		cancel()
		wg.Wait()
		closeBox(t, o)
	})
}

func wait(d time.Duration) { time.Sleep(d); synctest.Wait() }

func TestRecordsReachControlOnceInBatches(t *testing.T) {
	s := newStore()
	deliver(t, s, func(o *Outbox, d *Delivery) {
		fill(t, o, 0, 12_000)
		wait(2 * time.Second)
		if kept, twice := s.count(); kept != 12_000 || twice != 0 {
			t.Errorf("%d kept, %d twice", kept, twice)
		}
		fill(t, o, 12_000, 12_003)
		wait(2 * time.Second)
		if kept, _ := s.count(); kept != 12_003 || o.Status().Entries != 0 || d.Check() != nil {
			t.Errorf("%d kept, status %+v, check %v", kept, o.Status(), d.Check())
		}
	})
}

func TestNothingIsAckedThatControlHasNotKept(t *testing.T) {
	believe := func(body string) func(http.ResponseWriter, []record.Record) bool {
		return func(w http.ResponseWriter, _ []record.Record) bool {
			_, _ = io.WriteString(w, body)
			return true
		}
	}
	for name, answer := range map[string]func(http.ResponseWriter, []record.Record) bool{
		"server error": status(500), "busy": status(429), "not there": status(404), "no certificate": status(403),
		"redirect": status(302, "Location", "https://elsewhere/"), "no JSON": believe("ok"), "nothing": believe("{}"),
		"too few": believe(`{"stored":2}`), "too many": believe(`{"stored":4}`),
		"a line out of range": believe(`{"stored":2,"refused":[{"line":3,"code":"invalid"}]}`),
		"a line twice":        believe(`{"stored":1,"refused":[{"line":0,"code":"invalid"},{"line":0,"code":"invalid"}]}`),
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore()
			s.answers = append(s.answers, answer)
			deliver(t, s, func(o *Outbox, _ *Delivery) {
				fill(t, o, 0, 3)
				wait(linger) // the first post comes before its end, the second after it
				if n := o.Status().Entries; n != 3 {
					t.Errorf("%d wait after the first post", n)
				}
				wait(3 * time.Second)
				if kept, twice := s.count(); kept != 3 || twice != 0 || o.Status().Entries != 0 {
					t.Errorf("%d kept, %d twice, %+v", kept, twice, o.Status())
				}
			})
		})
	}
}

func TestRetriesSlowDownAndHeedRetryAfter(t *testing.T) {
	s := newStore()
	for range 1000 {
		s.answers = append(s.answers, status(503))
	}
	deliver(t, s, func(o *Outbox, d *Delivery) {
		fill(t, o, 0, 3)
		wait(10 * time.Minute)
		if n := s.posted(); n < 10 || n > 40 {
			t.Errorf("%d posts in ten minutes", n)
		}
		if err := d.Check(); err == nil || !strings.Contains(err.Error(), "3 records wait") || !strings.Contains(err.Error(), "503") {
			t.Errorf("health says %v", err)
		}
		s.mu.Lock()
		s.answers = []func(http.ResponseWriter, []record.Record) bool{status(429, "Retry-After", "240")}
		s.mu.Unlock()
		wait(61 * time.Second)
		before := s.posted()
		wait(55 * time.Second)
		if s.posted() != before {
			t.Error("Retry-After not heeded")
		}
		wait(4 * time.Minute)
		if kept, _ := s.count(); kept != 3 || d.Check() != nil {
			t.Errorf("%d kept, health %v", kept, d.Check())
		}
	})
}

func TestRefusedRecordsAreGivenUpAndTheOthersKept(t *testing.T) {
	s := newStore()
	s.refuse = func(r record.Record) record.Code {
		if r.(*record.Chat).Message == "m1" {
			return record.CodeInvalid
		}
		return ""
	}
	deliver(t, s, func(o *Outbox, _ *Delivery) {
		fill(t, o, 0, 3)
		wait(time.Minute)
		if kept, _ := s.count(); kept != 2 || s.posted() != 1 || lostBy(t, o, "refused") != 1 {
			t.Errorf("%d kept in %d posts", kept, s.posted())
		}
	})
}

func TestRecordsOfAnUnknownCompanyWait(t *testing.T) {
	s := newStore()
	var known time.Time
	s.refuse = func(r record.Record) record.Code {
		if m := r.(*record.Chat).Message; m == "m1" && time.Now().Before(known) || m == "m2" {
			return record.CodeUnknownCompany
		}
		return ""
	}
	deliver(t, s, func(o *Outbox, d *Delivery) {
		d.keep = 10 * time.Minute
		known = time.Now().Add(5 * time.Minute)
		fill(t, o, 0, 3)
		wait(2 * time.Minute)
		if kept, twice := s.count(); kept != 1 || twice != 0 || o.Status().Entries != 2 {
			t.Errorf("%d kept, %d twice, %+v", kept, twice, o.Status())
		}
		fill(t, o, 3, 4)
		wait(20 * time.Second)
		if kept, _ := s.count(); kept != 2 {
			t.Error("what waits holds up what comes after it")
		}
		wait(5 * time.Minute)
		if kept, _ := s.count(); kept != 3 {
			t.Errorf("%d kept once the company is known", kept)
		}
		wait(5 * time.Minute)
		if o.Status().Entries != 0 || lostBy(t, o, "expired") != 1 {
			t.Errorf("in the end %+v", o.Status())
		}
	})
}

// TestWhatWaitsIsNotAckedBeforeItIsOnDiskAgain: the outbox takes nothing more, because it is closing.
func TestWhatWaitsIsNotAckedBeforeItIsOnDiskAgain(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(*Outbox)
		left uint64
	}{
		"closing": {func(o *Outbox) { o.closed = true }, 3},
		"latched": {func(o *Outbox) { o.latch(errors.New("input/output error")) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore()
			s.refuse = func(record.Record) record.Code { return record.CodeUnknownCompany }
			o := openAt(t, t.TempDir())
			fill(t, o, 0, 3)
			test.end(o)
			d := NewDelivery(o, s, nil)
			if more, _ := d.step(t.Context()); !more || o.Status().Entries != test.left {
				t.Errorf("more %v, %+v", more, o.Status())
			}
		})
	}
}

func TestABatchThatControlCannotReadIsHalved(t *testing.T) {
	s := newStore()
	deliver(t, s, func(o *Outbox, _ *Delivery) {
		var lines [][]byte
		for i := range 20 {
			lines = append(lines, line(t, i))
		}
		lines[13] = []byte("no record\n") // the store answers 400 to the whole
		if err := o.Append(context.Background(), lines...); err != nil {
			t.Fatal(err)
		}
		wait(time.Minute)
		if kept, twice := s.count(); kept != 19 || twice != 0 || lostBy(t, o, "refused") != 1 || o.Status().Entries != 0 {
			t.Errorf("%d kept, %d twice, %+v", kept, twice, o.Status())
		}
	})
}

func TestDeliveryEndsInTheMidstOfARetry(t *testing.T) {
	s := newStore()
	for range 10 {
		s.answers = append(s.answers, status(503))
	}
	deliver(t, s, func(o *Outbox, _ *Delivery) {
		fill(t, o, 0, 1)
		wait(5 * time.Second)
	})
}

func TestHealthNamesALatchedOutbox(t *testing.T) {
	o := openAt(t, t.TempDir())
	d := NewDelivery(o, newStore(), nil)
	o.latch(errors.New("input/output error"))
	if err := d.Check(); !errors.Is(err, ErrLatched) {
		t.Fatal(err)
	}
}

func TestRetryAfterIsReadInSeconds(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"": 0, "5": 5 * time.Second, "-1": 0, "1.5": 0, "999999999999": 0, "Fri, 20 Nov 2026 12:00:00 GMT": 0,
	} {
		if got := retryAfter(header); got != want {
			t.Errorf("%q: %v, want %v", header, got, want)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"stored":3}`))
	f.Add([]byte(`{"stored":2,"refused":[{"line":1,"code":"invalid","message":"x"}]}`))
	f.Add([]byte(`{"stored":-1,"refused":[{"line":-1}]}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := parseAnswer(body, 3)
		if err != nil {
			return
		}
		lines := []int{}
		for _, r := range a.Refused {
			lines = append(lines, r.Line)
		}
		slices.Sort(lines)
		if len(slices.Compact(lines)) != len(a.Refused) || a.Stored+len(a.Refused) != 3 {
			t.Fatalf("believed %+v", a)
		}
	})
}
