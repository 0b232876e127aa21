package wire

// TopicTunnel is the topic of messages that carry a Tunnel. It belongs to the relay; the
// layers above neither send nor get it.
const TopicTunnel = "relay/tunnel"

// MaxPacket is the largest QUIC packet in a Tunnel, in bytes: what fits an Ethernet frame.
const MaxPacket = 1500

// Tunnel is a QUIC packet on its way between two nodes that cannot reach each other: first
// to a third node, which passes it on, then from there. It stays sealed for the two.
type Tunnel struct {
	Arriving bool   // on the second leg
	Node     string // where it goes to, or when Arriving where it comes from
	Packet   []byte
}

// AppendTunnel appends the body of the message.
func AppendTunnel(dst []byte, t Tunnel) []byte {
	leg := byte(0)
	if t.Arriving {
		leg = 1
	}
	return append(appendText(append(dst, leg), t.Node, MaxName), t.Packet...)
}

// DecodeTunnel decodes the body of the message; Packet aliases it.
func DecodeTunnel(body []byte) (Tunnel, error) {
	c := cursor{b: body}
	leg := c.u8()
	t := Tunnel{Arriving: leg == 1, Node: c.text(MaxName), Packet: c.b}
	if c.err == nil && (leg > 1 || len(t.Packet) == 0 || len(t.Packet) > MaxPacket) {
		c.err = ErrMalformed
	}
	return t, wrap("tunnel", c.err)
}
