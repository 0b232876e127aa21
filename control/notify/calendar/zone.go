package calendar

import (
	"fmt"
	"time"
	_ "time/tzdata" // the same zones on every machine
)

// epoch is when a rule begins that has always been.
var epoch = time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)

// zone writes the rules around a time: the one in force, the one before and the one after it, each as an
// observance of its own (RFC 5545 section 3.6.5). The event does not recur, so that no more are needed.
func (w *writer) zone(z *time.Location, at time.Time) {
	w.line("BEGIN:VTIMEZONE")
	w.line("TZID:" + z.String())
	begin, end := at.In(z).ZoneBounds()
	switch {
	case begin.IsZero():
		w.observance(epoch.In(z), epoch.In(z))
	default:
		if before, _ := begin.Add(-time.Second).ZoneBounds(); !before.IsZero() && before.After(epoch) {
			w.observance(before.Add(-time.Second), before)
		}
		w.observance(begin.Add(-time.Second), begin)
	}
	if !end.IsZero() {
		w.observance(end.Add(-time.Second), end)
	}
	w.line("END:VTIMEZONE")
}

// observance writes the rule that begins at a time; before is a moment of the rule before it. Clocks that go
// forward begin daylight time, also where the law calls the winter the exception (Dublin): some calendars know
// no other way.
func (w *writer) observance(before, begin time.Time) {
	_, from := before.Zone()
	name, to := begin.Zone()
	kind := "STANDARD"
	if to > from {
		kind = "DAYLIGHT"
	}
	w.line("BEGIN:" + kind)
	w.line("DTSTART:" + begin.UTC().Add(time.Duration(from)*time.Second).Format(local)) // by the clocks before
	w.line("TZOFFSETFROM:" + offset(from))
	w.line("TZOFFSETTO:" + offset(to))
	w.text("TZNAME", name)
	w.line("END:" + kind)
}

// offset writes seconds east of UTC (RFC 5545 section 3.3.14).
func offset(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	s := fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
	if seconds%60 != 0 {
		s += fmt.Sprintf("%02d", seconds%60)
	}
	return s
}
