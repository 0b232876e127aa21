package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

var t0 = time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)

func TestBucketsFillAtTheirRate(t *testing.T) {
	l := newLimits()
	for i := range 20 {
		if q := l.take("a", 10, 20, t0); !q.ok || q.left != 19-i {
			t.Fatalf("call %d: %+v", i, q)
		}
	}
	q := l.take("a", 10, 20, t0)
	if q.ok || q.left != 0 || q.retry != 100*time.Millisecond || q.full != 2*time.Second || q.every != 2*time.Second {
		t.Fatalf("the call too many: %+v", q)
	}
	if !l.take("b", 10, 20, t0).ok {
		t.Error("another name has no room")
	}
	if q := l.take("a", 10, 20, t0.Add(150*time.Millisecond)); !q.ok || q.left != 0 {
		t.Errorf("a moment later: %+v", q)
	}
	if q := l.take("a", 1000, 2000, t0.Add(time.Second)); !q.ok || q.most != 2000 {
		t.Errorf("with a new rate: %+v", q)
	}
}

func TestMemoryForStrangersIsBounded(t *testing.T) {
	l := newLimits()
	for i := range maxBuckets + 100 {
		l.take(fmt.Sprint(i), 1, 5, t0)
	}
	if len(l.buckets) != maxBuckets {
		t.Fatalf("%d buckets", len(l.buckets))
	}
	for range 5 {
		l.take("one more", 1, 5, t0)
	}
	if l.take("and another", 1, 5, t0).ok {
		t.Error("those without a bucket are not counted together")
	}
	later := t0.Add(time.Minute)
	if !l.take("later", 1, 5, later).ok || len(l.buckets) != 1 {
		t.Errorf("%d buckets after the others were full again", len(l.buckets))
	}
}

func TestAddressesAreCountedBySubscriber(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.1:4711": "192.0.2.1", "[::ffff:192.0.2.1]:4711": "192.0.2.1",
		"[2001:db8:1:2:3:4:5:6]:1": "2001:db8:1:2::/64", "[2001:db8:1:2::9]:2": "2001:db8:1:2::/64", "[fe80::1%eth0]:3": "fe80::/64", "odd": "odd",
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = remote
		if got := address(r); got != want {
			t.Errorf("%s: %s", remote, got)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("YWJj")
	f.Add("!!")
	f.Fuzz(func(t *testing.T, cursor string) {
		start, err := PageQuery{Cursor: cursor}.start(t.Context())
		if (err != nil) == (start != "" || cursor == "") {
			t.Fatalf("%q: %q %v", cursor, start, err)
		}
	})
}
