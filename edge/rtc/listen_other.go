//go:build !linux

package rtc

import (
	"errors"
	"net"
)

// share fails: other systems do not spread datagrams, or not by address.
func share(net.PacketConn) error { return errors.ErrUnsupported }

func beside(net.Addr) (net.PacketConn, error) { return nil, errors.ErrUnsupported }
