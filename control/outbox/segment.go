package outbox

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	// magic begins every segment and ends in the version of what follows.
	magic     = "meridian-outbox 1\n"
	extension = ".seg"
)

// ErrVersion is returned by Open for a directory that another version of the program has written.
var ErrVersion = errors.New("outbox of another version")

// segment is one file: frames of entries in the order of their positions. Its name is its first position.
type segment struct {
	first uint64 // position of its first entry
	size  int64  // bytes
}

func (s segment) path(dir string) string {
	return filepath.Join(dir, fmt.Sprintf("%016x%s", s.first, extension))
}

// listSegments finds the segments of a directory, oldest first.
func listSegments(dir string) ([]segment, error) {
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []segment
	for _, n := range names {
		hex, ok := strings.CutSuffix(n.Name(), extension)
		first, err := strconv.ParseUint(hex, 16, 64)
		if !ok || err != nil || len(hex) != 16 {
			continue
		}
		info, err := n.Info()
		if err != nil {
			return nil, err
		}
		out = append(out, segment{first: first, size: info.Size()})
	}
	slices.SortFunc(out, func(a, b segment) int {
		if a.first < b.first {
			return -1
		}
		return 1
	})
	return out, nil
}

// createSegment makes an empty segment whose name is on disk when it returns.
func createSegment(dir string, first uint64) (segment, *os.File, error) {
	s := segment{first: first, size: int64(len(magic))}
	f, err := os.OpenFile(s.path(dir), os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return s, nil, err
	}
	if _, err = f.WriteString(magic); err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = syncDir(dir)
	}
	if err != nil {
		return s, nil, errors.Join(err, f.Close())
	}
	return s, f, nil
}

// mend opens the last segment for writing, cuts off a torn tail and returns how many entries it has and how many
// bytes were cut.
func (s *segment) mend(dir string) (f *os.File, entries uint64, cut int64, err error) {
	if s.size < int64(len(magic)) { // it was being made
		*s, f, err = createSegment(dir, s.first)
		return f, 0, 0, err
	}
	if f, err = os.OpenFile(s.path(dir), os.O_RDWR, 0o600); err != nil {
		return nil, 0, 0, err
	}
	good, entries, err := scan(f)
	cut = s.size - good
	if err == nil && cut > 0 {
		if err = f.Truncate(good); err == nil {
			err = f.Sync()
		}
	}
	if err == nil {
		_, err = f.Seek(good, io.SeekStart)
	}
	if err != nil {
		return nil, 0, 0, errors.Join(err, f.Close())
	}
	s.size = good
	return f, entries, cut, nil
}

// scan reads a segment from its beginning and says how many bytes and entries of it are good.
func scan(f io.Reader) (good int64, entries uint64, err error) {
	r := bufio.NewReaderSize(f, 256<<10)
	if err := readMagic(r); err != nil {
		return 0, 0, err
	}
	good = int64(len(magic))
	for {
		e, err := readFrame(r)
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, errFrame):
			return good, entries, nil
		case err != nil:
			return 0, 0, err
		}
		good += e.size()
		entries++
	}
}

func readMagic(r io.Reader) error {
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(r, head); err != nil {
		return err
	}
	if string(head) != magic {
		return ErrVersion
	}
	return nil
}

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
