package dev

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
)

// MaxPOPs is how many POPs one process takes; a dozen show any tree of relays
// and still start within the promise on a laptop.
const MaxPOPs = 12

// Options say what network Run starts.
type Options struct {
	// POPs is how many edge nodes there are, one a POP.
	POPs int

	// Listen is the IP address of all ports. Another than loopback serves
	// HTTPS with a generated certificate.
	Listen string

	// Port is the HTTP port of the first POP; POP k, from 0, is at Port+k and
	// the control API at Port-1.
	Port int

	// Data is the directory kept between runs. Empty: one in the user's cache.
	Data string

	// Readers is how many sockets share the media port of a POP; 0: as many as
	// this machine gains from.
	Readers int

	// WAN delays the relay links as oceans do.
	WAN bool

	// JSON prints one line for programs instead of the table.
	JSON bool
}

// DefaultOptions returns three POPs on loopback.
func DefaultOptions() Options {
	return Options{POPs: 3, Listen: "127.0.0.1", Port: 8080}
}

// Validate returns every complaint at once about the options, naming the flag,
// or nil. It touches neither ports nor disk.
func (o Options) Validate() error {
	var complaints []error
	complain := func(format string, args ...any) {
		complaints = append(complaints, fmt.Errorf(format, args...))
	}
	if o.POPs < 1 || o.POPs > MaxPOPs {
		complain("--pops %d is not between 1 and %d", o.POPs, MaxPOPs)
	}
	if ip, err := netip.ParseAddr(o.Listen); err != nil || ip.Zone() != "" {
		complain("--listen %q is not an IP address", o.Listen)
	}
	// Of an impossible number of POPs the range says nothing more.
	if last := 65535 - (min(max(o.POPs, 1), MaxPOPs) - 1); o.Port < 2 || o.Port > last {
		complain("--port %d is not between 2 and %d: the control API is one below, each POP one above the other", o.Port, last)
	}
	if o.Readers < 0 || o.Readers > 64 {
		complain("--readers %d is not between 0 and 64", o.Readers)
	}
	return errors.Join(complaints...)
}

// Dir returns Data, or the default directory.
func (o Options) Dir() (string, error) {
	if o.Data != "" {
		return filepath.Abs(o.Data)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a directory for --data: %w", err)
	}
	return filepath.Join(cache, "meridian", "dev"), nil
}
