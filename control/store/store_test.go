package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"github.com/meridian-video/meridian/control/state"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, cfg Config) *Store {
	t.Helper()
	cfg.ID, cfg.ElectionTimeout = "control-1", 50*time.Millisecond
	cfg.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	if cfg.OnFatal == nil {
		cfg.OnFatal = func(err error) { t.Errorf("fatal: %v", err) }
	}
	s, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := s.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func create(t *testing.T, s *Store, id string) state.Result {
	t.Helper()
	r, err := s.Propose(t.Context(), state.Add(state.KindCompany, id, "", state.CompanySpec{Name: "c"}))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestStateSurvivesARestartWithAndWithoutASnapshot(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Config{Dir: dir, TrailingLogs: 2})
	for i := range 20 {
		create(t, s, fmt.Sprintf("a%02d", i))
	}
	if err := s.Snapshot(); err != nil {
		t.Fatal(err)
	}
	last := create(t, s, "after").Index
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	restored := 0
	s = open(t, Config{Dir: dir, OnRestore: func() { restored++ }})
	v, err := s.Linearizable(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for range state.All[state.Company](v, "") {
		n++
	}
	if n != 21 || restored != 1 || v.Index() != last {
		t.Fatalf("%d companies, %d restores, index %d of %d", n, restored, v.Index(), last)
	}
	if first, err := s.logs.FirstIndex(); err != nil || first < 15 {
		t.Fatalf("the log was not cut: first %d %v", first, err)
	}
}

func TestRefusalsAreValues(t *testing.T) {
	s := open(t, Config{Dir: t.TempDir()})
	create(t, s, "a")
	_, err := s.Propose(t.Context(), state.Add(state.KindCompany, "a", "", state.CompanySpec{Name: "again"}))
	if d, ok := errors.AsType[*state.Error](err); !ok || d.Code != state.CodeConflict {
		t.Fatalf("got %v", err)
	}
}

func TestAReadSeesEveryAcknowledgedWrite(t *testing.T) {
	s := open(t, Config{Dir: t.TempDir()})
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 25 {
				id := fmt.Sprintf("w%d-%d", w, i)
				if _, err := s.Propose(t.Context(), state.Add(state.KindCompany, id, "", state.CompanySpec{Name: "c"})); err != nil {
					t.Error(err)
					return
				}
				v, err := s.Linearizable(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				if _, ok := state.Get[state.Company](v, id); !ok {
					t.Errorf("%s is acknowledged and not seen", id)
				}
			}
		})
	}
	wg.Wait()
}

func TestAppliedEntriesAreHandedOutInOrder(t *testing.T) {
	var mu sync.Mutex
	var seen []uint64
	s := open(t, Config{Dir: t.TempDir(), OnApply: func(r state.Result) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, r.Index)
	}})
	for i := range 10 {
		create(t, s, fmt.Sprintf("c%d", i))
	}
	mu.Lock()
	defer mu.Unlock()
	for i := 1; i < len(seen); i++ {
		if seen[i] <= seen[i-1] {
			t.Fatalf("order: %v", seen)
		}
	}
	if len(seen) != 10 {
		t.Fatalf("%d entries", len(seen))
	}
}

func TestClosedStoreRefuses(t *testing.T) {
	s := open(t, Config{Dir: t.TempDir()})
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Propose(t.Context(), state.Add(state.KindCompany, "a", "", state.CompanySpec{Name: "c"})); !errors.Is(err, ErrNotLeader) {
		t.Fatalf("propose: %v", err)
	}
	if _, err := s.Linearizable(t.Context()); !errors.Is(err, ErrNotLeader) {
		t.Fatalf("read: %v", err)
	}
}

func TestCancelledProposalSaysThatTheOutcomeIsUnknown(t *testing.T) {
	s := open(t, Config{Dir: t.TempDir()})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Propose(ctx, state.Add(state.KindCompany, "a", "", state.CompanySpec{Name: "c"})); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}

