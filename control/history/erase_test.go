package history

import (
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/history/record"
)

func TestAnErasedPersonIsCountedAndNotKnown(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		second := meeting{"acme", "daily", "s2"}
		var records []record.Record
		for _, m := range []meeting{daily, second, {"other", "daily", "s1"}} {
			records = append(records, m.opened(0), m.joined("ann", 1), m.joined("bob", 2), m.left("ann", 1, 100, record.ReasonLeft),
				m.chat("ann", 1, 3), m.chat("bob", 2, 4), m.closed(300))
		}
		ingest(t, s, records...)
		before := Summarise(stays(t, s, after(-60), after(60)))

		if _, err := s.Erase(t.Context(), "acme", Who{}, after(day)); err == nil {
			t.Error("nobody was erased without an error")
		}
		got, err := s.Erase(t.Context(), "acme", Who{Peers: []string{"ann"}, Persons: []string{"u-ann", "u-nobody"}}, after(day))
		if err != nil || got != (Erased{Participants: 2, Messages: 2}) {
			t.Errorf("%+v, %v", got, err)
		}
		ingest(t, s, records...) // outboxes repeat
		if rest, err := s.Erase(t.Context(), "acme", Who{Peers: []string{"ann"}}, after(day)); err != nil || rest != (Erased{}) {
			t.Errorf("left over: %+v, %v", rest, err)
		}
		if now := Summarise(stays(t, s, after(-60), after(60))); now != before {
			t.Errorf("statistics were %+v and are %+v", before, now)
		}
		for _, session := range []string{"s1", "s2"} {
			people, _, err := s.Participants(t.Context(), "acme", session, Page{})
			if err != nil || len(people) != 2 {
				t.Fatalf("%v, %v", people, err)
			}
			ann, bob := people[0], people[1]
			if ann.Name+ann.Person != "" || len(ann.Attributes) > 0 || ann.Peer == "ann" || ann.Reason != record.ReasonLeft || bob.Name == "" {
				t.Errorf("got %+v and %+v", ann, bob)
			}
			chat, _, err := s.Messages(t.Context(), "acme", session, Page{})
			if err != nil || len(chat) != 2 || chat[0].Text+chat[0].Name != "" || chat[0].Peer != ann.Peer || chat[1].Text != "message 2" {
				t.Errorf("got %+v, %v", chat, err)
			}
		}
		other, _, err := s.Participants(t.Context(), "other", "s1", Page{})
		if err != nil || other[0].Name == "" {
			t.Errorf("another company's person is gone: %+v, %v", other, err)
		}
	})
}

func TestManyPresencesAreErased(t *testing.T) {
	s := open(t, sqliteURL(t))
	var records []record.Record
	for i := range purgeRows + 10 {
		records = append(records, daily.joined("ann", float64(i)))
	}
	ingest(t, s, records...)
	got, err := s.Erase(t.Context(), "acme", Who{Persons: []string{"u-ann"}}, after(day))
	if err != nil || got.Participants != purgeRows+10 {
		t.Errorf("%+v, %v", got, err)
	}
	if sum := Summarise(stays(t, s, noon, after(day))); sum.Participants != 1 {
		t.Errorf("one person became %d", sum.Participants)
	}
}

// An edge that was away brings records of a person after the person was erased.
func TestWhatArrivesLateOfAnErasedPersonGoes(t *testing.T) {
	onEach(t, func(t *testing.T, s *Store) {
		early, late := meeting{"acme", "daily", "early"}, meeting{"acme", "daily", "late"}
		shared, again := meeting{"acme", "weekly", "shared"}, meeting{"acme", "daily", "again"}
		ingest(t, s, early.joined("ann", 1))
		asked := after(3600)
		if got, err := s.Erase(t.Context(), "acme", Who{Persons: []string{"u-ann"}, Peers: []string{"ann-2"}}, asked); err != nil || got.Participants != 1 {
			t.Fatalf("%+v, %v", got, err)
		}
		other := shared.joined("ann", 5) // somebody else with the peer id that ann had
		other.Person = "u-other"
		ingest(t, s, early.chat("ann", 1, 2), late.joined("ann", 10), late.chat("ann", 1, 11), late.joined("ann-2", 12), other, again.joined("ann-2", 7200))
		got, err := s.EraseLate(t.Context(), asked.Add(time.Hour))
		if err != nil || got != (Erased{Participants: 2, Messages: 2}) {
			t.Errorf("%+v, %v", got, err)
		}
		if rest, err := s.EraseLate(t.Context(), asked.Add(2*time.Hour)); err != nil || rest != (Erased{}) {
			t.Errorf("left over: %+v, %v", rest, err)
		}
		for session, want := range map[string]string{"early": "", "late": "", "shared": "Name of ann", "again": "Name of ann-2"} {
			people, _, err := s.Participants(t.Context(), "acme", session, Page{})
			if err != nil || len(people) == 0 || people[0].Name != want {
				t.Errorf("%s: %+v, %v", session, people, err)
			}
		}
		peers := map[string]bool{}
		for _, session := range []string{"early", "late"} {
			people, _, _ := s.Participants(t.Context(), "acme", session, Page{})
			peers[people[0].Peer] = true
		}
		if len(peers) != 1 {
			t.Errorf("one person became %v", peers)
		}
		if _, err := s.EraseLate(t.Context(), asked.Add(lateFor+time.Hour)); err != nil || count(t, s, "erasure", "acme") != 0 {
			t.Errorf("names are kept: %v", err)
		}
	})
}
