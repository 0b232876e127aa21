package history

import (
	"slices"
	"testing"
)

func TestAPersonGetsAllThatIsKept(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		second := meeting{"acme", "weekly", "s2"}
		ingest(t, s, daily.joined("ann", 1), daily.chat("ann", 1, 3), daily.chat("bob", 2, 4), daily.joined("ann", 5), daily.joined("bob", 2),
			second.joined("a2", 100), second.chat("a2", 1, 101), meeting{"other", "daily", "s1"}.joined("ann", 1),
			event("e1", "acme", "user:u-a2", 1), event("e2", "acme", "user:u-bob", 1), event("e3", "other", "user:u-a2", 1))
		var out lines
		if err := s.ExportPerson(t.Context(), "acme", Who{Peers: []string{"ann"}, Persons: []string{"u-a2"}}, &out); err != nil {
			t.Fatal(err)
		}
		want := []string{
			`{"participant":{"session":"s1","room":"daily","peer":"ann","person":"u-ann","name":"Name of ann","attributes":{"team":"red"},"role":"regular","mode":"speaker","pop":"fra","joined":"2026-11-20T12:00:01Z"}}`,
			`{"message":{"session":"s1","message":"s1-m1","written":"2026-11-20T12:00:03Z","peer":"ann","name":"Name of ann","text":"message 1"}}`,
			`{"participant":{"session":"s1","room":"daily","peer":"ann","person":"u-ann","name":"Name of ann","attributes":{"team":"red"},"role":"regular","mode":"speaker","pop":"fra","joined":"2026-11-20T12:00:05Z"}}`,
			`{"participant":{"session":"s2","room":"weekly","peer":"a2","person":"u-a2","name":"Name of a2","attributes":{"team":"red"},"role":"regular","mode":"speaker","pop":"fra","joined":"2026-11-20T12:01:40Z"}}`,
			`{"message":{"session":"s2","message":"s2-m1","written":"2026-11-20T12:01:41Z","peer":"a2","name":"Name of a2","text":"message 1"}}`,
			`{"audit":{"event":"e1","company":"acme","at":"2026-11-20T12:00:01Z","actor":"user:u-a2","action":"room.update","object":{"kind":"room","id":"r-e1"},"request":"q-e1","changes":[{"field":"lobby","before":"false","after":"true"}]}}`,
		}
		if !slices.Equal(out, want) {
			t.Errorf("got %q", out)
		}
	})
}

// lines collects what is written by lines.
type lines []string

func (l *lines) Write(line []byte) (int, error) {
	*l = append(*l, string(line[:len(line)-1]))
	return len(line), nil
}
