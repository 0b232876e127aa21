package wire

import (
	"encoding/binary"
	"fmt"
)

// The versions of the relay protocol this code speaks.
const (
	MinVersion = 1
	MaxVersion = 1
)

// Role says what a connection is for.
type Role uint8

// The first connection of a link carries control, further ones only bundles.
const (
	RoleControl Role = 1
	RoleMedia   Role = 2
)

// CapDatagrams is the capability bit of media in sealed datagrams beside the QUIC
// connection. No version of this code sets it yet; what both ends set is used.
const CapDatagrams uint32 = 1 << 0

// CapArrived is the capability bit of sending Arrived frames: what is sent to such an end
// is controlled from the first packet on.
const CapArrived uint32 = 1 << 1

// helloMagic opens every Hello of every version, past and future.
const helloMagic = 0x4d524c59 // "MRLY"

// Hello is the first frame each end of a connection sends. Its layout up to Build is the
// same in all versions, so that two builds that share none can still say so.
type Hello struct {
	MinVersion, MaxVersion uint16
	Node                   string
	Build                  string
	Capabilities           uint32
	Role                   Role
	Session                uint64 // chosen by the dialling end of the control connection
	Index                  uint32 // of a media connection in its session, from 1
}

// AppendHello appends the frame.
func AppendHello(dst []byte, h Hello) []byte {
	at := len(dst)
	dst = begin(dst, TypeHello)
	dst = binary.BigEndian.AppendUint32(dst, helloMagic)
	dst = binary.BigEndian.AppendUint16(dst, h.MinVersion)
	dst = binary.BigEndian.AppendUint16(dst, h.MaxVersion)
	dst = appendText(dst, h.Node, MaxName)
	dst = appendText(dst, h.Build, MaxName)
	dst = binary.BigEndian.AppendUint32(dst, h.Capabilities)
	dst = append(dst, byte(h.Role))
	dst = binary.BigEndian.AppendUint64(dst, h.Session)
	dst = binary.BigEndian.AppendUint32(dst, h.Index)
	return end(dst, at)
}

// DecodeHello decodes the body of a Hello.
func DecodeHello(body []byte) (Hello, error) {
	c := cursor{b: body}
	magic := c.u32()
	h := Hello{
		MinVersion: c.u16(), MaxVersion: c.u16(),
		Node: c.text(MaxName), Build: c.text(MaxName),
		Capabilities: c.u32(), Role: Role(c.u8()), Session: c.u64(), Index: c.u32(),
	}
	if c.err == nil && (magic != helloMagic || h.MinVersion > h.MaxVersion) {
		c.err = ErrMalformed
	}
	return h, wrap("hello", c.err)
}

// Version is the highest version both ranges hold; ok is false when there is none.
func (h Hello) Version(minVersion, maxVersion uint16) (version uint16, ok bool) {
	version = min(h.MaxVersion, maxVersion)
	return version, version >= max(h.MinVersion, minVersion)
}

// Ping asks for a Pong of the same sequence.
type Ping struct {
	Sequence uint64
	// Deaf says that the sender has heard nothing of the peer for too long: the end that
	// is still heard learns from it that its own packets are lost.
	Deaf bool
}

// AppendPing appends the frame.
func AppendPing(dst []byte, p Ping) []byte {
	at := len(dst)
	dst = begin(dst, TypePing)
	dst = binary.BigEndian.AppendUint64(dst, p.Sequence)
	deaf := byte(0)
	if p.Deaf {
		deaf = 1
	}
	return end(append(dst, deaf), at)
}

// DecodePing decodes the body of a Ping; older peers say nothing of being deaf.
func DecodePing(body []byte) (Ping, error) {
	c := cursor{b: body}
	p := Ping{Sequence: c.u64()}
	if c.more() {
		p.Deaf = c.u8() == 1
	}
	return p, wrap("ping", c.err)
}

// AppendPong appends the answer to a Ping.
func AppendPong(dst []byte, sequence uint64) []byte {
	at := len(dst)
	return end(binary.BigEndian.AppendUint64(begin(dst, TypePong), sequence), at)
}

// DecodePong decodes the body of a Pong.
func DecodePong(body []byte) (sequence uint64, err error) {
	c := cursor{b: body}
	sequence = c.u64()
	return sequence, wrap("pong", c.err)
}

// Count is how much media one connection has delivered since it began.
type Count struct {
	Index   uint32 // of the connection in its session, 0 the control connection
	Bundles uint64 // bundles that ended, whole or reset
	Bytes   uint64 // bytes of them that arrived
}