// brokenLog is a log store whose file was closed under it: every commit fails as it does on a dead disk.
func brokenLog(t *testing.T, fatal func(error)) *logStore {
	t.Helper()
	s, err := openLogStore(filepath.Join(t.TempDir(), "raft.db"), time.Minute, fatal)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFirstFailedWriteLatchesTheLogStore(t *testing.T) {
	var causes []error
	s := brokenLog(t, func(err error) { causes = append(causes, err) })
	if err := s.StoreLog(&raft.Log{Index: 1, Term: 1, Data: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	dead := errors.New("input/output error")
	if err := s.update(func(*bbolt.Tx) error { return dead }); !errors.Is(err, dead) {
		t.Fatalf("got %v", err)
	}
	// The disk is well again; the store is not.
	for _, err := range []error{
		s.StoreLog(&raft.Log{Index: 2, Term: 1}), s.SetUint64([]byte("CurrentTerm"), 7), s.DeleteRange(1, 1),
	} {
		if !errors.Is(err, ErrLatched) || !errors.Is(err, dead) {
			t.Errorf("after the latch: %v", err)
		}
	}
	if len(causes) != 1 {
		t.Errorf("the callback came %d times", len(causes))
	}
	if last, err := s.LastIndex(); err != nil || last != 1 {
		t.Errorf("last index %d %v", last, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestStalledWriteLatchesTheLogStore(t *testing.T) {
	fatal := make(chan error, 1)
	s, err := openLogStore(filepath.Join(t.TempDir(), "raft.db"), time.Millisecond, func(err error) { fatal <- err })
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.update(func(*bbolt.Tx) error {
		if err := <-fatal; !errors.Is(err, ErrStalled) { // the write hangs until the watchdog has spoken
			t.Errorf("cause: %v", err)
		}
		return nil
	})
	if !errors.Is(err, ErrLatched) {
		t.Fatalf("a write that came back too late: %v", err)
	}
}

func TestLogStoreKeepsEntries(t *testing.T) {
	path := filepath.Join(t.TempDir(), "raft.db")
	fatal := func(err error) { t.Error(err) }
	s, err := openLogStore(path, time.Minute, fatal)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(0, 1234567890)
	var logs []*raft.Log
	for i := uint64(5); i <= 12; i++ {
		logs = append(logs, &raft.Log{Index: i, Term: 3, Type: raft.LogCommand, Data: []byte{byte(i)}, Extensions: []byte("e"), AppendedAt: at})
	}
	if err := errors.Join(s.StoreLogs(logs), s.DeleteRange(5, 6), s.DeleteRange(12, 99), s.Close()); err != nil {
		t.Fatal(err)
	}
	if s, err = openLogStore(path, time.Minute, fatal); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	first, _ := s.FirstIndex()
	last, _ := s.LastIndex()
	var l raft.Log
	if err := s.GetLog(9, &l); err != nil || first != 7 || last != 11 || l.Data[0] != 9 || l.Term != 3 || string(l.Extensions) != "e" || !l.AppendedAt.Equal(at) {
		t.Fatalf("first %d last %d %+v %v", first, last, l, err)
	}
	if err := s.GetLog(5, &l); !errors.Is(err, raft.ErrLogNotFound) {
		t.Fatalf("deleted entry: %v", err)
	}
}

func FuzzDecodeLog(f *testing.F) {
	f.Add(encodeLog(&raft.Log{Index: 1, Term: 2, Data: []byte("data"), Extensions: []byte("ext")}))
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, b []byte) {
		var l raft.Log
		if decodeLog(b, 1, &l) == nil && string(encodeLog(&l)) != string(b) {
			t.Fatal("decoding and encoding differ")
		}
	})
}

func BenchmarkPropose(b *testing.B) {
	s, err := Open(Config{Dir: b.TempDir(), ID: "control-1", ElectionTimeout: 50 * time.Millisecond, OnFatal: func(err error) { b.Error(err) }})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	if err := s.WaitReady(b.Context()); err != nil {
		b.Fatal(err)
	}
	if _, err := s.Propose(b.Context(), state.Add(state.KindCompany, "a", "", state.CompanySpec{Name: "c"})); err != nil {
		b.Fatal(err)
	}
	open := true
	b.SetParallelism(32)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Propose(b.Context(), state.Set(state.KindCompany, "a", "", state.CompanySpec{Name: "c", Settings: state.Settings{OpenRooms: &open}})); err != nil {
				b.Error(err)
			}
		}
	})
}
