package token

import (
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Kind says what a token is for and who signed it, and thereby what its claims
// mean. A token of one kind never passes for another: the kind follows from
// typ, which is signed, and each place says which kinds it takes (Expect).
type Kind string

// The kinds of token.
const (
	// Join tokens are minted by the control plane for one person in one room.
	Join Kind = "join"
	// Partner tokens are signed by a company with its own RSA key.
	Partner Kind = "partner"
	// Participant tokens are minted for one person in one room at a partner's
	// request, who passes them on in a link (IM-T05).
	Participant Kind = "participant"
	// Moderator tokens come with a room; who holds one may make invites (NM-T03).
	Moderator Kind = "moderator"
	// Invite tokens are made from a moderator's, or from an invite that gives
	// the same rights; many people may share one (NM-T04, NM-T09).
	Invite Kind = "invite"
	// Attendee tokens are exchanged once, on first opening, for a session (MB-T04).
	Attendee Kind = "attendee"
	// Session tokens let one browser stay on the page before a room and enter
	// it (MB-T05).
	Session Kind = "session"
	// SSO tokens hand a signed-in user over to a page in another host name;
	// they are exchanged once for a host token (CB-W01, CB-W02).
	SSO Kind = "sso"
	// Host tokens say which user is signed in, in one browser.
	Host Kind = "host"
)

// rule is what is asked of a kind of token. One table serves minting and
// verification, so that nothing is minted that would not verify.
type rule struct {
	kind      Kind
	typ       string        // header member, compared exactly
	company   string        // claim that names the company
	texts     string        // claims that are texts, besides iss and the company's
	need      string        // claims that must be there; texts must not be empty
	moderator bool          // the role is the claim moderator, a boolean
	life      time.Duration // longest, from iat to exp; 0: any
	leeway    time.Duration
}

// rules are the kinds of our own, all signed with EdDSA. Short-lived ones get
// no leeway: their issuer and their reader are both our nodes, whose clocks
// differ by less than half a second, and 120 s must not become 180 (MB-A19).
var rules = []rule{
	{Join, "meridian-join+jwt", "company", "room sub person name role jti par", "room exp", false, 0, Leeway},
	{Participant, "meridian-participant+jwt", "aud", "room sub person name jti", "room sub moderator jti iat nbf exp", true, 0, Leeway},
	{Moderator, "meridian-moderator+jwt", "company", "room jti", "room moderator jti nbf exp", true, 0, Leeway},
	{Invite, "meridian-invite+jwt", "company", "room jti par anc", "room moderator jti par nbf exp", true, 0, Leeway},
	{Attendee, "meridian-attendee+jwt", "company", "room sub person name role jti par", "room sub jti iat exp", false, AttendeeLife, 0},
	{Session, "meridian-session+jwt", "company", "room sub person name role jti par anc bind", "room sub jti bind iat exp", false, SessionLife, 0},
	{SSO, "meridian-sso+jwt", "company", "sub name jti", "sub jti iat exp", false, SSOLife, 0},
	{Host, "meridian-host+jwt", "company", "sub name jti par bind", "sub jti bind iat exp", false, HostLife, 0},
}

// partnerRule is for tokens of a company's own, whose claims are all attributes.
var partnerRule = rule{kind: Partner, leeway: Leeway}

// reserved are the names that mean something in some kind of our own. In a
// kind that has no such claim they are refused rather than taken for
// attributes: a participant's token with a role was not minted here.
var reserved = strings.Fields("iss aud company room sub person name role moderator jti par anc bind iat nbf exp")

func ruleOf(kind Kind) (rule, bool) {
	i := slices.IndexFunc(rules, func(r rule) bool { return r.kind == kind })
	if i < 0 {
		return rule{}, false
	}
	return rules[i], true
}

// ruleFor finds the rule of a header's typ; absent and JWT are a partner's.
func ruleFor(typ value) (rule, bool) {
	if typ.kind == 0 || strings.EqualFold(typ.text, "JWT") {
		return partnerRule, true
	}
	i := slices.IndexFunc(rules, func(r rule) bool { return r.typ == typ.text })
	if i < 0 {
		return rule{}, false
	}
	return rules[i], true
}

// alg is the only algorithm of the kind.
func (r rule) alg() string {
	if r.kind == Partner {
		return jwt.SigningMethodRS256.Alg()
	}
	return jwt.SigningMethodEdDSA.Alg()
}

// has tells whether a claim belongs to the kind.
func (r rule) has(claim string) bool {
	switch claim {
	case "iss", "iat", "nbf", "exp", r.company:
		return true
	case "moderator":
		return r.moderator
	}
	return slices.Contains(strings.Fields(r.texts), claim)
}

// needs tells whether a token of the kind must have a claim.
func (r rule) needs(claim string) bool {
	return claim == "iss" || claim == r.company || slices.Contains(strings.Fields(r.need), claim)
}

// Bound tells whether tokens of a kind serve in one browser only.
func (k Kind) Bound() bool { return k == Session || k == Host }

// Exchanged are the kinds that serve once, for another token.
var Exchanged = []Kind{Attendee, SSO}

// Once tells whether tokens of a kind serve once only, and have to be judged
// by FirstUse with a lifetime of zero.
func (k Kind) Once() bool { return slices.Contains(Exchanged, k) }
