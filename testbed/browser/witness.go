package browser

import "fmt"

// Witnessed is what a page showed of the others over time.
type Witnessed struct {
	Said   []string            // aloud, in order
	States map[string][]string // by peer id: "present", "reconnecting", and "gone" once it was
}

// Witnessed reads it; the page has the script witness.
func (p *Page) Witnessed() Witnessed {
	p.t.Helper()
	w, err := Eval[Witnessed](p, "witness")
	if err != nil {
		p.t.Fatalf("browser %s: %v", p.Name, err)
	}
	return w
}

// state is what a page shows of somebody.
func (s State) state(peer string) string {
	for _, p := range s.People {
		if p.PeerID == peer {
			return p.State
		}
	}
	return "gone"
}

// sees asks that somebody is in a state.
func sees(peer, state string) func(State) error {
	return func(s State) error {
		if got := s.state(peer); got != state {
			return fmt.Errorf("%s is %s", peer, got)
		}
		return nil
	}
}
