//go:build linux

package netns

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
)

// claim is addresses that no other network on this machine has, so that several
// may have this machine as a host: 10.64.0.0/16 to 10.127.0.0/16.
type claim struct {
	prefix netip.Prefix
	lock   net.Listener // nobody calls; the kernel takes it back with the process
}

const firstClaim, claims = 64, 64

// newClaim takes the first prefix that is free, by the name of an abstract socket.
func newClaim() (claim, error) {
	for i := range claims {
		prefix := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(firstClaim + i), 0, 0}), 16)
		lock, err := net.Listen("unix", "@meridian-wan-"+prefix.String())
		if err == nil {
			return claim{prefix, lock}, nil
		}
	}
	return claim{}, fmt.Errorf("%w: %d networks are there already", ErrRefused, claims)
}

// at is the address of a host; there is none where there are too many.
func (c claim) at(number int) (netip.Addr, error) {
	if number > 255 {
		return netip.Addr{}, errors.New("no more than 256 hosts")
	}
	a := c.prefix.Addr().As4()
	a[2], a[3] = byte(number), 1
	return netip.AddrFrom4(a), nil
}
