package queue

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// pending makes deliveries of one series "a", numbers from 1: "." was not tried, "+" failed and is due, "-" failed and
// waits, a digit after that is how many minutes ago it failed first.
func pending(text string) (due, chain []Delivery) {
	for i, word := range strings.Fields(text) {
		d := Delivery{ID: fmt.Sprint(i + 1), Notice: fmt.Sprint(i + 1), Series: "a", Seq: int64(i + 1), Due: noon}
		if word != "." {
			d.Attempts = 1
			d.Begun = noon.Add(-time.Duration(word[1]-'0') * time.Minute)
		}
		if word[0] == '-' {
			d.Due = noon.Add(time.Second)
		} else {
			due = append(due, d)
		}
		chain = append(chain, d)
	}
	return due, chain
}

func TestPlanKeepsTheOrderOfASeries(t *testing.T) {
	tests := []struct{ pending, want string }{
		{"", ""},
		{".", "1"},
		{". . .", "1 2 3"},
		{"+0 . .", "1 2 3"},
		{"-1 . .", "held"},      // behind a head that waits
		{"-4 . .", "held"},      // not quite 5 min
		{"-5 . .", "2 3 loose"}, // the order is given up
		{"-9 -1 . +1", "3 4 loose"},
		{"+5 . .", "1 2 3 loose"},
		{". -1 .", "1"}, // the head is new again, and the next one waits
		{"-1 -5 . .", "held"},
		{"+1 +1 .", "1 2 3"},
	}
	for _, tt := range tests {
		due, chain := pending(tt.pending)
		slices.Reverse(due) // whatever order the database finds
		w := Plan(due, map[string][]Delivery{"a": chain}, noon, 5*time.Minute)
		var got []string
		for _, g := range w.Groups {
			got = append(got, names(g.Deliveries))
			if g.Loose {
				got = append(got, "loose")
			}
		}
		if held, ok := w.Held["a"]; ok {
			got = append(got, "held")
			if want := (Wait{1, chain[0].Begun.Add(5 * time.Minute)}); held != want {
				t.Errorf("%q: held %v, want %v", tt.pending, held, want)
			}
		}
		if text := strings.Join(got, " "); text != tt.want {
			t.Errorf("%q: %s, want %s", tt.pending, text, tt.want)
		}
	}
}

func TestPlanLetsSeriesGoBesideEachOther(t *testing.T) {
	a := Delivery{ID: "a1", Notice: "a1", Series: "a", Seq: 1}
	b := Delivery{ID: "b1", Notice: "b1", Series: "b", Seq: 1, Attempts: 1, Begun: noon, Due: after(5)}
	b2 := Delivery{ID: "b2", Notice: "b2", Series: "b", Seq: 2}
	free := []Delivery{{ID: "x", Notice: "x"}, {ID: "y", Notice: "y"}}
	w := Plan([]Delivery{b2, free[0], a, free[1]}, map[string][]Delivery{"a": {a}, "b": {b, b2}}, noon, time.Minute)
	var got []string
	for _, g := range w.Groups {
		got = append(got, names(g.Deliveries))
	}
	if text := strings.Join(got, ", "); text != "x, a1, y" || len(w.Held) != 1 || w.Held["b"] != (Wait{1, after(60)}) {
		t.Errorf("groups %s, held %v", text, w.Held)
	}
}

// What another node's clock dates into the future must not be passed by what comes behind it.
func TestPlanTakesWhatWasNotTriedWhateverItsTime(t *testing.T) {
	first := Delivery{ID: "1", Notice: "1", Series: "a", Seq: 1, Due: after(0.4)}
	second := Delivery{ID: "2", Notice: "2", Series: "a", Seq: 2, Due: noon}
	w := Plan([]Delivery{second}, map[string][]Delivery{"a": {first, second}}, noon, time.Minute)
	if len(w.Groups) != 1 || names(w.Groups[0].Deliveries) != "1 2" {
		t.Errorf("%+v", w)
	}
}
