package cluster

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestADiskKeepsItsBirthAndItsCluster(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "raft")
	b, err := LoadBirth(dir)
	if err != nil || len(b.Born) != 26 || b.Record != nil {
		t.Fatalf("%+v %v", b, err)
	}
	b.Record = record("r", "a", "b")
	if err := b.Save(dir); err != nil {
		t.Fatal(err)
	}
	again, err := LoadBirth(dir)
	if err != nil || again.Born != b.Born || again.Record == nil || again.Record.ID != "r" || len(again.Record.Founders) != 2 {
		t.Fatalf("%+v %v", again, err)
	}
	info, err := os.Stat(filepath.Join(dir, fileBirth))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if wiped, err := LoadBirth(dir); err != nil || wiped.Born == b.Born || wiped.Record != nil {
		t.Fatalf("%+v %v", wiped, err)
	}
}

// A file that does not read is not taken for a wiped disk.
func TestABrokenFileIsNoBirth(t *testing.T) {
	for _, text := range []string{"", "{", "{}", `{"record":{}}`, "null"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, fileBirth), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := LoadBirth(dir); !errors.Is(err, ErrBirth) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Whatever another node says of itself, deciding does not fall over it.
func FuzzDecide(f *testing.F) {
	b, err := json.Marshal(in(peer("a"), record("r", "a", "b")))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b, b)
	f.Add([]byte(`{"node":"a","record":{}}`), []byte(`{}`))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var p, q Peer
		if json.Unmarshal(first, &p) != nil || json.Unmarshal(second, &q) != nil {
			return
		}
		self := peer("a")
		step := Decide(self, 2, answers(self, p, q))
		if step.Verb == Found && !(Record{Founders: step.Founders}).Names(self.Node, self.Born) {
			t.Fatalf("founds without itself: %+v", step)
		}
	})
}
