package geo

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// UseKeys takes other keys, from the next packet on: the first encrypts, all of
// them open. A key is replaced without a node being lost by three rounds over all
// nodes: the new one behind the old, the new one before the old, the new one
// alone.
//
// It returns an error, and changes nothing, where a key has not KeySize bytes or
// there is none.
func (m *Members) UseKeys(keys [][]byte) error {
	if err := checkKeys(keys); err != nil {
		return err
	}
	m.life.Lock()
	defer m.life.Unlock()
	if err := errors.Join(m.install(keys), m.ring.UseKey(keys[0]), m.install(keys)); err != nil {
		return fmt.Errorf("change gossip keys: %w", err)
	}
	m.log.Info("gossip keys", "count", len(keys))
	return nil
}

// install removes keys other than these, but for the first, and adds what lacks.
// The library shares its list with readers and shifts it in place unless the last
// key is removed: whatever stands behind an unwanted one goes with it, and is
// added again.
func (m *Members) install(keys [][]byte) error {
	wanted := func(k []byte) bool {
		return slices.ContainsFunc(keys, func(w []byte) bool { return bytes.Equal(w, k) })
	}
	for ring := m.ring.GetKeys(); slices.ContainsFunc(ring[1:], func(k []byte) bool { return !wanted(k) }); ring = m.ring.GetKeys() {
		if err := m.ring.RemoveKey(ring[len(ring)-1]); err != nil {
			return err
		}
	}
	for _, k := range keys {
		if err := m.ring.AddKey(slices.Clone(k)); err != nil {
			return err
		}
	}
	return nil
}

func checkKeys(keys [][]byte) error {
	if len(keys) == 0 {
		return errors.New("no gossip key")
	}
	for _, k := range keys {
		if len(k) != KeySize {
			return fmt.Errorf("gossip key has %d bytes, must have %d", len(k), KeySize)
		}
	}
	return nil
}

// networks are prefixes as memberlist wants them; nil for any.
func networks(prefixes []netip.Prefix) (nets []net.IPNet) {
	for _, p := range prefixes {
		p = p.Masked()
		nets = append(nets, net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())})
	}
	return nets
}
