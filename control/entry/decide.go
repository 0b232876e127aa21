package entry

import (
	"errors"
	"strings"
)

// Decide admits or refuses; an error is always a *Refusal. The steps stand in
// the order every facade keeps, and the first that fails ends the decision.
func Decide(in Input) (Admission, error) {
	d := decision{in: in}
	for _, step := range steps {
		if r := step(&d); r != nil {
			return Admission{}, r
		}
	}
	return d.out, nil
}

// steps is the order of decision. Steps that need more than the input, the
// reservation of a place, the partner's access check, the lobby, superseding an
// older presence, follow at the room's home.
var steps = []func(*decision) *Refusal{
	(*decision).company,
	(*decision).room,
	(*decision).credential,
	(*decision).window,
	(*decision).person,
	(*decision).capacity,
}

type decision struct {
	in  Input
	out Admission
}

// RoomOf is the id of the room meant, under which the caller looks for
// Input.Room: of a join token its room; else of a partner's token its roomId
// (GC-A20); else that of the URL. Input.Room is not looked at.
func RoomOf(in Input) string {
	if in.Token != nil && in.TokenErr == nil {
		if v, ok := get(in.Token.signed(), RoomID); ok {
			return v
		}
	}
	v, _ := get(in.URL, RoomID)
	return v
}

// signed puts the named claims of join tokens among the attributes. A named
// claim beats an attribute of the same meaning.
func (c *Claims) signed() Attributes {
	a := make(Attributes, len(c.Attributes)+4)
	for name, v := range c.Attributes {
		a[name] = v
	}
	if !c.Native {
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

// company is step 1.
func (d *decision) company() *Refusal {
	if d.in.Company == nil {
		return refuse("not_found", "There is no such place.")
	}
	if d.in.Company.Suspended {
		return refuse("denied", "This service is switched off.")
	}
	d.out.Company = d.in.Company.ID
	return nil
}

// room is step 2.
func (d *decision) room() *Refusal {
	id := RoomOf(d.in)
	if id == "" {
		if r := d.badToken(); r != nil {
			return r // the room may have stood in the token
		}
		return refuse("not_found", "No room is named.")
	}
	if !validID(id) {
		return refuse("bad_message", "The room's name is too long.")
	}
	d.out.Room = id
	d.out.AdHoc = d.in.Room == nil
	switch {
	case d.in.Room != nil && d.in.Room.Deleted:
		return refuse("not_found", "This room no longer exists.")
	case d.in.Room == nil && !d.in.Company.OpenRooms:
		return refuse("not_found", "There is no such room.")
	}
	d.out.Kind = Call
	if d.in.Kind == Webinar {
		d.out.Kind = Webinar
	}
	if d.in.Room != nil && d.in.Room.Kind != "" {
		d.out.Kind = d.in.Room.Kind
	}
	return nil
}

// badToken refuses a token that was given and is not valid: it is never
// ignored (GC-T08).
func (d *decision) badToken() *Refusal {
	err := d.in.TokenErr
	if err == nil {
		return nil
	}
	code := "denied"
	if coded, ok := errors.AsType[interface {
		error
		Code() string
	}](err); ok {
		code = coded.Code()
	}
	if code == "token_missing" && d.in.Token == nil {
		return nil
	}
	message := "Access denied."
	switch code {
	case "token_expired":
		message = "Access denied: the invitation has expired."
	case "token_not_yet_valid":
		message = "Access denied: the invitation is not valid yet."
	}
	return &Refusal{Code: code, Message: message, Cause: err}
}

// credential is step 3.
func (d *decision) credential() *Refusal {
	if r := d.badToken(); r != nil {
		return r
	}
	t := d.in.Token
	if t == nil {
		if d.in.Company.JWTMandatory || d.in.Room != nil && d.in.Room.TokenRequired {
			return refuse("token_missing", "Access denied: an invitation is required.")
		}
		return nil
	}
	if t.Company != d.in.Company.ID {
		return refuse("token_wrong_company", "Access denied.")
	}
	if t.Native {
		// A join token without a room is none that was ever minted.
		if asked, ok := get(d.in.URL, RoomID); t.Room == "" || ok && asked != t.Room {
			return refuse("token_wrong_room", "Access denied: the invitation is for another room.")
		}
	}
	return nil
}

// window is step 4. The token's own times have been judged with its signature.
func (d *decision) window() *Refusal {
	if d.in.Room != nil && d.in.Now.Before(d.in.Room.Opens) {
		r := refuse("too_early", "The event has not started yet.")
		r.Opens = d.in.Room.Opens
		return r
	}
	return nil
}

// person is step 5: attributes are merged (INV-05, INV-06) and become a
// person. Block list and password (steps 6 and 7) come after it.
func (d *decision) person() *Refusal {
	var signed Attributes
	if d.in.Token != nil {
		signed = d.in.Token.signed()
	}
	a := merge(signed, d.in.URL)

	if !validID(a[PeerID]) {
		return refuse("bad_message", "The participant's id is too long.")
	}
	d.out.Peer = a[PeerID]

	d.out.Role = Regular
	if strings.EqualFold(strings.TrimSpace(a[Role]), string(Moderator)) {
		d.out.Role = Moderator
	}
	moderator := d.out.Role == Moderator
	d.out.CanRecord = moderator && a.Bool(CanRecord, false)
	d.out.WaitingRoom = moderator && a.Bool(WaitingRoom, false)

	d.name(signed, a)
	d.mode(signed, a)

	d.out.StartTime = startTime(a[StartTime])
	d.out.TokenLifetime = lifetime(a[TokenLifetime])
	d.out.Video = watchURL(a[Video])
	d.out.View = make(Attributes)
	for name, rule := range origins {
		if v, ok := a[name]; ok && rule == urlOnly {
			d.out.View[name] = v
		}
	}
	return nil
}

// name locks what an attribute gave (GC-P11); with our own page only a signed
// name is locked, one in the link is a suggestion.
func (d *decision) name(signed, a Attributes) {
	if name := CleanName(a[DisplayName]); name != "" {
		_, isSigned := get(signed, DisplayName)
		d.out.Name, d.out.NameLocked = name, isSigned || d.in.Source == GCore
		if d.out.NameLocked {
			return
		}
	}
	if typed := CleanName(d.in.Typed); typed != "" {
		d.out.Name = typed
	}
}

// mode tells speakers from viewers of a webinar. Partners of GCore may say so
// in the link (GC-P12); with us the word has to be signed, and moderators speak.
func (d *decision) mode(signed, a Attributes) {
	d.out.Mode = Speaker
	if d.out.Kind != Webinar {
		return
	}
	speaks := a.Bool(ItIsParticipant, false)
	if d.in.Source != GCore {
		speaks = signed.Bool(ItIsParticipant, false) || d.out.Role == Moderator
	}
	if !speaks {
		d.out.Mode = Viewer
	}
}

// capacity is the part of step 8 that needs no counting.
func (d *decision) capacity() *Refusal {
	switch {
	case d.out.Kind == Webinar && d.out.Mode == Speaker:
		d.out.Capacity = SpeakerCapacity
	case d.out.Kind == Webinar:
		d.out.Capacity = ViewerCapacity
	case d.in.Room != nil && d.in.Room.MaxParticipants > 0:
		d.out.Capacity = d.in.Room.MaxParticipants
	case d.in.Company.MaxParticipants > 0:
		d.out.Capacity = d.in.Company.MaxParticipants
	default:
		d.out.Capacity = CallCapacity
	}
	return nil
}
