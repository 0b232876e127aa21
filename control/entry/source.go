package entry

import (
	"net/url"
	"slices"
)

// Source is the way somebody comes in; it decides whose rules apply.
type Source string

// The sources: our own page and those of the facades.
const (
	Native     Source = "native"
	GCore      Source = "gcore"
	MeetBit    Source = "meetbit"
	Callbridge Source = "callbridge"
	ImMail     Source = "immail"
	NanoMeet   Source = "nanomeet"
)

// need says when somebody without a token is sent away, besides companies and
// rooms that always want one.
type need int

const (
	needNever need = iota
	needMail       // unless an e-mail address lets them in
	needAlways
)

// rules are what differs between the sources. The steps ask the table, never
// which source it is.
type rules struct {
	proofs []Proof // tokens that count
	need   need
	adHoc  bool // rooms may come into being by being entered

	origins  map[string]where             // attributes that mean something
	ownNames bool                         // parameters are called as the attributes
	names    map[string]string            // what else they are called
	reads    func(url.Values, Attributes) // parameters that are not one attribute
	clean    bool                         // blanks and typographic quotes around values go

	locksName             bool // a name in the link cannot be changed in the page
	speaksByURL           bool // the link may say who speaks in a webinar that is none by configuration (GC-P12)
	recordsBySign         bool // moderators record only where their token allows it
	startsMuted           bool // the microphone is off unless the link says otherwise
	pin                   bool // a moderator PIN makes a moderator
	passwordForModerators bool // only the owner is let in without the password
	asksPartner           bool // the partner's server is asked (A.8 step 9)

	setup    setup  // when the setup page is shown
	skip     string // the attribute that skips it
	asksName bool   // without the setup page somebody nameless is still asked
}

// setup says when the page with devices and preview stands before the room.
type setup int

const (
	setupUnlessSkipped setup = iota
	setupAlways
	setupNever
)

// sources is the table.
var sources = map[Source]rules{
	Native: {
		proofs: []Proof{Join, Session, Partner, Host}, adHoc: true,
		origins: nativeOrigins, names: nativeNames, ownNames: true, reads: readOthers, clean: true, recordsBySign: true, pin: true, asksPartner: true,
		skip: NameScreenDisabled,
	},
	GCore: {
		proofs: []Proof{Partner, Join}, adHoc: true,
		origins: pageOrigins, ownNames: true, names: spellings, locksName: true, speaksByURL: true, recordsBySign: true, asksPartner: true,
		skip: NameScreenDisabled,
	},
	MeetBit: {
		proofs: []Proof{Session, Host}, need: needMail,
		origins: tokenOrigins, setup: setupAlways,
	},
	Callbridge: {
		proofs:  []Proof{Host, Join},
		origins: callbridgeOrigins, names: callbridgeNames, reads: readMute, clean: true, pin: true, passwordForModerators: true,
		skip: SkipJoin, asksName: true,
	},
	ImMail: {
		proofs: []Proof{Participant}, need: needAlways,
		origins: immailOrigins, names: immailNames, reads: readNames, startsMuted: true, setup: setupNever, asksName: true,
	},
	NanoMeet: {
		proofs: []Proof{ModeratorToken, Invite}, need: needAlways,
		origins: tokenOrigins, setup: setupNever, asksName: true,
	},
}

// accepts tells whether a token of that proof counts here.
func (r rules) accepts(p Proof) bool { return slices.Contains(r.proofs, p) }

// TakesPIN tells whether a moderator's PIN counts with a source. Elsewhere one is not even compared.
func TakesPIN(s Source) bool { return sources[s].pin }

// Proofs are the kinds of token that count with a source, which is what the
// caller lets through when it verifies one.
func Proofs(s Source) []Proof { return slices.Clone(sources[s].proofs) }
