package client

import (
	"net/http"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/meridian-video/meridian/edge/signal"
)

// Options say who joins what, and how.
type Options struct {
	WS      string // ws://…/ws
	Room    string
	Kind    string // of the page; empty: call
	Source  string // whose words the page's address uses; empty: our own
	Name    string
	Peer    string
	Token   string
	Browser string // secret that the token may be bound to
	Resume  string
	Ahead   bool // with Resume: connects before it takes its place, so that the one before serves until then
	// Password and PIN are what the person typed at the door.
	Password, PIN signal.Secret
	HTTP          *http.Client         // nil: http.DefaultClient
	Engine        webrtc.SettingEngine // sockets of the media
	Video         int                  // video slots; 0: 9
	Audio         int                  // audio slots; 0: 3
	Media         signal.Media
	Hear          string // "loudest": the node says what the audio slots play

	Attributes map[string]string // of the page's address
	PageHost   string            // host name of the page; empty: there is none

	// Pictures is called with every packet of video, by the goroutine of its slot.
	Pictures func(*rtp.Packet)

	// Sound is called with every packet of audio, by the goroutine of its slot.
	Sound func(*rtp.Packet)
	Mark  byte // second byte of each packet of audio that the client sends, to tell voices apart

	Connecting func(*Client) // called with Ahead as media begins to connect, before there is a place

	Waiting func() // called when a moderator must admit the client first
	Forged  []any  // what the client says while it waits, where nobody has to listen
}
