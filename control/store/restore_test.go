package store

import (
	"errors"
	"fmt"
	"testing"

	"github.com/meridian-video/meridian/control/state"
)

// A planted directory goes on behind the index and the term that it was given, as the one voter.
func TestAPlantedVoterGoesOn(t *testing.T) {
	s := open(t, Config{Dir: t.TempDir()})
	for i := range 5 {
		create(t, s, fmt.Sprintf("c%d", i))
	}
	v, term := s.View(), s.Term()+7
	dir := t.TempDir()
	if Holds(dir) {
		t.Fatal("an empty directory holds a voter")
	}
	if err := Plant(dir, Member{ID: "control-1", Addr: "control-1"}, v, v.Index()+100, term); err != nil {
		t.Fatal(err)
	}
	if err := Plant(dir, Member{ID: "control-1", Addr: "control-1"}, v, v.Index(), term); !errors.Is(err, ErrNotEmpty) {
		t.Fatalf("twice: %v", err)
	}
	p := open(t, Config{Dir: dir})
	if _, ok := state.Get[state.Company](p.View(), "c4"); !ok || p.Term() <= term {
		t.Fatalf("c4 %v, term %d after %d", ok, p.Term(), term)
	}
	if r := create(t, p, "new"); r.Index <= v.Index()+100 {
		t.Fatalf("index %d after %d", r.Index, v.Index()+100)
	}
	if m := p.Members(); len(m) != 1 || m[0].ID != "control-1" || !m[0].Voter {
		t.Fatalf("%+v", m)
	}
}

func TestMembersAreChangedByTheLeaderAlone(t *testing.T) {
	s := open(t, Config{Dir: t.TempDir()})
	if id, _ := s.Leader(); id != "control-1" {
		t.Fatalf("leader %q", id)
	}
	for name, err := range map[string]error{
		"promote": s.Promote(t.Context(), "control-9"), "remove": s.Remove(t.Context(), "control-9"),
	} {
		if !errors.Is(err, ErrNotMember) {
			t.Errorf("%s of nobody: %v", name, err)
		}
	}
	if err := s.Admit(t.Context(), Member{ID: "control-1", Addr: "elsewhere:1"}); !errors.Is(err, ErrMemberLives) {
		t.Errorf("another node of the leader's name: %v", err)
	}
	if err := s.Promote(t.Context(), "control-1"); err != nil {
		t.Errorf("promote a voter: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Admit(t.Context(), Member{ID: "x", Addr: "x:1"}); !errors.Is(err, ErrNotLeader) {
		t.Errorf("by no leader: %v", err)
	}
}

// What one node encodes, another may propose.
func TestAnEncodedEntryIsProposedAsItIs(t *testing.T) {
	s := open(t, Config{Dir: t.TempDir()})
	if _, err := s.ProposeEntry(t.Context(), []byte("nonsense")); err == nil {
		t.Error("nonsense is applied")
	} else if d, ok := errors.AsType[*state.Error](err); !ok || d.Code != state.CodeMalformed {
		t.Errorf("nonsense: %v", err)
	}
}
