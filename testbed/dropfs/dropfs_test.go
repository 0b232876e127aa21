//go:build linux

package dropfs

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

func mounted(t *testing.T, names Names) (*FS, string) {
	t.Helper()
	dir := t.TempDir()
	f, err := Mount(dir, names)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Unmount(); err != nil {
			t.Error(err)
		}
	})
	return f, dir
}

func write(t *testing.T, path, text string, sync bool) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if sync {
		if err := f.Sync(); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func syncDir(t *testing.T, dir string) {
	t.Helper()
	d, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		t.Fatal(err)
	}
}

func read(path string) string {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return "absent"
	}
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func TestDropKeepsOnlyWhatWasSynced(t *testing.T) {
	for _, c := range []struct {
		name           string
		names          Names
		file, dir      bool
		second         bool // write again, unsynced
		want           string
		renamed, after string // rename after the syncs, unsynced
	}{
		{"nothing synced", Journaled, false, false, false, "absent", "", ""},
		{"file synced, journaled", Journaled, true, false, false, "one", "", ""},
		{"file synced, strict", Strict, true, false, false, "absent", "", ""},
		{"directory synced only", Strict, false, true, false, "", "", ""},
		{"both synced", Strict, true, true, false, "one", "", ""},
		{"later write unsynced", Strict, true, true, true, "one", "", ""},
		{"later rename unsynced", Strict, true, true, false, "one", "b", "absent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, dir := mounted(t, c.names)
			path := filepath.Join(dir, "a")
			write(t, path, "one", c.file)
			if c.dir {
				syncDir(t, dir)
			}
			if c.second {
				write(t, path, "two", false)
				if got := read(path); got != "two" {
					t.Fatalf("before the cut: %q", got)
				}
			}
			if c.renamed != "" {
				if err := os.Rename(path, filepath.Join(dir, c.renamed)); err != nil {
					t.Fatal(err)
				}
			}
			if err := f.Drop(); err != nil {
				t.Fatal(err)
			}
			if got := read(path); got != c.want {
				t.Fatalf("after the cut: %q, want %q", got, c.want)
			}
			if c.renamed != "" && read(filepath.Join(dir, c.renamed)) != c.after {
				t.Fatalf("the new name: %q", read(filepath.Join(dir, c.renamed)))
			}
		})
	}
}

func TestSyncCanFail(t *testing.T) {
	f, dir := mounted(t, Journaled)
	write(t, filepath.Join(dir, "a"), "one", true)
	f.FailSync(syscall.EIO)
	h, err := os.OpenFile(filepath.Join(dir, "a"), os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.WriteString("two"); err != nil {
		t.Fatal(err)
	}
	if err := h.Sync(); !errors.Is(err, syscall.EIO) {
		t.Fatalf("sync: %v", err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Drop(); err != nil {
		t.Fatal(err)
	}
	if got := read(filepath.Join(dir, "a")); got != "one" {
		t.Fatalf("after the cut: %q", got)
	}
}

func TestASyncKeepsAllThatWasWrittenAndCut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := &node{}
		i := &inode{fsys: &FS{}, node: n}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			at := rapid.Int64Range(0, 40).Draw(t, "at")
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0:
				n.resize(at)
			case 1:
				kept := bytes.Clone(n.data)
				if i.Fsync(t.Context(), nil, 0) != 0 || !bytes.Equal(n.durable, kept) {
					t.Fatalf("kept %v of %v", n.durable, kept)
				}
			default:
				data := rapid.SliceOfN(rapid.Byte(), 1, 9).Draw(t, "data")
				if count, errno := i.Write(t.Context(), nil, data, at); int(count) != len(data) || errno != 0 {
					t.Fatal(count, errno)
				}
			}
		}
	})
}

func TestASlowDiskSyncsLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, n := &FS{}, &node{data: []byte("one"), dirty: []extent{{0, 3}}}
		f.Slow(5 * time.Millisecond)
		began := time.Now()
		if f.sync(n) != 0 || time.Since(began) != 5*time.Millisecond || string(n.durable) != "one" || f.Syncs() != 1 {
			t.Fatalf("%q after %v, %d syncs", n.durable, time.Since(began), f.Syncs())
		}
		f.Slow(0)
		if f.sync(n) != 0 || time.Since(began) != 5*time.Millisecond {
			t.Fatalf("after %v", time.Since(began))
		}
	})
}
