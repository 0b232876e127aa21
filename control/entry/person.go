package entry

import (
	"cmp"
	"maps"
	"strings"
)

// The words of roles in tokens of our own and among attendees.
const (
	roleOwner     = "owner"
	roleModerator = "moderator"
)

// signed puts the named claims of our own tokens among the attributes. A named
// claim beats an attribute of the same meaning.
func (c *Claims) signed() Attributes {
	a := make(Attributes, len(c.Attributes)+4)
	maps.Copy(a, c.Attributes)
	if c.Proof == Partner {
		return a
	}
	for name, v := range map[string]string{RoomID: c.Room, PeerID: c.Peer, DisplayName: c.Name, Role: c.Role} {
		delete(a, name)
		if v != "" {
			a[name] = v
		}
	}
	for alias := range aliases {
		delete(a, alias)
	}
	return a
}

// person is step 5: attributes are merged (INV-05, INV-06) and become a person.
func (d *decision) person() *Refusal {
	if d.in.Token != nil {
		d.signed = d.in.Token.signed()
	}
	d.a = merge(d.rules.origins, d.signed, d.in.URL)

	if !validID(d.a[PeerID]) {
		return refuse("bad_message", "The participant's id is too long.")
	}
	d.role()
	d.identify()
	d.name()
	d.mode()
	d.media()
	d.record()
	d.photo()
	d.lifetime()

	d.out.PIN = d.rules.pin && d.configured().HasPIN && d.out.Role != Moderator
	d.out.WaitingRoom = d.out.Role == Moderator && d.a.Bool(WaitingRoom, false)
	d.out.StartTime = startTime(d.a[StartTime])
	d.out.Video = d.video()
	d.out.HiddenControls = d.in.Company.HiddenControls
	d.out.View = make(Attributes)
	for name, rule := range d.rules.origins {
		if v, ok := d.a[name]; ok && rule == viewOnly {
			d.out.View[name] = v
		}
	}
	return nil
}

// video is the player that somebody brings for all: a link's word too, unless the
// company takes that from nobody.
func (d *decision) video() string {
	if _, isSigned := get(d.signed, Video); !isSigned && d.in.Company.VideoSignedOnly {
		return ""
	}
	return httpsURL(d.a[Video])
}

// role follows from what is signed, or configured for a proved user, or from
// the moderator's PIN; an address alone is no proof (INV-05).
func (d *decision) role() {
	word := d.roleWord()
	d.out.Owner = word == roleOwner
	d.out.Role = Regular
	if d.out.Owner || word == roleModerator || d.rules.pin && d.in.Secrets.PIN == Right {
		d.out.Role = Moderator
	}
}

// roleWord is the role that the token gives: owner, moderator or another word.
func (d *decision) roleWord() string {
	t := d.in.Token
	if t == nil {
		return ""
	}
	switch word := strings.ToLower(strings.TrimSpace(d.signed[Role])); t.Proof {
	case Host:
		if t.Peer != "" && t.Peer == d.configured().Owner {
			return roleOwner
		}
		if d.in.Attendee != nil {
			return d.in.Attendee.Role
		}
		return ""
	case Join, Session:
		return word
	default: // the owner is not a partner's to name, nor an invite's
		if word == roleOwner {
			return ""
		}
		return word
	}
}

func (d *decision) signedModerator() bool {
	word := d.roleWord()
	return word == roleOwner || word == roleModerator
}

// identify gives the person an id and lists what a block of them holds for.
// Tokens that many may share (NM-T09, GC-T16) are no identity.
func (d *decision) identify() {
	t, attendee := d.in.Token, d.in.Attendee
	d.out.Peer = d.a[PeerID]
	if t != nil && t.Proof == Host {
		d.out.Peer = "" // a user may sit in the room twice, at home and at work
	}
	if attendee != nil && (t != nil && t.Proof == Host || d.byMail()) {
		d.out.Peer = attendee.ID
	}
	d.out.Person = d.known()
	d.identity(string(d.out.Person.Kind), d.out.Person.ID)
	d.identity("peer", d.out.Peer)
	if t != nil && t.Proof.personal() {
		d.identity("token", t.ID)
	}
	if t == nil && d.rules.need == needMail {
		d.identity("mail", CleanAddress(d.in.Mail.Address))
	}
	d.identity("browser", d.in.Browser)
}

