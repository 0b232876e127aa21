package signal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Version is the protocol version this package speaks.
const Version = 1

// Limits of one message, in bytes. Only messages that carry an SDP offer may
// be as long as MaxOffer; a 17-section offer of Chromium is about 40 KiB.
const (
	MaxMessage = 64 << 10
	MaxOffer   = 256 << 10
	MaxChat    = 8 << 10
	maxSlots   = 64
	maxID      = 128 // of a request, as the client names it
	maxTrack   = 256 // of a track id
	maxSecret  = 256 // that a person types
	maxHost    = 253 // RFC 1035, section 2.3.4, without the last dot
)

// Join is the first message of a client. The attributes are those of the URL;
// none of them is trusted before the entry decision.
type Join struct {
	Type    string `json:"type"`
	V       int    `json:"v"`
	Room    string `json:"room"`
	Kind    string `json:"kind"`
	Source  string `json:"source"` // whose words the page's address uses; empty: our own
	Token   string `json:"token"`
	Browser string `json:"browser"` // secret that a token may be bound to
	// Password and PIN are what the person typed: the room's password, and what
	// makes a moderator.
	Password Secret `json:"password,omitempty"`
	PIN      Secret `json:"pin,omitempty"`
	Name     string `json:"name"`
	Peer     string `json:"peer_id"`
	Resume   string `json:"resume"`
	// Keep asks for the attachment of the ticket as it is: only its socket was
	// lost, and its media needs no offer.
	Keep bool `json:"keep,omitempty"`
	// Ahead asks to connect the media first and to take the place then, so that
	// the attachment before it serves until this one can.
	Ahead bool   `json:"ahead,omitempty"`
	Offer string `json:"offer"`
	Up    Up     `json:"up"`
	Media Media  `json:"media"`
	Hear  string `json:"hear"` // HearLoudest or empty
	// Attributes are those of the page's address, by the names they have there.
	Attributes map[string]string `json:"attributes"`
	// PageHost is the host name of the page, which names the company where it is
	// one's: nodes have names of their own.
	PageHost string `json:"page_host"`

	Host      string     `json:"-"` // host name that the client called; it does where there is no page
	From      netip.Addr `json:"-"` // whose tries are counted
	UserAgent string     `json:"-"`
	Trace     string     `json:"-"` // follows the join through edge, home and relay

	// Checking is called, from the goroutine that joins, if the company's own
	// server is asked about the participant, which may take some 20 s.
	Checking func() `json:"-"`

	// Connecting is called, from the goroutine that joins, with what the client
	// connects its media by before it has a place.
	Connecting func(Connect) `json:"-"`

	// Waiting is called, from the goroutine that joins, if a moderator must admit
	// the participant first.
	Waiting func() `json:"-"`
}

// HearLoudest is the value of Join.Hear of a client that leaves its audio slots
// to the node, which fills them by loudness and says so by Heard.
const HearLoudest = "loudest"

// Up names the mids of the sections in which a client sends.
type Up struct {
	Mic        string `json:"mic,omitempty"`
	Camera     string `json:"camera,omitempty"`
	Camera2    string `json:"camera2,omitempty"`
	Share      string `json:"share,omitempty"`
	ShareAudio string `json:"share_audio,omitempty"`
}

// Media is what of a participant is switched on.
type Media struct {
	Mic        bool `json:"mic"`
	Camera     bool `json:"camera"`
	Share      bool `json:"share"`
	ShareAudio bool `json:"share_audio"`
}

// Person is a participant as others see it.
type Person struct {
	Peer     string            `json:"peer_id"`
	Name     string            `json:"name"`
	Photo    string            `json:"photo,omitempty"` // id of a picture at this node
	Role     string            `json:"role"`
	Owner    bool              `json:"owner"`
	Mode     string            `json:"mode"`
	Hand     *time.Time        `json:"hand"` // raised at
	POP      string            `json:"pop"`
	JoinedAt time.Time         `json:"joined_at"`
	State    string            `json:"state"`
	Media    Media             `json:"media"`
	Tracks   map[string]string `json:"tracks"`
	Hushed   Hushed            `json:"hushed,omitzero"`
}

