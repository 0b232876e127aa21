package state

import (
	"slices"
	"testing"
	"time"
)

// dated has a company with a user, a room, and meetings before and after the time of the commands.
func dated(t *testing.T) *feedState {
	f := newFeed(t)
	f.must(company("a", "A"))
	f.must(Add(KindUser, "u", "a", UserSpec{Name: "U"}))
	f.must(Add(KindRoom, "r", "a", RoomSpec{}))
	for id, at := range map[string]time.Time{"ahead": t0.Add(24 * time.Hour), "past": t0.Add(-24 * time.Hour), "late": t0.Add(48 * time.Hour)} {
		c := Add(KindMeeting, id, "a", MeetingSpec{Room: "r", User: "u", StartsAt: at})
		c.Secret = []byte(`{"pin":"c2VhbGVk"}`)
		f.must(c)
		f.must(Add(KindAttendee, id+"1", "a", AttendeeSpec{Meeting: id, Email: "eve@else.example"}))
	}
	f.must(Set(KindMeeting, "late", "a", map[string]string{"status": MeetingCancelled}))
	return f
}

// event is that of the newest change.
func (f *feedState) event() Event {
	f.t.Helper()
	all := slices.Collect(All[Event](f.s.View(), ""))
	if len(all) == 0 {
		f.t.Fatal("no event")
	}
	return all[len(all)-1]
}

func attendees(e Event) (out []string) {
	for _, a := range e.Attendees {
		out = append(out, a.ID)
	}
	slices.Sort(out)
	return out
}

func TestWhatIsCalledOffStandsInTheEvent(t *testing.T) {
	wanted := Terms{By: "key:k"}
	for kind, want := range map[Kind][]string{KindRoom: {"ahead.owner", "ahead1"}, KindUser: {"ahead.owner", "ahead1"}} {
		f := dated(t)
		id := map[Kind]string{KindRoom: "r", KindUser: "u"}[kind]
		f.must(&Delete{Kind: kind, ID: id, Company: "a"}, wanted)
		e := f.event()
		if len(e.Meetings) != 1 || e.Meetings[0].ID != "ahead" || e.Meetings[0].Secret != nil || !slices.Equal(attendees(e), want) {
			t.Errorf("%s: meetings %+v, attendees %v", kind, e.Meetings, attendees(e))
		}
	}
	f := dated(t)
	f.must(&Delete{Kind: KindAttendee, ID: "ahead1", Company: "a"}, wanted)
	if e := f.event(); len(e.Meetings) != 0 || !slices.Equal(attendees(e), []string{"ahead1"}) {
		t.Errorf("an attendee: %+v", e)
	}
	f.must(&Delete{Kind: KindAttendee, ID: "past1", Company: "a"}, wanted)
	if e := f.event(); len(e.Attendees) != 0 {
		t.Errorf("of a meeting that is over: %+v", e)
	}
	f.must(&Delete{Kind: KindCompany, ID: "a"}, wanted)
	if e := f.event(); len(e.Meetings)+len(e.Attendees) != 0 {
		t.Errorf("a company's end: %+v", e)
	}
}

func TestOneEventHoldsABoundedNumberOfAttendees(t *testing.T) {
	f := dated(t)
	for i := range maxCalledOff/2 + 5 {
		f.must(Add(KindMeeting, EventID(uint64(i)), "a", MeetingSpec{Room: "r", User: "u", StartsAt: t0.Add(24 * time.Hour)}))
		f.must(Add(KindAttendee, "x"+EventID(uint64(i)), "a", AttendeeSpec{Meeting: EventID(uint64(i)), Email: "eve@else.example"}))
	}
	f.must(&Delete{Kind: KindRoom, ID: "r", Company: "a"}, Terms{By: "key:k"})
	if e := f.event(); len(e.Attendees) != maxCalledOff || len(e.Meetings) > maxCalledOff {
		t.Errorf("%d meetings, %d attendees", len(e.Meetings), len(e.Attendees))
	}
}

func TestMeetingsAreWalkedInTheOrderOfTheirBeginnings(t *testing.T) {
	f := dated(t)
	ids := func(from time.Time) (out []string) {
		for m := range MeetingsFrom(f.s.View(), from) {
			out = append(out, m.ID)
		}
		return out
	}
	if got := ids(t0.Add(-48 * time.Hour)); !slices.Equal(got, []string{"past", "ahead", "late"}) {
		t.Errorf("all: %v", got)
	}
	if got := ids(t0.Add(24 * time.Hour).Truncate(time.Millisecond)); !slices.Equal(got, []string{"ahead", "late"}) {
		t.Errorf("from a beginning on: %v", got)
	}
	f.must(Set(KindMeeting, "past", "a", map[string]any{"starts_at": t0.Add(72 * time.Hour)}))
	if got := ids(t0); !slices.Equal(got, []string{"ahead", "late", "past"}) {
		t.Errorf("after one was moved: %v", got)
	}
}

func TestTheMeetingThatBeganLastInARoomIsFound(t *testing.T) {
	f := dated(t)
	for id, at := range map[string]time.Duration{"first": 1, "second": 2, "twin": 2, "called-off": 3, "third": 4} {
		f.must(Add(KindMeeting, id, "a", MeetingSpec{Room: "r", User: "u", StartsAt: t0.Add(at * 240 * time.Hour)}))
	}
	f.must(Set(KindMeeting, "called-off", "a", map[string]any{"status": MeetingCancelled}))
	f.must(Add(KindRoom, "r2", "a", RoomSpec{}))
	f.must(Add(KindMeeting, "elsewhere", "a", MeetingSpec{Room: "r2", User: "u", StartsAt: t0.Add(3 * 240 * time.Hour)}))
	for _, c := range []struct {
		room string
		at   time.Duration // days
		want string
	}{
		{"r", 11, "first"}, {"r", 10, "first"}, {"r", 19, "first"}, {"r", 20, "twin"}, {"r", 29, "twin"}, {"r", 35, "twin"}, {"r", 40, "third"},
		{"r", 4000, "third"}, {"r", -4000, ""}, {"r2", 29, ""}, {"r2", 31, "elsewhere"}, {"", 31, ""}, {"r3", 31, ""},
	} {
		if m, ok := Begun(f.s.View(), c.room, t0.Add(c.at*24*time.Hour)); m.ID != c.want || ok != (c.want != "") {
			t.Errorf("in %q after %d days: %q, want %q", c.room, c.at, m.ID, c.want)
		}
	}
	f.must(Set(KindMeeting, "third", "a", map[string]any{"starts_at": t0.Add(500 * 24 * time.Hour)}))
	if m, _ := Begun(f.s.View(), "r", t0.Add(41*24*time.Hour)); m.ID != "twin" {
		t.Errorf("after the third was moved: %q", m.ID)
	}
	if _, ok := Begun(nil, "r", t0); ok {
		t.Error("a meeting of no state")
	}
}

func TestRemindersAreBounded(t *testing.T) {
	f := newFeed(t)
	for _, bad := range [][]int{{0}, {10081}, {1, 2, 3, 4, 5, 6}} {
		f.refused(CodeInvalid, "settings.reminder_minutes", Add(KindCompany, "a", "", CompanySpec{Name: "A", Settings: Settings{ReminderMinutes: &bad}}))
	}
	f.must(Add(KindCompany, "a", "", CompanySpec{Name: "A", Settings: Settings{ReminderMinutes: &[]int{1, 10080}}}))
}
