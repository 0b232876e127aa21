package store_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/meridian-video/meridian/control/state"
	"github.com/meridian-video/meridian/control/store"
)

func openHere(t *testing.T, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(store.Config{Dir: dir, ID: "control-1", OnFatal: func(err error) { t.Errorf("fatal: %v", err) }})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestALogOfAnOldFormatIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		entry string
		old   bool
	}{
		"old":         {`{"v":1,"n":"platform.init","at":1763640000000,"d":{"epoch":"e"}}`, true},
		"this one's":  {`{"v":2,"n":"platform.init","at":1763640000000,"d":{"epoch":"e"}}`, false},
		"a newer one": {`{"v":3,"n":"platform.init","at":1763640000000,"d":{"epoch":"e"}}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "raft")
			if err := store.CheckFormat(dir); err != nil {
				t.Errorf("nothing yet: %v", err)
			}
			s := openHere(t, dir)
			_, _ = s.ProposeEntry(t.Context(), []byte(c.entry)) // what of it is refused is in the log all the same
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			err := store.CheckFormat(dir)
			if errors.Is(err, state.ErrOldFormat) != c.old || !c.old && err != nil {
				t.Fatalf("%v", err)
			}
			if c.old && (!strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "Move that directory away")) {
				t.Errorf("it does not say what to do: %v", err)
			}
		})
	}
}

func TestASnapshotOfAnOldFormatIsNamed(t *testing.T) {
	for header, want := range map[string]error{`{"format":1,`: state.ErrOldFormat, `{"format":3,`: state.ErrSnapshot, `{"format":2,`: nil} {
		dir := filepath.Join(t.TempDir(), "raft")
		if err := store.Plant(dir, store.Member{ID: "control-1", Addr: "127.0.0.1:1"}, state.New().View(), 7, 2); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, "snapshots", "*", "state.bin"))
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		content, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(files[0], bytes.Replace(content, []byte(`{"format":2,`), []byte(header), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := store.CheckFormat(dir); !errors.Is(err, want) {
			t.Errorf("%s: %v", header, err)
		}
	}
}