// known is whom the company knows the person as: a signed-in user, whom a token
// for one person names, or an invited customer. What many may share names nobody,
// and an id in a link is no proof.
func (d *decision) known() Person {
	t := d.in.Token
	switch {
	case t != nil && t.Proof == Host:
		return Person{UserPerson, t.Peer}
	case t != nil && t.Proof.personal():
		return t.Person
	case d.byMail():
		return cmp.Or(d.in.Attendee.Person, Person{AttendeePerson, d.in.Attendee.ID})
	}
	return Person{}
}

func (d *decision) identity(kind, id string) {
	if id != "" {
		d.out.Identities = append(d.out.Identities, kind+":"+id)
	}
}

// name locks what is signed, and with some sources what the link says too
// elsewhere a name in the link is a suggestion.
func (d *decision) name() {
	if name := CleanName(d.a[DisplayName]); name != "" {
		_, isSigned := get(d.signed, DisplayName)
		d.out.Name, d.out.NameLocked = name, isSigned || d.rules.locksName
		if d.out.NameLocked {
			return
		}
	} else if d.byMail() {
		d.out.Name = CleanName(d.in.Attendee.Name)
	}
	if typed := CleanName(d.in.Typed); typed != "" {
		d.out.Name = typed
	}
}

// mode tells speakers from viewers of a webinar. With some sources the link may
// say so (GC-P12), unless the webinar was configured: which page a visitor came
// by is their own word, and must not open what somebody has set up to be closed.
// Elsewhere the word has to be signed, and moderators speak. Observing takes a
// right away, so anybody may choose it.
func (d *decision) mode() {
	d.out.Mode = Speaker
	if d.out.Kind == Webinar {
		speaks := d.a.Bool(ItIsParticipant, false)
		if !d.rules.speaksByURL || d.configured().Kind != "" {
			speaks = d.signed.Bool(ItIsParticipant, false) || d.out.Role == Moderator
		}
		if !speaks {
			d.out.Mode = Viewer
		}
	}
	if d.out.Mode == Speaker && d.a.Bool(Observer, false) {
		d.out.Mode = ObserverMode
	}
	d.out.MayChat = d.out.Mode != Viewer || d.configured().ViewersChat
}

// media is what is off at the start, and what stays off.
func (d *decision) media() {
	d.out.MicOff = d.a.Bool(MicOff, d.rules.startsMuted)
	d.out.CameraOff = d.a.Bool(CameraOff, false) || d.out.Mode == ObserverMode
	if d.out.Role == Moderator {
		return
	}
	mode := d.configured().MuteMode
	d.out.MicOff = d.out.MicOff || mode == QandA || mode == Presentation
	d.out.MicLocked = mode == Presentation
}

// record says who may record. The link takes the right away (IM-A14), and may
// start a recording where the company lets guests do so (IM-A12, X-35).
func (d *decision) record() {
	enabled := d.a.Bool(RecordingEnabled, true)
	moderator := d.out.Role == Moderator
	d.out.CanRecord = enabled && moderator && (!d.rules.recordsBySign || d.a.Bool(CanRecord, false))
	d.out.StartRecording = enabled && (moderator || d.in.Company.GuestStartRecording) && d.a.Bool(StartRecording, false)
}

// lifetime says how long a token serves from its first use, and what that use
// is remembered by; without a token it takes an access token (GC-T13).
func (d *decision) lifetime() {
	switch life := lifetime(d.a[TokenLifetime]); {
	case life == 0:
	case d.in.Token != nil:
		d.out.TokenLifetime, d.out.Counts = life, CountsToken
	case d.a[AccessToken] != "":
		d.out.TokenLifetime, d.out.Counts = life, CountsAccess
	}
	if d.in.Token != nil && d.in.Company.EndWithToken {
		d.out.Until = d.in.Token.Expires
	}
}
