package state

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// told is all that a result says, in a form that can be compared.
func told(t *rapid.T, r Result) string {
	b, err := json.Marshal([]any{r.Index, r.Value, r.Extra, r.Again, fmt.Sprint(r.Err), r.Changes})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Nodes cut one log into batches as it comes to them.
func TestBatchesOfAnySizeGiveTheSameBytesAndResults(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var log []Entry
		for i := range rapid.IntRange(1, 60).Draw(t, "n") {
			at := t0.Add(time.Duration(i) * time.Hour)
			log = append(log, Entry{Index: uint64(2*i + 1), Data: entry(t, at, drawCommand(t), drawTerms(t))})
		}
		alone, together := New(), New()
		var want, got []string
		for _, e := range log {
			want = append(want, told(t, alone.Apply(e.Index, e.Data)))
		}
		for rest := log; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "batch")
			for _, r := range together.ApplyAll(rest[:n]) {
				got = append(got, told(t, r))
			}
			rest = rest[n:]
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(string(bytesOf(t, alone)), string(bytesOf(t, together))); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestOneOfABatchThatFailsAfterItHasWrittenLeavesNothing(t *testing.T) {
	s := New()
	half := &Batch{Commands: []Command{Add(KindRoom, "left", "a", RoomSpec{PublicID: "p"}), Add(KindRoom, "r2", "a", RoomSpec{PublicID: "p"})}}
	var batch []Entry
	for i, c := range []Command{company("a", "A"), half, Add(KindRoom, "r1", "a", RoomSpec{PublicID: "p"}), half, company("b", "B")} {
		batch = append(batch, Entry{Index: uint64(i + 1), Data: entry(t, t0, c)})
	}
	results := s.ApplyAll(batch)
	for i, wanted := range []bool{true, false, true, false, true} {
		if r := results[i]; (r.Err == nil) != wanted || r.Index != uint64(i+1) || !wanted && len(r.Changes) > 0 {
			t.Errorf("%d: %+v", i+1, r)
		}
	}
	v := s.View()
	_, left := Get[Room](v, "left")
	r, _ := Get[Room](v, "r1")
	if _, b := Get[Company](v, "b"); left || r.Version != 3 || !b || v.Index() != 5 {
		t.Fatalf("left %v, room %+v, index %d", left, r, v.Index())
	}
}

func TestABatchIsSeenWholeOrNotAtAll(t *testing.T) {
	s := New()
	s.Apply(1, entry(t, t0, company("a", "A")))
	before := s.View()
	was := bytesOf(t, s)
	s.ApplyAll([]Entry{{2, entry(t, t0, company("b", "B"))}, {3, entry(t, t0, company("c", "C"))}})
	var b bytes.Buffer
	if err := before.WriteSnapshot(&b); err != nil || !bytes.Equal(was, b.Bytes()) {
		t.Fatalf("a view changed under its reader: %v\n%s", err, b.Bytes())
	}
	if s.View().Index() != 3 {
		t.Fatal(s.View().Index())
	}
}

func TestEntriesOfABatchThatWereAppliedBeforeAreRefused(t *testing.T) {
	s := New()
	s.Apply(5, entry(t, t0, company("a", "A")))
	results := s.ApplyAll([]Entry{{4, nil}, {6, entry(t, t0, company("b", "B"))}, {6, nil}})
	for i, code := range []Code{CodeReplayed, "", CodeReplayed} {
		if d, ok := results[i].Err.(*Error); ok != (code != "") || ok && d.Code != code {
			t.Errorf("%d: %v", i, results[i].Err)
		}
	}
	if len(s.ApplyAll(nil)) != 0 || s.View().Index() != 6 {
		t.Fatal(s.View().Index())
	}
}
