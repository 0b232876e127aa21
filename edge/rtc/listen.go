package rtc

import (
	"net"
	"runtime"
)

// maxReaders is as many as are opened without being asked for.
const maxReaders = 8

// Readers is how many sockets Listen opens where nobody says how many: one a
// processor, up to eight.
func Readers() int { return min(runtime.GOMAXPROCS(0), maxReaders) }

// Listen opens the media port: several UDP sockets on one address, over which
// the kernel spreads clients by their addresses, so that each client's packets
// come to one of them. It opens fewer than asked for, at least one, where the
// system does no such thing; zero readers means Readers.
//
// It fails with the error of net.ListenPacket, also when another program, or
// this one, has the address already.
func Listen(address string, readers int) ([]net.PacketConn, error) {
	if readers <= 0 {
		readers = Readers()
	}
	first, err := net.ListenPacket("udp", address)
	if err != nil {
		return nil, err
	}
	all := []net.PacketConn{first}
	if readers == 1 || share(first) != nil {
		return all, nil
	}
	for len(all) < readers {
		c, err := beside(first.LocalAddr())
		if err != nil {
			return all, nil
		}
		all = append(all, c)
	}
	return all, nil
}
