package entry

// Decide admits or refuses; an error is always a *Refusal. The steps stand in
// the order every facade keeps, and the first that fails ends the decision.
func Decide(in Input) (Admission, error) {
	d := decision{in: in, rules: sources[in.Source]}
	for _, step := range steps {
		if r := step(&d); r != nil {
			return Admission{}, r
		}
	}
	return d.out, nil
}

// steps is the order of decision. What needs more than the input follows at
// the room's home: counting places (8), asking the partner's server (9), the
// lobby (10), superseding an older presence (11). Of these, and of the page
// before the room (12), the admission says what is due.
var steps = []func(*decision) *Refusal{
	(*decision).company,    // 1
	(*decision).room,       // 2
	(*decision).credential, // 3
	(*decision).window,     // 4
	(*decision).person,     // 5
	(*decision).block,      // 6
	(*decision).password,   // 7
	(*decision).capacity,   // 8
	(*decision).partner,    // 9
	(*decision).lobby,      // 10
	(*decision).page,       // 12
}

type decision struct {
	in    Input
	rules rules
	out   Admission
	// signed are the token's attributes and claims, a those and the URL's.
	signed, a Attributes
}

// RoomOf is the id of the room meant, under which the caller looks for
// Input.Room: of a token for one room that room; else of a partner's token its
// roomId (GC-A20); else that of the URL. Input.Room is not looked at.
func RoomOf(in Input) string {
	if in.Token != nil && in.TokenErr == nil {
		if v, ok := get(in.Token.signed(), RoomID); ok {
			return v
		}
	}
	v, _ := get(in.URL, RoomID)
	return v
}

// company is step 1.
func (d *decision) company() *Refusal {
	if _, known := sources[d.in.Source]; d.in.Company == nil || !known {
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
	case d.in.Room == nil && !(d.rules.adHoc && d.in.Company.OpenRooms):
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

// window is step 4. The token's own times have been judged with its signature,
// those since its first use by who keeps that.
func (d *decision) window() *Refusal {
	if d.in.UseErr != nil {
		return coded(d.in.UseErr)
	}
	room := d.configured()
	switch {
	case d.in.Now.Before(room.Opens):
		r := refuse("too_early", "The event has not started yet.")
		r.Opens = room.Opens
		return r
	case !room.Closes.IsZero() && !d.in.Now.Before(room.Closes):
		r := refuse("denied", "This meeting is over.")
		r.Closed = room.Closes
		return r
	}
	return nil
}

// configured is the room as configured, an empty one for ad-hoc rooms.
func (d *decision) configured() Room {
	if d.in.Room == nil {
		return Room{}
	}
	return *d.in.Room
}

// capacity is step 8 as far as it needs no counting.
func (d *decision) capacity() *Refusal {
	room, company := d.configured(), d.in.Company
	switch {
	case d.out.Kind != Webinar:
		d.out.Pool, d.out.Capacity = CallPool, first(room.MaxParticipants, company.MaxParticipants, CallCapacity)
	case d.out.Mode == Viewer:
		d.out.Pool, d.out.Capacity = ViewerPool, first(room.MaxViewers, company.MaxViewers, ViewerCapacity)
	default:
		d.out.Pool, d.out.Capacity = SpeakerPool, first(room.MaxSpeakers, company.MaxSpeakers, SpeakerCapacity)
	}
	return nil
}

// first is the first limit that is one.
func first(limits ...int) int {
	for _, n := range limits {
		if n > 0 {
			return n
		}
	}
	return 0
}

// lobby is step 10: whoever may moderate does not wait (GC-A46), and nobody
// waits twice. The own token may ask for it, whatever the room does.
func (d *decision) lobby() *Refusal {
	wanted := d.configured().Lobby || d.in.Live.Lobby || d.a.Bool(WaitingRoom, false)
	d.out.Lobby = wanted && d.out.Role != Moderator && !d.in.Live.Returning
	return nil
}

// page is step 12.
func (d *decision) page() *Refusal {
	r := d.rules
	switch {
	case r.setup == setupAlways, r.setup == setupUnlessSkipped && !d.a.Bool(r.skip, false):
		d.out.Page = SetupPage
	case r.asksName && d.out.Name == "":
		d.out.Page = NamePage
	}
	return nil
}
