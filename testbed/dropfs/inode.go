//go:build linux

package dropfs

import (
	"context"
	"sort"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// inode is the kernel's handle on a node.
type inode struct {
	fs.Inode
	fsys *FS
	node *node
}

var (
	_ fs.NodeLookuper  = (*inode)(nil)
	_ fs.NodeReaddirer = (*inode)(nil)
	_ fs.NodeCreater   = (*inode)(nil)
	_ fs.NodeMkdirer   = (*inode)(nil)
	_ fs.NodeUnlinker  = (*inode)(nil)
	_ fs.NodeRmdirer   = (*inode)(nil)
	_ fs.NodeRenamer   = (*inode)(nil)
	_ fs.NodeOpener    = (*inode)(nil)
	_ fs.NodeReader    = (*inode)(nil)
	_ fs.NodeWriter    = (*inode)(nil)
	_ fs.NodeFsyncer   = (*inode)(nil)
	_ fs.NodeGetattrer = (*inode)(nil)
	_ fs.NodeSetattrer = (*inode)(nil)
)

func (n *node) attr(out *fuse.Attr) {
	if n.dir {
		out.Mode = syscall.S_IFDIR | 0o755
		return
	}
	out.Mode = syscall.S_IFREG | 0o600
	out.Size = uint64(len(n.data))
	out.Blocks = (out.Size + 511) / 512
}

func (i *inode) child(ctx context.Context, c *node, out *fuse.EntryOut) *fs.Inode {
	mode := uint32(syscall.S_IFREG)
	if c.dir {
		mode = syscall.S_IFDIR
	}
	c.attr(&out.Attr)
	return i.NewInode(ctx, &inode{fsys: i.fsys, node: c}, fs.StableAttr{Mode: mode})
}

// Lookup implements fs.NodeLookuper.
func (i *inode) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	i.fsys.mu.Lock()
	defer i.fsys.mu.Unlock()
	c, ok := i.node.live[name]
	if !ok {
		return nil, syscall.ENOENT
	}
	if known := i.GetChild(name); known != nil {
		if k, ok := known.Operations().(*inode); ok && k.node == c {
			c.attr(&out.Attr)
			return known, 0
		}
	}
	return i.child(ctx, c, out), 0
}

// Readdir implements fs.NodeReaddirer.
func (i *inode) Readdir(context.Context) (fs.DirStream, syscall.Errno) {
	i.fsys.mu.Lock()
	defer i.fsys.mu.Unlock()
	var list []fuse.DirEntry
	for name, c := range i.node.live {
		mode := uint32(syscall.S_IFREG)
		if c.dir {
			mode = syscall.S_IFDIR
		}
		list = append(list, fuse.DirEntry{Name: name, Mode: mode})
	}
	sort.Slice(list, func(a, b int) bool { return list[a].Name < list[b].Name })
	return fs.NewListDirStream(list), 0
}

// Create implements fs.NodeCreater.
func (i *inode) Create(ctx context.Context, name string, _, _ uint32, out *fuse.EntryOut) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	i.fsys.mu.Lock()
	defer i.fsys.mu.Unlock()
	c := &node{}
	if i.node.add(name, c) != nil {
		return nil, nil, 0, syscall.EEXIST
	}
	return i.child(ctx, c, out), nil, 0, 0
}

// Mkdir implements fs.NodeMkdirer.
func (i *inode) Mkdir(ctx context.Context, name string, _ uint32, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	i.fsys.mu.Lock()
	defer i.fsys.mu.Unlock()
	c := newDir()
	if i.node.add(name, c) != nil {
		return nil, syscall.EEXIST
	}
	return i.child(ctx, c, out), 0
}

// Unlink implements fs.NodeUnlinker.
func (i *inode) Unlink(_ context.Context, name string) syscall.Errno {
	i.fsys.mu.Lock()
	defer i.fsys.mu.Unlock()
	if _, ok := i.node.live[name]; !ok {
		return syscall.ENOENT
	}
	delete(i.node.live, name)
	return 0
}

// Rmdir implements fs.NodeRmdirer.
func (i *inode) Rmdir(_ context.Context, name string) syscall.Errno {
	i.fsys.mu.Lock()
	defer i.fsys.mu.Unlock()
	c, ok := i.node.live[name]
	switch {
	case !ok:
		return syscall.ENOENT
	case len(c.live) > 0:
		return syscall.ENOTEMPTY
	}
	delete(i.node.live, name)
	return 0
}

// Rename implements fs.NodeRenamer.
func (i *inode) Rename(_ context.Context, name string, newParent fs.InodeEmbedder, newName string, flags uint32) syscall.Errno {
	i.fsys.mu.Lock()
	defer i.fsys.mu.Unlock()
	to, ok := newParent.(*inode)
	if !ok || flags != 0 {
		return syscall.EINVAL
	}
	c, ok := i.node.live[name]
	if !ok {
		return syscall.ENOENT
	}
	if old, ok := to.node.live[newName]; ok && old.dir && len(old.live) > 0 {
		return syscall.ENOTEMPTY
	}
	delete(i.node.live, name)
	to.node.live[newName] = c
	c.parent, c.name = to.node, newName
	return 0
}

// Open implements fs.NodeOpener.
func (i *inode) Open(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return nil, 0, 0
}

// Read implements fs.NodeReader.
func (i *inode) Read(_ context.Context, _ fs.FileHandle, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	i.fsys.mu.Lock()
	defer i.fsys.mu.Unlock()
	if off >= int64(len(i.node.data)) {
		return fuse.ReadResultData(nil), 0
	}
	n := copy(dest, i.node.data[off:])
	return fuse.ReadResultData(dest[:n]), 0
}

// Write implements fs.NodeWriter.
func (i *inode) Write(_ context.Context, _ fs.FileHandle, data []byte, off int64) (uint32, syscall.Errno) {
	i.fsys.mu.Lock()
	defer i.fsys.mu.Unlock()
	i.node.resize(max(int64(len(i.node.data)), off+int64(len(data))))
	copy(i.node.data[off:], data)
	i.node.dirty = append(i.node.dirty, extent{off, off + int64(len(data))})
	return uint32(len(data)), 0
}

// resize grows a file by zeroes or cuts it.
func (n *node) resize(size int64) {
	old := int64(len(n.data))
	if size > old {
		n.data = append(n.data, make([]byte, size-old)...)
	} else {
		n.data = n.data[:size]
	}
	if size != old {
		n.dirty = append(n.dirty, extent{min(old, size), max(old, size)}) // a cut, too: the file may grow again
	}
}

// Fsync implements fs.NodeFsyncer for files and directories, fsync and fdatasync alike.
func (i *inode) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno {
	return i.fsys.sync(i.node)
}

// Getattr implements fs.NodeGetattrer.
func (i *inode) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	i.fsys.mu.Lock()
	defer i.fsys.mu.Unlock()
	i.node.attr(&out.Attr)
	return 0
}

// Setattr implements fs.NodeSetattrer: sizes only.
func (i *inode) Setattr(_ context.Context, _ fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut) syscall.Errno {
	i.fsys.mu.Lock()
	defer i.fsys.mu.Unlock()
	if size, ok := in.GetSize(); ok {
		i.node.resize(int64(size))
	}
	i.node.attr(&out.Attr)
	return 0
}
