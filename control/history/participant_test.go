package history

import (
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
)

func TestTheLastTickSaysUntilWhenSomebodyWasThere(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		ingest(t, s, daily.opened(0), daily.joined("ann", 1), daily.tick("ann", 1, 60), daily.tick("ann", 1, 30),
			daily.left("ann", 1, 45, record.ReasonLost), daily.joined("bob", 2))
		of := func(company, peer string, joined float64) time.Time {
			tick, err := s.LastTick(t.Context(), company, "s1", record.PresenceID("s1", peer, after(joined)))
			if err != nil {
				t.Fatal(err)
			}
			return tick
		}
		if got := of("acme", "ann", 1); !got.Equal(after(60)) {
			t.Errorf("Ann: %v", got)
		}
		for what, got := range map[string]time.Time{"before the first": of("acme", "bob", 2), "nobody": of("acme", "cy", 3), "another company's": of("other", "ann", 1)} {
			if !got.IsZero() {
				t.Errorf("%s: %v", what, got)
			}
		}
	})
}
