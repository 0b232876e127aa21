package tenant

import (
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/notify"
	"github.com/meridian-video/meridian/control/state"
)

// due lists the reminders between two moments, in minutes before a meeting at noon of the next day.
func (o *office) due(from, to int) []notify.Reminder {
	o.Helper()
	at := func(minutes int) time.Time {
		return noon.Add(24*time.Hour - time.Duration(minutes)*time.Minute)
	}
	all, err := o.Due(o.Context(), at(from), at(to))
	if err != nil {
		o.Fatal(err)
	}
	return all
}

func TestRemindersAreDueAtTheMomentsThatAreChosen(t *testing.T) {
	o := newOffice(t)
	o.do(state.Set(state.KindCompany, "acme", "", map[string]any{"settings": map[string]any{"reminder_minutes": []int{15, 1440}, "sms_reminders": true}}))
	o.meeting("m1")
	o.do(state.Add(state.KindAttendee, "a1", "acme", state.AttendeeSpec{Meeting: "m1", Customer: "bob"}))
	o.do(state.Add(state.KindRoom, "still", "acme", state.RoomSpec{Settings: state.Settings{ReminderMinutes: &[]int{}}}))
	o.meeting("m2", func(m *state.MeetingSpec) { m.Room = "still" })
	for _, tt := range []struct{ from, to, want int }{
		{16, 15, 2}, {15, 14, 0}, {1441, 1440, 2}, {1441, 14, 4}, {14, 0, 0}, {2000, 1441, 0}, {0, -60, 0},
	} {
		if got := o.due(tt.from, tt.to); len(got) != tt.want {
			t.Errorf("from %d to %d minutes before: %d reminders, want %d", tt.from, tt.to, len(got), tt.want)
		}
	}
	sources := map[string]bool{}
	for _, r := range o.due(1441, 14) {
		sources[r.Occasion.To.Email+r.Occasion.Source] = true
		if r.Company != "acme" || !r.Mail || r.SMS != (r.Occasion.To.Phone != "") || r.Occasion.Meeting.ID != "m1" {
			t.Errorf("%+v", r)
		}
	}
	if len(sources) != 4 {
		t.Errorf("two moments are one occasion: %v", sources)
	}
}

func TestMovedAndCancelledMeetingsTakeTheirRemindersAlong(t *testing.T) {
	o := newOffice(t)
	o.do(state.Set(state.KindCompany, "acme", "", map[string]any{"settings": map[string]any{"reminder_minutes": []int{15}}}))
	o.meeting("m1")
	before := o.due(16, 15)
	o.do(state.Set(state.KindMeeting, "m1", "acme", map[string]any{"starts_at": noon.Add(25 * time.Hour)}))
	after := o.due(-44, -45)
	if len(before) != 1 || len(o.due(16, 15)) != 0 || len(after) != 1 || before[0].Occasion.Source == after[0].Occasion.Source {
		t.Errorf("before %+v, after %+v", before, after)
	}
	o.do(state.Set(state.KindMeeting, "m1", "acme", map[string]any{"status": state.MeetingCancelled}))
	if n := len(o.due(-44, -45)); n != 0 {
		t.Errorf("%d reminders of a cancelled meeting", n)
	}
}

func TestNobodyIsRemindedUnlessItIsChosen(t *testing.T) {
	o := newOffice(t)
	o.meeting("m1")
	if n := len(o.due(20000, -60)); n != 0 {
		t.Errorf("%d reminders", n)
	}
}
