package rtc

import "net/netip"

// ICE is not told of TCP. To pion/ice an address on a stream is one like any
// other, found by a check, and its one candidate a family does for both: a
// second one would cost every client a goroutine and 8 KiB for what few need.
// What it takes is that an address means one of the two to a transport: it is
// a stream's from the first check on a stream on, for good.

// join gives d a connection that a check for it came by. It fails where d has
// its address otherwise, or enough of them.
func (d *door) join(s *stream) bool {
	d.mux.mu.Lock()
	defer d.mux.mu.Unlock()
	if old := d.streams[s.from]; d.shut || d.mux.peers[s.from] == d || old != nil && !old.gone() {
		return false
	}
	for a, old := range d.streams {
		if len(d.streams) >= maxAddrs && old.gone() {
			delete(d.streams, a)
		}
	}
	if len(d.streams) >= maxAddrs {
		return false
	}
	if d.streams == nil {
		d.streams = make(map[netip.AddrPort]*stream)
	}
	d.streams[s.from] = s
	return true
}

// stream is d's latest connection from an address; nil where there was none.
func (d *door) stream(from netip.AddrPort) *stream {
	d.mux.mu.RLock()
	defer d.mux.mu.RUnlock()
	return d.streams[from]
}

// admit lets media in from where d's client has passed a check, by s if that
// is not nil. A client that connects again from the port that ICE has selected
// is followed here: to ICE nothing has changed.
func (d *door) admit(from netip.AddrPort, s *stream) {
	if s == nil {
		d.mux.admit(d, from)
		return
	}
	s.prove()
	t := d.reader.t
	p, conn := t.peer.Load(), t.conn.Load()
	if conn != nil && p != nil && p.stream != s && addrPort(p.addr) == from {
		t.follow(conn)
	}
}
