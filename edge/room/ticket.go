package room

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// maxTicket bounds a ticket's length before anything of it is looked at.
const maxTicket = 6144

// ticketContext separates this use of a room's secret from any later one.
const ticketContext = "meridian room resume ticket 1\x00"

// ticket is what a resume ticket says. It is signed by the room's secret, so
// whoever holds the room's state can check it, and nobody else can make one.
type ticket struct {
	Version    int    `json:"v"`
	Company    string `json:"c"`
	Room       string `json:"r"`
	Peer       string `json:"p"`
	Subject    string `json:"s,omitempty"`
	Name       string `json:"n"`
	Photo      string `json:"f,omitempty"`
	Role       Role   `json:"o"`
	Owner      bool   `json:"w,omitempty"`
	Mode       Mode   `json:"m"`
	Attachment string `json:"a"`

	Identities []string `json:"d,omitempty"`

	Proof  Proof `json:"k,omitzero"`
	Issued int64 `json:"i"` // milliseconds since 1970
}

func sign(secret, payload []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(ticketContext))
	mac.Write(payload)
	return mac.Sum(nil)
}

// ticket makes a person's resume ticket: base64url(payload) "."
// base64url(HMAC-SHA256). It has no expiry of its own: it dies with the room's
// session, whose secret nobody keeps longer.
func (s *State) ticket(p Person, now time.Time) string {
	payload, err := json.Marshal(ticket{
		Version: 2, Company: s.Company, Room: s.Room,
		Peer: p.PeerID, Subject: p.Subject, Name: p.Name, Photo: p.Photo, Role: p.Role, Owner: p.Owner, Mode: p.Mode, Identities: p.Identities, Attachment: p.Attachment, Issued: now.UnixMilli(), Proof: p.Proof,
	})
	if err != nil {
		return "" // strings and integers always encode
	}
	enc := base64.RawURLEncoding
	return enc.EncodeToString(payload) + "." + enc.EncodeToString(sign(s.Secrets[0], payload))
}

// openTicket checks a ticket against every secret the room accepts.
func (s *State) openTicket(text string) (ticket, error) {
	// encoding/base64 skips line ends and, unless strict, trailing bits; a ticket
	// has one spelling only.
	if len(text) > maxTicket || strings.ContainsAny(text, "\r\n") {
		return ticket{}, ErrResumeInvalid
	}
	enc := base64.RawURLEncoding.Strict()
	head, tail, ok := strings.Cut(text, ".")
	payload, err := enc.DecodeString(head)
	if !ok || err != nil {
		return ticket{}, ErrResumeInvalid
	}
	mac, err := enc.DecodeString(tail)
	if err != nil || !s.signed(payload, mac) {
		return ticket{}, ErrResumeInvalid
	}
	var t ticket
	if json.Unmarshal(payload, &t) != nil || t.Version != 2 || t.Company != s.Company || t.Room != s.Room || !t.Proof.valid() {
		return ticket{}, ErrResumeInvalid
	}
	if removed := s.removedAt(t.Peer); !removed.IsZero() && t.Issued <= removed.UnixMilli() {
		return ticket{}, ErrResumeInvalid // also the tickets of earlier attachments
	}
	return t, nil
}

func (s *State) signed(payload, mac []byte) bool {
	for _, secret := range s.Secrets {
		if hmac.Equal(mac, sign(secret, payload)) {
			return true
		}
	}
	return false
}