// Hushed says how each source of a participant was last switched off by somebody
// else; nil where nobody has done so. Others than the participant and moderators
// are not told.
type Hushed struct {
	Mic    *Hush `json:"mic,omitempty"`
	Camera *Hush `json:"camera,omitempty"`
	Share  *Hush `json:"share,omitempty"`
}

// Hush is one switching off. Mark is another each time.
type Hush struct {
	Mark string `json:"mark"`
	By   string `json:"by"` // peer id; empty: the meeting's rules
}

// Message is one line of chat.
type Message struct {
	Seq  uint64    `json:"seq"`
	Peer string    `json:"peer_id"`
	Name string    `json:"name"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// ICEServer is an RTCIceServer of the W3C API.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// NodeRef says which node serves an attachment.
type NodeRef struct {
	ID  string `json:"id"`
	POP string `json:"pop"`
}

// RoomRef says which room was joined, its version, and which node is its home.
type RoomRef struct {
	ID      string `json:"id"`
	Kind    string `json:"kind,omitempty"` // webinar, or empty for a call
	Version uint64 `json:"version"`
	Home    string `json:"home"`
}

// SlotMIDs lists the mids of the receive slots in slot order.
type SlotMIDs struct {
	Video []string `json:"video"`
	Audio []string `json:"audio"`
}

// Assignment says which track each slot shows; nil is nothing. A nil slice
// leaves that kind of slot as it is.
type Assignment struct {
	Video []*string `json:"video"`
	Audio []*string `json:"audio"`
}

// Connect tells a client that comes ahead of its place how to connect its media.
type Connect struct {
	Type       string      `json:"type"`
	Answer     string      `json:"answer"`
	ICEServers []ICEServer `json:"ice_servers"`
	PingMS     int         `json:"ping_ms"`
}

// MediaKept is the value of Joined.Media after a Join that asked to keep it.
const MediaKept = "kept"

// Joined answers an admitted Join. Answer and ICEServers are empty where the
// client has them, or needs none.
type Joined struct {
	Type       string      `json:"type"`
	V          int         `json:"v"`
	Peer       string      `json:"peer_id"`
	Answer     string      `json:"answer"`
	ICEServers []ICEServer `json:"ice_servers"`
	Media      string      `json:"media,omitempty"` // MediaKept, or empty
	Resume     string      `json:"resume"`
	Node       NodeRef     `json:"node"`
	Room       RoomRef     `json:"room"`
	Self       Person      `json:"self"`
	People     []Person    `json:"people"`
	Viewers    int         `json:"viewers,omitempty"` // of a webinar, listed or not
	Chat       []Message   `json:"chat"`
	Rules      Rules       `json:"rules"`
	Lobby      []Guest     `json:"lobby,omitempty"` // for moderators
	Slots      SlotMIDs    `json:"slots"`
	Assigned   Assignment  `json:"assigned"`
	Entry      *Entry      `json:"entry,omitempty"` // not after a resume: what was said before holds
	PingMS     int         `json:"ping_ms"`
	Trace      string      `json:"trace"`
}

// Event is one change of a room. Kind is join, person, leave, chat, rules,
// reaction, ask, counted or viewers.
type Event struct {
	Kind    string   `json:"kind"`
	Person  *Person  `json:"person,omitempty"`
	Peer    string   `json:"peer_id,omitempty"`
	Reason  string   `json:"reason,omitempty"`
	By      string   `json:"by,omitempty"` // of a leave: peer id of who decided it
	Message *Message `json:"message,omitempty"`
	Rules   *Rules   `json:"rules,omitempty"`
	Text    string   `json:"text,omitempty"`   // of a reaction
	Source  string   `json:"source,omitempty"` // of an ask: what to switch on
	Viewers *int     `json:"viewers,omitempty"`
}

// Update carries the events that led to a version of the room.
type Update struct {
	Type    string  `json:"type"`
	Version uint64  `json:"version"`
	Events  []Event `json:"events"`
}

// Reset replaces the client's copy of the room.
type Reset struct {
	Type    string    `json:"type"`
	Version uint64    `json:"version"`
	People  []Person  `json:"people"`
	Viewers int       `json:"viewers,omitempty"`
	Chat    []Message `json:"chat"`
	Rules   Rules     `json:"rules"`
}

// Speaking lists everyone who speaks now, and who of them leads the talk:
// Dominant stays through short interjections and may be empty.
type Speaking struct {
	Type     string   `json:"type"`
	Peers    []string `json:"peer_ids"`
	Dominant string   `json:"dominant"`
}

// Subscribed answers a subscribe request.
type Subscribed struct {
	Type   string        `json:"type"`
	Seq    uint64        `json:"seq"`
	Failed []FailedTrack `json:"failed"`
}

// FailedTrack is a track that could not be put into its slot, and why.
type FailedTrack struct {
	Track string `json:"track"`
	Code  Code   `json:"code"`
}

// Answer answers a later offer.
type Answer struct {
	Type   string   `json:"type"`
	ID     string   `json:"id"`
	Answer string   `json:"answer"`
	Slots  SlotMIDs `json:"slots"`
}

// Ack acknowledges a chat message, or an act.
type Ack struct {
	Type string `json:"type"`
	ID   string `json:"id"`
	Seq  uint64 `json:"seq,omitempty"` // of a chat message
}

// Fault tells why a join was refused (type refused), why an attachment is over
// (ended), where to go (move), or what was wrong with one request (error).
type Fault struct {
	Type       string `json:"type"`
	ID         string `json:"id,omitempty"`
	Code       Code   `json:"code"`
	Message    string `json:"message"`
	By         string `json:"by,omitempty"`          // of an end: peer id of who decided it
	RetryAfter int    `json:"retry_after,omitempty"` // seconds
	// Of a refusal: when to come back, and what the company's own server says.
	Opens   *time.Time `json:"opens,omitempty"`
	Reason  string     `json:"reason,omitempty"`
	Contact string     `json:"contact,omitempty"`
	Ask     bool       `json:"ask,omitempty"` // of a refusal: a password is wanted, none was given
}

// Pong answers a ping with the ping's own number.
type Pong struct {
	Type string  `json:"type"`
	T    float64 `json:"t"`
}

// Request is any message of a client after its Join; Type says which fields count.
type Request struct {
	Type  string    `json:"type"`
	ID    string    `json:"id"`
	Seq   uint64    `json:"seq"`
	Video []*string `json:"-"` // of subscribe
	Views []*View   `json:"-"` // of views
	Audio []*string `json:"audio"`
	Media
	Name  string  `json:"name"`
	Text  string  `json:"text"`
	Offer string  `json:"offer"`
	Up    Up      `json:"up"`
	T     float64 `json:"t"`
	Grace bool    `json:"grace"` // of leave: the client may be back at once

	Verb  string          `json:"verb"` // of act, as are the next two
	About string          `json:"peer_id"`
	Value json.RawMessage `json:"value"`

	Lookup // of people
}

var (
	errBadMessage = errors.New("bad message")
	errNoText     = fmt.Errorf("%w: is not a text frame", errBadMessage)
)

// ParseJoin reads the first message of a client.
func ParseJoin(b []byte) (Join, error) {
	var j Join
	if len(b) > MaxOffer {
		return j, fmt.Errorf("%w: join is longer than %d bytes", errBadMessage, MaxOffer)
	}
	if err := decode(b, &j); err != nil {
		return j, err
	}
	if j.Type != "join" {
		return j, fmt.Errorf("%w: type: the first message is join, not %q", errBadMessage, clip(j.Type))
	}
	if j.V != Version {
		return j, &Error{Kind: Refused, Code: UnsupportedVersion, Message: fmt.Sprintf("This server speaks version %d of the protocol, not %d.", Version, j.V)}
	}
	if j.Room == "" {
		return j, fmt.Errorf("%w: room: is missing", errBadMessage)
	}
	if j.Keep && j.Resume == "" {
		return j, fmt.Errorf("%w: resume: is missing", errBadMessage)
	}
	if j.Offer == "" && !j.Keep {
		return j, fmt.Errorf("%w: offer: is missing", errBadMessage)
	}
	if j.Hear != "" && j.Hear != HearLoudest {
		return j, fmt.Errorf("%w: hear: %q is not known", errBadMessage, clip(j.Hear))
	}
	if len(j.Password) > maxSecret || len(j.PIN) > maxSecret {
		return j, fmt.Errorf("%w: password, pin: longer than %d bytes", errBadMessage, maxSecret)
	}
	if len(j.PageHost) > maxHost {
		return j, fmt.Errorf("%w: page_host: longer than %d bytes", errBadMessage, maxHost)
	}
	return j, checkAttributes(j.Attributes)
}

// ParseRequest reads any later message of a client.
func ParseRequest(b []byte) (Request, error) {
	r, err := decodeRequest(b)
	if err != nil {
		return r, err
	}
	if r.Type != "offer" && len(b) > MaxMessage {
		return r, fmt.Errorf("%w: %s is longer than %d bytes", errBadMessage, clip(r.Type), MaxMessage)
	}
	if len(r.ID) > maxID {
		return r, fmt.Errorf("%w: id: is longer than %d bytes", errBadMessage, maxID)
	}
	if len(r.Video) > maxSlots || len(r.Views) > maxSlots || len(r.Audio) > maxSlots {
		return r, fmt.Errorf("%w: video, audio: more than %d slots", errBadMessage, maxSlots)
	}
	for _, track := range slices.Concat(r.Video, r.Audio) {
		if track != nil && len(*track) > maxTrack {
			return r, fmt.Errorf("%w: video, audio: a track id is longer than %d bytes", errBadMessage, maxTrack)
		}
	}
	if r.Type == "act" && r.Verb == "" {
		return r, fmt.Errorf("%w: verb: is missing", errBadMessage)
	}
	if r.Type == "people" {
		return r, r.Lookup.check()
	}
	return r, checkViews(r.Views)
}

// decodeRequest decodes a request; what its video is depends on its type.
func decodeRequest(b []byte) (Request, error) {
	var m struct {
		Request
		Slots json.RawMessage `json:"video"`
	}
	if err := decode(b, &m); err != nil || m.Slots == nil {
		return m.Request, err
	}
	var into any
	switch m.Type {
	case "views":
		into = &m.Views
	case "subscribe":
		into = &m.Video
	default:
		return m.Request, nil
	}
	if err := json.Unmarshal(m.Slots, into); err != nil {
		return m.Request, fmt.Errorf("%w: video: %s", errBadMessage, jsonReason(err))
	}
	return m.Request, nil
}

func decode(b []byte, into any) error {
	if !utf8.Valid(b) {
		return fmt.Errorf("%w: is not UTF-8", errBadMessage)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%w: %s", errBadMessage, jsonReason(err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: more than one JSON value", errBadMessage)
	}
	return nil
}

func jsonReason(err error) string {
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return strings.TrimPrefix(fmt.Sprintf("%s: a %s does not fit here", t.Field, clip(t.Value)), ": ")
	}
	return err.Error()
}

func clip(s string) string {
	if len(s) > 32 {
		return strings.ToValidUTF8(s[:32], "") + "…"
	}
	return s
}
