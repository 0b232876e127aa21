package tenant

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/meridian-video/meridian/control/notify"
	"github.com/meridian-video/meridian/control/notify/letter"
	"github.com/meridian-video/meridian/control/state"
)

// Due implements notify.Reminders. It looks at the meetings of the coming week, all companies'.
func (s *Secretary) Due(ctx context.Context, from, to time.Time) (due []notify.Reminder, err error) {
	v, known := s.View(), map[string]state.Settings{}
	for m := range state.MeetingsFrom(v, from) {
		if m.StartsAt.After(to.Add(state.MaxReminder)) || ctx.Err() != nil {
			break
		}
		if m.Status != state.MeetingScheduled {
			continue
		}
		settings, ok := known[m.Room]
		if !ok {
			room, _ := state.Get[state.Room](v, m.Room)
			_, settings, _ = s.company(v, m.Company, room) // none for companies that write nothing
			known[m.Room] = settings
		}
		for _, minutes := range reminders(settings) {
			at := m.StartsAt.Add(-time.Duration(minutes) * time.Minute)
			if at.After(from) && !at.After(to) {
				due = append(due, s.remind(v, m, settings, minutes)...)
			}
		}
	}
	return due, ctx.Err()
}

func reminders(s state.Settings) []int {
	if s.ReminderMinutes == nil {
		return nil
	}
	return *s.ReminderMinutes
}

// remind makes the reminders of one meeting at one moment.
func (s *Secretary) remind(v *state.View, m state.Meeting, settings state.Settings, minutes int) (due []notify.Reminder) {
	for a := range state.ByIndex[state.Attendee](v, "meeting", m.ID, "") {
		o, own, err := s.occasion(v, letter.Reminder, m, a)
		if err != nil {
			if !errors.Is(err, errNobody) {
				s.Log.Error("a reminder cannot be written", "meeting", m.ID, "err", err)
			}
			continue
		}
		// A meeting that was moved reminds anew.
		o.Source = "reminder " + strconv.Itoa(minutes) + " " + m.StartsAt.Format(time.RFC3339)
		due = append(due, notify.Reminder{
			Company: m.Company, Occasion: o, Own: own,
			Mail: s.From != "" && o.To.Email != "", SMS: s.SMS && state.On(settings.SMSReminders) && o.To.Phone != "",
		})
	}
	return due
}
