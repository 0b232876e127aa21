//go:build !linux

package relay

import "net"

// Other systems send and receive datagrams one by one, or not by these means.

const segmentSpace = 24

func cutsSegments(*net.UDPConn) bool  { return false }
func joinsSegments(*net.UDPConn) bool { return false }
func segmented([]byte, int) []byte    { return nil }
func segmentSize([]byte) int          { return 0 }
func cannotSegment(error) bool        { return true }

func growBuffers(c *net.UDPConn, size int) {
	// As much as the system gives will do.
	_ = c.SetReadBuffer(size)
	_ = c.SetWriteBuffer(size)
}
