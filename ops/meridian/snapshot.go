package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/meridian-video/meridian/control"
	"github.com/meridian-video/meridian/control/archive"
	"github.com/meridian-video/meridian/geo"
	"github.com/meridian-video/meridian/ops/config"
	"github.com/meridian-video/meridian/ops/node"
)

// snapshotCommand groups what concerns snapshot files of the control plane.
type snapshotCommand struct {
	Save    snapshotSaveCommand    `cmd:"" help:"Save everything that control has acknowledged to a file."`
	Inspect snapshotInspectCommand `cmd:"" help:"Check a snapshot file and say what is in it."`
	Restore snapshotRestoreCommand `cmd:"" help:"Begin a new cluster from a snapshot file, in an empty data directory."`
}

type snapshotSaveCommand struct {
	remote
	File string `arg:"" help:"Where to; an existing file is replaced once the new one is whole."`
}

// Run saves a snapshot. The file has its name only when it is whole and on the disk.
func (c *snapshotSaveCommand) Run(ctx context.Context, p *process) (err error) {
	body, err := c.call(ctx, p, request{method: http.MethodGet, path: "/cluster/snapshot"})
	if err != nil {
		return err
	}
	defer body.Close()
	f, err := os.CreateTemp(filepath.Dir(c.File), "."+filepath.Base(c.File)+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	size, err := io.Copy(f, body)
	if err != nil {
		return joinClose(fmt.Errorf("receive the snapshot: %w", err), f)
	}
	h, _, err := archive.Check(f, size)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), c.File); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "%s: index %d, %d bytes. It holds hashes of keys and sealed secrets: keep it as safe as the data directory.\n", c.File, h.Index, size)
	return err
}

type snapshotInspectCommand struct {
	File string `arg:"" help:"The file."`
	JSON bool   `help:"Print JSON instead of the table."`
}

// inspected is what --json prints.
type inspected struct {
	archive.Head
	Bytes int64          `json:"bytes"`
	Kinds map[string]int `json:"kinds"`
}

// Run prints what a file holds.
func (c *snapshotInspectCommand) Run(p *process) error {
	f, err := os.Open(c.File)
	if err != nil {
		return refuse(err)
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	h, state, err := archive.Check(f, size)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	kinds, err := archive.Count(state)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if c.JSON {
		return printJSON(p.stdout, inspected{h, size, kinds})
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "cluster\t%s\nnodes\t%s\nwritten by\t%s\ntaken\t%s\nindex\t%d\nterm\t%d\nbytes\t%d\n\n",
		h.Cluster, strings.Join(h.Members, ", "), h.Node, h.Taken.Format(time.RFC3339), h.Index, h.Term, size)
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		fmt.Fprintf(w, "%s\t%d\n", kind, kinds[kind])
	}
	return w.Flush()
}

type snapshotRestoreCommand struct {
	file
	File string `arg:"" help:"The snapshot file."`
}

// Run makes the data directory of a configuration that of a new cluster's first node.
func (c *snapshotRestoreCommand) Run(p *process) error {
	loaded, err := c.load(p, config.RoleControl)
	if err != nil {
		return err
	}
	f, err := os.Open(c.File)
	if err != nil {
		return refuse(err)
	}
	defer f.Close()
	at, err := net.ResolveTCPAddr("tcp", loaded.Control.Raft.Listen)
	if err != nil {
		return refuse(fmt.Errorf("control.raft.listen: %w", err))
	}
	h, err := control.Restore(loaded.Data, geo.NodeID(loaded.Node), node.Reachable(loaded.Control.Raft, at), f)
	if err != nil {
		return fmt.Errorf("restore %s: %w", c.File, err)
	}
	_, err = fmt.Fprintf(p.stdout, `%s is the first node of a new cluster, at index %d.
Start it, then the others with empty data directories; they join it. What was acknowledged after %s is gone.
`, loaded.Node, h.Index, h.Taken.Format(time.RFC3339))
	return err
}

func joinClose(err error, c io.Closer) error { return errors.Join(err, c.Close()) }
