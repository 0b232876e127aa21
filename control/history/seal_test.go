package history

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history/ledger"
	"github.com/meridian-video/meridian/control/history/record"
)

var signing = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

// stayed ingests a stay of ten minutes, some days from noon.
func stayed(t *testing.T, s *Store, company, session string, days float64) {
	t.Helper()
	m, at := meeting{company, "daily", session}, days*day
	ingest(t, s, m.opened(at), m.joined("ann", at), m.left("ann", at, at+600, record.ReasonLeft))
}

func sealMonth(t *testing.T, s *Store, month Month) ([]byte, ledger.Ledger) {
	t.Helper()
	content, err := s.Seal(t.Context(), "acme", month, noon.AddDate(1, 0, 0), signing)
	if err != nil {
		t.Fatal(err)
	}
	l, err := ledger.Verify(content, signing.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	return content, l
}

func TestSealedMonthsStayAndFollowEachOther(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		stayed(t, s, "acme", "s1", 0)  // November
		stayed(t, s, "acme", "s2", 1)  // November
		stayed(t, s, "acme", "s3", 70) // January
		stayed(t, s, "other", "s1", 0)
		content, l := sealMonth(t, s, "2027-01") // and with it November
		if l.Header.Previous == nil || l.Header.Previous.Month != "2026-11" || l.Total != (ledger.Total{Sessions: 1, Stays: 1, Seconds: 600}) {
			t.Errorf("January is %+v", l)
		}
		november, l11 := sealMonth(t, s, "2026-11")
		if len(l11.Lines) != 2 || l11.Total.Seconds != 1200 || l11.Header.Previous != nil || l11.Header.Company != "acme" {
			t.Errorf("November is %+v", l11)
		}
		if err := ledger.Follows(l, november); err != nil {
			t.Error(err)
		}
		stayed(t, s, "acme", "s4", 2) // too late for November
		if _, err := s.Purge(t.Context(), "acme", Retention{Sessions: 1}, noon.AddDate(2, 0, 0)); err != nil {
			t.Fatal(err)
		}
		for month, want := range map[Month][]byte{"2027-01": content, "2026-11": november} {
			if again, _ := sealMonth(t, s, month); !bytes.Equal(again, want) {
				t.Errorf("%s changed", month)
			}
		}
		if _, err := s.Seal(t.Context(), "acme", "2026-12", noon.AddDate(1, 0, 0), signing); !errors.Is(err, ErrSealedLater) {
			t.Errorf("December: %v", err)
		}
		if _, empty := sealMonth(t, s, "2027-02"); len(empty.Lines) != 0 || empty.Header.Previous.Month != "2027-01" {
			t.Errorf("February is %+v", empty)
		}
	})
}

func TestAMonthIsSealedThreeDaysAfterItsEnd(t *testing.T) {
	s := open(t, sqliteURL(t))
	stayed(t, s, "acme", "s1", 0)
	for _, now := range []time.Time{noon, time.Date(2026, 12, 3, 23, 59, 59, 0, time.UTC)} {
		if _, err := s.Seal(t.Context(), "acme", "2026-11", now, signing); !errors.Is(err, ErrTooEarly) {
			t.Errorf("at %v: %v", now, err)
		}
	}
	if _, err := s.Seal(t.Context(), "acme", "2026-11", time.Date(2026, 12, 4, 0, 0, 0, 0, time.UTC), signing); err != nil {
		t.Error(err)
	}
}

func TestNodesThatSealAtOnceGiveOneLedger(t *testing.T) {
	url := postgresURL(t)
	stores := []*Store{open(t, url), open(t, url), open(t, url)}
	stayed(t, stores[0], "acme", "s1", 0)
	stayed(t, stores[0], "acme", "s2", 20)
	var wg sync.WaitGroup
	got := make([][]byte, len(stores))
	for i, s := range stores {
		wg.Go(func() {
			var err error
			now := noon.AddDate(1, 0, i) // each by its own clock
			if got[i], err = s.Seal(t.Context(), "acme", "2026-12", now, signing); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if !bytes.Equal(got[0], got[1]) || !bytes.Equal(got[0], got[2]) {
		t.Errorf("got %s\n%s\n%s", got[0], got[1], got[2])
	}
	december, l := sealMonth(t, stores[1], "2026-12")
	november, _ := sealMonth(t, stores[2], "2026-11")
	if err := ledger.Follows(l, november); err != nil || !bytes.Equal(december, got[0]) {
		t.Errorf("%v", err)
	}
}
