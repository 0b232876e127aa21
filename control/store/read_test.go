package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"

	"github.com/meridian-video/meridian/control/state"
)

func TestReadersShareTheNextRoundAndNeverOneThatIsBeingAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r := newRounds()
		asked := 0
		go r.run(ctx, func(context.Context) error {
			asked++
			time.Sleep(time.Second)
			return fmt.Errorf("answer %d", asked)
		})
		first := r.join()
		synctest.Wait() // the first question is on its way
		second, third := r.join(), r.join()
		if first == second || second != third {
			t.Fatal("the readers of one round are those who came before it was asked")
		}
		<-second.done
		if asked != 2 || first.err.Error() != "answer 1" || second.err.Error() != "answer 2" {
			t.Fatalf("%d questions: %v, %v", asked, first.err, second.err)
		}
		cancel()
		<-r.ended
	})
}

func TestAWatermarkOnlyGrowsAndWakesThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w watermark
		got := make(chan error, 2)
		for _, index := range []uint64{5, 7} {
			go func() { got <- w.wait(t.Context(), index) }()
		}
		w.reach(4)
		w.reach(5)
		w.reach(3)
		if err := <-got; err != nil || w.index.Load() != 5 {
			t.Fatal(err, w.index.Load())
		}
		synctest.Wait()
		if len(got) != 0 {
			t.Fatal("7 was not reached")
		}
		w.reach(9)
		if err := <-got; err != nil {
			t.Fatal(err)
		}
		gone, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("enough"))
		if err := w.wait(gone, 10); err == nil || err.Error() != "enough" {
			t.Fatal(err)
		}
	})
}

func TestReadsWriteNothing(t *testing.T) {
	s := open(t, Config{Dir: t.TempDir()})
	before := s.logs.writes()
	var wg sync.WaitGroup
	const writers, each = 8, 20
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				c := state.Add(state.KindCompany, fmt.Sprintf("w%d-%d", w, i), "", state.CompanySpec{Name: "c"})
				if _, err := s.Propose(t.Context(), c); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range 10 * each { // some while entries are committed and not yet applied
				if _, err := s.Linearizable(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	last, err := s.logs.LastIndex()
	if v := s.View(); err != nil || last != v.Index() || s.logs.writes()-before > writers*each {
		t.Fatalf("index %d of %d, %d transactions for %d writes, %v", v.Index(), last, s.logs.writes()-before, writers*each, err)
	}
}

func TestALeaderOfAnotherTermThanItsBarrierAnswersNoRead(t *testing.T) {
	s := open(t, Config{Dir: t.TempDir()})
	s.leading.Store(s.Term() + 1) // as if it had lost its lead and got it again, and had not noticed
	if _, err := s.Linearizable(t.Context()); !errors.Is(err, ErrNotLeader) {
		t.Fatalf("got %v", err)
	}
}

func TestApplyingTellsOfEveryCommandInOrderAndOfNothingElse(t *testing.T) {
	s := state.New()
	var told []uint64
	reached := uint64(0)
	f := &fsm{state: s, applied: func(r state.Result) { told = append(told, r.Index) }, reached: func(i uint64) { reached = i }}
	entry := func(id string) []byte {
		b, err := state.Encode(time.Unix(1, 0), state.Add(state.KindCompany, id, "", state.CompanySpec{Name: "c"}), state.Terms{})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	out := f.ApplyBatch([]*raft.Log{
		{Index: 3, Type: raft.LogCommand, Data: entry("a")}, {Index: 4, Type: raft.LogConfiguration, Data: []byte("x")},
		{Index: 5, Type: raft.LogCommand, Data: entry("a")}, {Index: 6, Type: raft.LogConfiguration},
	})
	if len(out) != 4 || out[1] != nil || out[3] != nil || fmt.Sprint(told) != "[3 5]" || reached != 6 {
		t.Fatalf("%v, told of %v, reached %d", out, told, reached)
	}
	if first, second := out[0].(state.Result), out[2].(state.Result); first.Err != nil || second.Err == nil || second.Index != 5 {
		t.Fatalf("%+v, %+v", first, second)
	}
}

func TestAReadAfterARestartSeesWhatTheLogHas(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "raft")
	s := open(t, Config{Dir: dir})
	last := create(t, s, "a").Index
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, Config{Dir: dir})
	v, err := s.Linearizable(t.Context())
	if err != nil || v.Index() != last || s.AppliedIndex() <= last { // the new term begins with an entry of its own
		t.Fatalf("index %d of %d, applied %d, %v", v.Index(), last, s.AppliedIndex(), err)
	}
}
