package simnet

// Stats counts what happened to datagrams, and the bytes of streams.
type Stats struct {
	Sent        uint64 // datagrams given to the network
	Delivered   uint64 // datagrams put into a receiver's buffer
	Bytes       uint64 // payload bytes of delivered datagrams
	Lost        uint64 // by Link.Loss
	Overflowed  uint64 // by the queue of Link.Rate or a full receive buffer
	Blocked     uint64 // by Cut or Silence
	TooBig      uint64 // larger than the MTU
	Unreachable uint64 // nobody listens at the destination
	StreamBytes uint64 // bytes of streams that arrived
}

// Stats returns the sums over the whole network.
func (n *Network) Stats() Stats {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.stats
}

// LinkStats returns the counts of one direction.
func (n *Network) LinkStats(from, to string) Stats {
	r := route{n.parse(from), n.parse(to)}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.path(r).stats
}

// The fields by which a count is added to a direction and to the sum.
func sent(s *Stats) *uint64        { return &s.Sent }
func delivered(s *Stats) *uint64   { return &s.Delivered }
func byteCount(s *Stats) *uint64   { return &s.Bytes }
func lostCount(s *Stats) *uint64   { return &s.Lost }
func overflowed(s *Stats) *uint64  { return &s.Overflowed }
func blocked(s *Stats) *uint64     { return &s.Blocked }
func tooBig(s *Stats) *uint64      { return &s.TooBig }
func unreachable(s *Stats) *uint64 { return &s.Unreachable }
