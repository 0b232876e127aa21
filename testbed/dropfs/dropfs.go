//go:build linux

package dropfs

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// Names says what makes a file's name durable.
type Names int

const (
	// Journaled is what ext4, xfs and btrfs do: syncing a file makes its name durable too, and those of the
	// directories above it.
	Journaled Names = iota
	// Strict is all that POSIX promises: a name is durable once its directory was synced.
	Strict
)

// FS is one file system. Its methods may be called from any goroutine, but not while the same process waits
// for a file operation on the mount.
type FS struct {
	names Names
	point string

	mu     sync.Mutex // guards the tree, both images
	root   *node
	server *fuse.Server

	failSync atomic.Pointer[syscall.Errno]
	lies     atomic.Bool
	slow     atomic.Int64 // nanoseconds
	syncs    atomic.Int64
}

// node is a file or directory. The live image is what processes see; the durable one is what a power cut leaves.
type node struct {
	dir     bool
	parent  *node
	name    string
	data    []byte
	durable []byte
	dirty   []extent // written since the last sync
	live    map[string]*node
	kept    map[string]*node
}

// extent is a part of a file, in bytes from its beginning.
type extent struct{ from, to int64 }

func newDir() *node {
	return &node{dir: true, live: map[string]*node{}, kept: map[string]*node{}}
}

// Mount mounts an empty file system at an existing directory. It needs /dev/fuse and the right to mount.
func Mount(point string, names Names) (*FS, error) {
	f := &FS{names: names, point: point, root: newDir()}
	return f, f.mount()
}

func (f *FS) mount() error {
	opts := &fs.Options{MountOptions: fuse.MountOptions{
		FsName: "dropfs", Name: "dropfs", DirectMount: true, DisableXAttrs: true, MaxBackground: 64,
	}}
	server, err := fs.Mount(f.point, &inode{fsys: f, node: f.root}, opts)
	if err != nil {
		return fmt.Errorf("mount at %s (needs /dev/fuse and root, or fusermount): %w", f.point, err)
	}
	f.server = server
	return nil
}

// Unmount ends the file system. Nobody may have a file of it open.
func (f *FS) Unmount() error {
	if f.server == nil {
		return nil
	}
	if err := f.server.Unmount(); err != nil {
		return fmt.Errorf("unmount %s: %w", f.point, err)
	}
	f.server.Wait()
	f.server = nil
	return nil
}

// Drop is the power cut: the file system is mounted again with what was durable. The processes that used it
// must be gone.
func (f *FS) Drop() error {
	if err := f.Unmount(); err != nil { // the kernel's caches go with the mount
		return err
	}
	f.mu.Lock()
	f.root.revert()
	f.mu.Unlock()
	f.failSync.Store(nil)
	return f.mount()
}

func (n *node) revert() {
	if !n.dir {
		n.data, n.dirty = append([]byte(nil), n.durable...), nil
		return
	}
	n.live = maps.Clone(n.kept)
	for name, c := range n.live {
		c.parent, c.name = n, name
		c.revert()
	}
}

// FailSync makes every sync fail with the error until Drop, keeping nothing; 0 ends it.
func (f *FS) FailSync(errno syscall.Errno) {
	if errno == 0 {
		f.failSync.Store(nil)
		return
	}
	f.failSync.Store(&errno)
}

// Lie makes syncs succeed and keep nothing, like a disk with a write cache and no battery. A test of durability
// that passes on a lying disk tests nothing.
func (f *FS) Lie(on bool) { f.lies.Store(on) }

// Slow makes every sync take so much longer, as on a busy or distant disk; 0 ends it.
func (f *FS) Slow(by time.Duration) { f.slow.Store(int64(by)) }

// Syncs counts the syncs of files and directories so far.
func (f *FS) Syncs() int64 { return f.syncs.Load() }

// sync makes a node durable.
func (f *FS) sync(n *node) syscall.Errno {
	if e := f.failSync.Load(); e != nil {
		return *e
	}
	f.syncs.Add(1)
	time.Sleep(time.Duration(f.slow.Load()))
	if f.lies.Load() {
		return 0
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if n.dir {
		n.kept = maps.Clone(n.live)
		return 0
	}
	n.keep()
	if f.names == Journaled {
		for c := n; c.parent != nil && c.parent.live[c.name] == c; c = c.parent {
			c.parent.kept[c.name] = c
		}
	}
	return 0
}

// keep brings a file's durable image up to the live one. It costs as much as was written, however large the file.
func (n *node) keep() {
	if missing := len(n.data) - len(n.durable); missing > 0 {
		n.durable = append(n.durable, make([]byte, missing)...)
	}
	n.durable = n.durable[:len(n.data)]
	for _, e := range n.dirty {
		to := min(e.to, int64(len(n.data)))
		if e.from < to {
			copy(n.durable[e.from:to], n.data[e.from:to])
		}
	}
	n.dirty = n.dirty[:0]
}

var errExists = errors.New("name exists")

func (n *node) add(name string, c *node) error {
	if _, ok := n.live[name]; ok {
		return errExists
	}
	n.live[name] = c
	c.parent, c.name = n, name
	return nil
}
