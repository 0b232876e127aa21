package room

import (
	"testing"
	"time"
)

func TestAMeetingHoldsForTheSessionThatItMet(t *testing.T) {
	noon := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		opened, joins, ends time.Duration // from noon
		want                MuteMode
	}{
		"on, and the first comes":     {joins: 5 * time.Minute, ends: time.Hour, want: Lecture},
		"on since people were there":  {opened: -time.Hour, joins: 5 * time.Minute, ends: time.Hour, want: Lecture},
		"it overruns":                 {opened: -time.Hour, joins: 9 * time.Hour, ends: time.Hour, want: Lecture},
		"over when the first comes":   {joins: time.Hour, ends: time.Hour, want: Quiet},
		"over when the first came":    {opened: 2 * time.Hour, joins: 3 * time.Hour, ends: time.Hour, want: Quiet},
		"ended as the session opened": {opened: time.Hour, joins: 3 * time.Hour, ends: time.Hour, want: Quiet},
	} {
		s := State{}
		if c.opened != 0 {
			s.Opened = noon.Add(c.opened)
		}
		r := DefaultRules()
		r.Mute.Value = Quiet
		m := &Meeting{Ends: noon.Add(c.ends), Mute: Lecture}
		if got := r.within(m, s.began(noon.Add(c.joins))).Mute.Value; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if got := r.within(nil, s.began(noon)); got != r {
			t.Errorf("%s: without a meeting %+v", name, got)
		}
	}
	if (JoinCommand{Meeting: &Meeting{Mute: "loud"}}).valid() {
		t.Error("a mute mode that is none passes")
	}
}
