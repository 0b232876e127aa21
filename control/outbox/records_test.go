package outbox

import (
	"errors"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
)

func TestRecordsAreKeptWithoutThoseThatCouldNeverBeDelivered(t *testing.T) {
	o := openAt(t, t.TempDir())
	live := record.Live{Company: "acme", Room: "demo", Session: "s", At: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	outcome := make(chan error, 1)
	done := func(err error) { outcome <- err }

	o.Record(done, &record.Closed{Live: live}, &record.Closed{})
	if err := <-outcome; !errors.Is(err, record.ErrInvalid) {
		t.Errorf("one of two is invalid: %v", err)
	}
	o.Record(done, &record.Closed{Live: live})
	if err := <-outcome; err != nil {
		t.Error(err)
	}
	o.Record(done)
	if err := <-outcome; err != nil {
		t.Errorf("nothing at all: %v", err)
	}
	o.Record(nil, &record.Closed{})
	got := drain(t, o)
	if len(got) != 2 || lostBy(t, o, "invalid") != 2 {
		t.Fatalf("%q", got)
	}
	for _, line := range got {
		if r, err := record.Decode([]byte(line)); err != nil || r.Kind() != record.KindClosed {
			t.Errorf("%s: %v", line, err)
		}
	}
}