// AppendReceived appends the frame; counts past MaxCounts are left out.
func AppendReceived(dst []byte, counts []Count) []byte {
	if len(counts) > MaxCounts {
		counts = counts[:MaxCounts]
	}
	at := len(dst)
	dst = begin(dst, TypeReceived)
	dst = append(dst, byte(len(counts)))
	for _, n := range counts {
		dst = binary.BigEndian.AppendUint32(dst, n.Index)
		dst = binary.BigEndian.AppendUint64(dst, n.Bundles)
		dst = binary.BigEndian.AppendUint64(dst, n.Bytes)
	}
	return end(dst, at)
}

// DecodeReceived decodes the body of a Received, appending to counts.
func DecodeReceived(body []byte, counts []Count) ([]Count, error) {
	c := cursor{b: body}
	n := int(c.u8())
	if n > MaxCounts {
		return nil, wrap("received", ErrTooLarge)
	}
	for range n {
		counts = append(counts, Count{Index: c.u32(), Bundles: c.u64(), Bytes: c.u64()})
	}
	return counts, wrap("received", c.err)
}

// Arrived says how media came over all connections of a link since the last such frame:
// what a controller of its rate wants to know. Clocks are in µs, of any origin, and wrap.
type Arrived struct {
	Clock   uint32 // the receiver's, now
	Bytes   uint64 // of bundles, since the link began
	Samples uint16 // bundles that Delay is of; 0: it says nothing
	Delay   uint32 // the least of the receiver's clock at a bundle's arrival less the sender's in it
}

// AppendArrived appends the frame.
func AppendArrived(dst []byte, a Arrived) []byte {
	at := len(dst)
	dst = begin(dst, TypeArrived)
	dst = binary.BigEndian.AppendUint32(dst, a.Clock)
	dst = binary.BigEndian.AppendUint64(dst, a.Bytes)
	dst = binary.BigEndian.AppendUint16(dst, a.Samples)
	dst = binary.BigEndian.AppendUint32(dst, a.Delay)
	return end(dst, at)
}

// DecodeArrived decodes the body of an Arrived.
func DecodeArrived(body []byte) (Arrived, error) {
	c := cursor{b: body}
	a := Arrived{Clock: c.u32(), Bytes: c.u64(), Samples: c.u16(), Delay: c.u32()}
	return a, wrap("arrived", c.err)
}

// Message is a one-way message of the layers above.
type Message struct {
	Topic string
	Body  []byte
}

// AppendMessage appends the frame.
func AppendMessage(dst []byte, m Message) []byte {
	at := len(dst)
	dst = begin(dst, TypeMessage)
	dst = appendText(dst, m.Topic, MaxTopic)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(m.Body)))
	dst = append(dst, m.Body...)
	return end(dst, at)
}

// DecodeMessage decodes the body of a Message; Body aliases it.
func DecodeMessage(body []byte) (Message, error) {
	c := cursor{b: body}
	m := Message{Topic: c.text(MaxTopic), Body: c.bytes(MaxBody)}
	return m, wrap("message", c.err)
}

// Call is a request of the layers above that wants an answer.
type Call struct {
	Topic   string
	Timeout uint32 // milliseconds the caller will wait; 0: it did not say
	Body    []byte
}

// AppendCall appends the frame.
func AppendCall(dst []byte, q Call) []byte {
	at := len(dst)
	dst = begin(dst, TypeCall)
	dst = appendText(dst, q.Topic, MaxTopic)
	dst = binary.BigEndian.AppendUint32(dst, q.Timeout)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(q.Body)))
	dst = append(dst, q.Body...)
	return end(dst, at)
}

// DecodeCall decodes the body of a Call; Body aliases it.
func DecodeCall(body []byte) (Call, error) {
	c := cursor{b: body}
	q := Call{Topic: c.text(MaxTopic), Timeout: c.u32(), Body: c.bytes(MaxBody)}
	return q, wrap("call", c.err)
}

// AppendAnswer appends the frame.
func AppendAnswer(dst, answer []byte) []byte {
	at := len(dst)
	dst = begin(dst, TypeAnswer)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(answer)))
	dst = append(dst, answer...)
	return end(dst, at)
}

// DecodeAnswer decodes the body of an Answer; the result aliases it.
func DecodeAnswer(body []byte) ([]byte, error) {
	c := cursor{b: body}
	answer := c.bytes(MaxBody)
	return answer, wrap("answer", c.err)
}

func wrap(frame string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("decode %s: %w", frame, err)
}
