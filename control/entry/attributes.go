package entry

import (
	"maps"
	"strings"
)

// Attributes are named values of one person's entry, as text. Booleans and
// numbers stand as they were spelt.
type Attributes map[string]string

// Names of attributes. Facades that spell one otherwise are translated when
// the URL is read.
const (
	RoomID        = "roomId"
	PeerID        = "peerId"
	DisplayName   = "displayName"
	Role          = "role"
	CanRecord     = "canRecord"
	WaitingRoom   = "waitingRoom"
	StartTime     = "startTime"
	TokenLifetime = "tokenLifetime"
	Video         = "video"
	Photo         = "photo"     // https URL of a picture of the person
	MailHash      = "photoHash" // SHA-256 of the person's e-mail address, in hexadecimal digits

	ItIsParticipant = "itisparticipant"
	Observer        = "observer"
	MicOff          = "micOff"
	CameraOff       = "cameraOff"

	AccessToken         = "accessToken"
	AccessURL           = "accessUrl"
	AuthorizationAccess = "authorizationAccess"
	APIEvent            = "apiEvent"
	AuthEvent           = "authEvent"

	StartRecording   = "startRecording"
	RecordingEnabled = "recordingEnabled"

	Lang                      = "lang"
	NameScreenDisabled        = "nameScreenDisabled"
	SkipJoin                  = "skipJoin"
	ControlsDisabled          = "controlsDisabled"
	DisableChat               = "disableChat"
	HideControls              = "hideControls" // names with commas between
	HideInvite                = "hideInvite"
	LeaveURL                  = "leaveUrl" // where the page goes after the call
	MinimizeTiles             = "minimizeTiles"
	SortPeers                 = "sortPeers"
	Layout                    = "layout"
	StripLayout               = "stripLayout"
	StartWithFS               = "startWithFS"
	AutoplayWithoutAudioTrack = "autoplayWithoutAudioTrack"
)

// where says which origin of an attribute counts (INV-06).
type where int

const (
	signedOnly where = iota + 1
	signedFirst
	urlOnly
	viewOnly // as urlOnly, and for the page alone
	// debugURL is signed, or registered with the company, or in the URL of a
	// company that tries its integration out; it is read in ask.go.
	debugURL
)

// tokenOrigins are for sources where all that counts is in the token.
var tokenOrigins = map[string]where{
	RoomID: signedFirst, PeerID: signedOnly, DisplayName: signedOnly, Role: signedOnly, ItIsParticipant: signedOnly,
	Photo: signedOnly, MailHash: signedOnly,
}

var immailOrigins = with(tokenOrigins, map[string]where{
	DisplayName: signedFirst, StartRecording: urlOnly, RecordingEnabled: urlOnly,
	MicOff: urlOnly, CameraOff: urlOnly, HideInvite: viewOnly,
})

var callbridgeOrigins = with(tokenOrigins, map[string]where{
	DisplayName: signedFirst, Observer: signedFirst, MicOff: urlOnly, CameraOff: urlOnly,
	SkipJoin: viewOnly, Layout: viewOnly, StripLayout: viewOnly,
})

// pageOrigins are what our own page and GCore's have in common.
var pageOrigins = map[string]where{
	RoomID: signedFirst, PeerID: signedFirst, DisplayName: signedFirst,
	ItIsParticipant: signedFirst, TokenLifetime: signedFirst, Video: signedFirst,

	Role: signedOnly, CanRecord: signedOnly, WaitingRoom: signedOnly, StartTime: signedOnly, Photo: signedOnly, MailHash: signedOnly,

	Lang: viewOnly, NameScreenDisabled: viewOnly, ControlsDisabled: viewOnly, DisableChat: viewOnly,
	MinimizeTiles: viewOnly, SortPeers: viewOnly, StartWithFS: viewOnly, AutoplayWithoutAudioTrack: viewOnly,

	AccessToken: signedFirst, AccessURL: debugURL, AuthorizationAccess: debugURL, APIEvent: debugURL, AuthEvent: debugURL,
}

var nativeOrigins = with(pageOrigins, map[string]where{
	Observer: signedFirst, MicOff: urlOnly, CameraOff: urlOnly, HideControls: viewOnly, HideInvite: viewOnly, LeaveURL: viewOnly,
	Layout: viewOnly, StripLayout: viewOnly,
})

func with(a, b map[string]where) map[string]where {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// aliases are second spellings in partners' tokens, which yield to the first
// where both are given.
var aliases = map[string]string{"peerID": PeerID, "disbleChat": DisableChat}

// merge joins what was signed with what the URL says.
func merge(origins map[string]where, signed, fromURL Attributes) Attributes {
	out := make(Attributes)
	for name, rule := range origins {
		v, isSigned := get(signed, name)
		u, inURL := get(fromURL, name)
		switch {
		case rule == debugURL:
		case isSigned && rule != urlOnly && rule != viewOnly:
			out[name] = v
		case inURL && rule != signedOnly:
			out[name] = u
		}
	}
	return out
}

// get finds an attribute under its name or an alias. An empty text counts as
// not given, except for booleans, where the bare name means true.
func get(a Attributes, name string) (string, bool) {
	v, ok := a[name]
	if !ok {
		for alias, of := range aliases {
			if of == name && !ok {
				v, ok = a[alias]
			}
		}
	}
	if ok && isText[name] && strings.TrimSpace(v) == "" {
		return "", false
	}
	return v, ok
}

// isText are the attributes that are not booleans.
var isText = map[string]bool{
	RoomID: true, PeerID: true, DisplayName: true, Role: true, StartTime: true,
	TokenLifetime: true, Video: true, Photo: true, MailHash: true, Lang: true, Layout: true, HideControls: true, LeaveURL: true,
	AccessToken: true, AccessURL: true, AuthorizationAccess: true, APIEvent: true, AuthEvent: true,
}

// Bool reads a boolean: true, 1 or nothing is true, false or 0 is false,
// anything else is the default.
func (a Attributes) Bool(name string, otherwise bool) bool {
	v, ok := a[name]
	if !ok {
		return otherwise
	}
	switch v {
	case "true", "1", "":
		return true
	case "false", "0":
		return false
	}
	return otherwise
}
