//go:build linux

package light

import (
	"encoding/binary"
	"time"

	"github.com/pion/stun/v4"
)

// How often a check is repeated before the first answer, and consent after it
// (RFC 7675 section 5.1).
const (
	checkEvery   = 50 * time.Millisecond
	consentEvery = 2 * time.Second
)

// priority is that of a host candidate (RFC 8445 section 5.1.2.1).
const priority = 126<<24 | 65535<<8 | 255

// newCheck is a connectivity check of the controlling side that nominates at
// once: there is one pair.
func newCheck(c *Client) (*stun.Message, error) {
	var tie, prio [8]byte
	binary.BigEndian.PutUint64(tie[:], c.tie)
	binary.BigEndian.PutUint32(prio[:], priority)
	return stun.Build(stun.TransactionID, stun.BindingRequest,
		stun.NewUsername(c.remote.Ufrag+":"+c.ufrag),
		stun.RawAttribute{Type: stun.AttrICEControlling, Value: tie[:]},
		stun.RawAttribute{Type: stun.AttrPriority, Value: prio[:4]},
		stun.RawAttribute{Type: stun.AttrUseCandidate},
		stun.NewShortTermIntegrity(c.remote.Pwd), stun.Fingerprint)
}

// check sends a check to a server that has not yet answered to every address
// it has named, else to the one that answered.
func (c *Client) check() {
	m, err := newCheck(c)
	if err != nil {
		return
	}
	if server := c.server.Load(); server != nil {
		c.lane.send(m.Raw, c.source, *server)
		return
	}
	for _, to := range c.remote.Candidates {
		c.lane.send(m.Raw, c.source, to)
	}
}

// bound takes a STUN message: an answer to a check of ours, or a check.
func (c *Client) bound(b []byte, sender source) {
	m := &stun.Message{Raw: append([]byte(nil), b...)}
	if m.Decode() != nil {
		return
	}
	switch m.Type {
	case stun.BindingSuccess:
		if stun.NewShortTermIntegrity(c.remote.Pwd).Check(m) == nil {
			c.answered(sender.addr())
		}
	case stun.BindingRequest:
		if stun.NewShortTermIntegrity(c.pwd).Check(m) != nil {
			return
		}
		at := sender.addr()
		reply, err := stun.Build(stun.NewTransactionIDSetter(m.TransactionID), stun.BindingSuccess,
			&stun.XORMappedAddress{IP: at.Addr().AsSlice(), Port: int(at.Port())},
			stun.NewShortTermIntegrity(c.pwd), stun.Fingerprint)
		if err == nil {
			c.lane.send(reply.Raw, c.source, at)
		}
	}
}
