package notify

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/notify/letter"
	"github.com/meridian-video/meridian/control/notify/mail"
	"github.com/meridian-video/meridian/control/notify/queue"
	"github.com/meridian-video/meridian/control/notify/sms"
)

func occasion(k letter.Kind, sequence int, start time.Time) letter.Occasion {
	return letter.Occasion{
		Kind: k, Brand: "Acme", From: "meet@acme.example", To: letter.Person{Name: "Boris", Email: "boris@example.org", Phone: "+491701234567"},
		Meeting: letter.Meeting{ID: "m1.acme", Sequence: sequence, Subject: "Plan", Start: start, Duration: time.Hour, Zone: "Europe/Berlin", Link: "https://meet.acme.example/m/x"},
	}
}

func TestLettersAboutAMeetingKeepTheirOrder(t *testing.T) {
	r := newRig(t)
	start := time.Now().Add(24 * time.Hour)
	for _, o := range []letter.Occasion{
		occasion(letter.Invitation, 0, start), occasion(letter.Invitation, 0, start), // told twice
		occasion(letter.Update, 1, start), occasion(letter.Cancellation, 2, start),
	} {
		if err := r.Mail(t.Context(), "acme", o, ""); err != nil {
			t.Fatal(err)
		}
	}
	var subjects []string
	c := &carrier{answer: func(d queue.Delivery, at Attempt) Answer {
		var p posted
		if err := json.Unmarshal(d.Payload, &p); err != nil {
			t.Error(err)
		}
		if at.Number == 1 {
			return Answer{Verdict: Again, Status: 451}
		}
		subjects = append(subjects, p.Letter.Subject)
		return Answer{Verdict: Accepted}
	}}
	config := fast()
	config.Hold = time.Minute
	r.start(t, config, map[queue.Kind]Carrier{queue.Mail: c})
	eventually(t, "all are sent", func() bool { return r.outcomes(t, MailEndpoint)[queue.Delivered] == 3 })
	if got := strings.Join(subjects, ", "); got != "Invitation: Plan, Changed: Plan, Cancelled: Plan" {
		t.Errorf("sent %s", got)
	}
}

func TestABrokenTemplateStopsNoLetter(t *testing.T) {
	r := newRig(t)
	if err := r.Mail(t.Context(), "acme", occasion(letter.Invitation, 0, time.Now()), `{{define "text"}}{{.Nope}}{{end}}`); err != nil {
		t.Error(err)
	}
	bad := occasion(letter.Invitation, 0, time.Now())
	bad.Meeting.Zone = "Mars/Olympus"
	if err := r.Mail(t.Context(), "acme", bad, ""); !errors.Is(err, letter.ErrOccasion) {
		t.Errorf("no time zone: %v", err)
	}
	bad.To.Phone = "0170"
	if err := r.SMS(t.Context(), "acme", bad, ""); !errors.Is(err, sms.ErrNumber) {
		t.Errorf("no number: %v", err)
	}
	if n := len(r.log(t, MailEndpoint)); n != 1 {
		t.Errorf("%d letters", n)
	}
}

func TestAnswersOfServersMeanTheRightThing(t *testing.T) {
	for _, tt := range []struct {
		status int
		err    error
		want   Verdict
	}{
		{250, nil, Accepted}, {451, errors.New("busy"), Again}, {0, errors.New("no connection"), Again},
		{550, mail.ErrRefused, Refused}, {0, mail.ErrLetter, Refused},
	} {
		if a := answerOf(tt.status, tt.err, mail.ErrRefused, mail.ErrLetter); a.Verdict != tt.want || a.Status != tt.status || (a.Fault == "") != (tt.err == nil) {
			t.Errorf("%d %v: %+v", tt.status, tt.err, a)
		}
	}
}

func TestALateReminderIsNotSent(t *testing.T) {
	now := time.Now()
	payload, err := json.Marshal(posted{Letter: &mail.Letter{}, Expires: expiry(occasion(letter.Reminder, 0, now))})
	if err != nil {
		t.Fatal(err)
	}
	d := queue.Delivery{Payload: payload}
	if a := (&Letters{}).Carry(t.Context(), d, Attempt{At: now.Add(2 * time.Hour)}); a.Verdict != Refused || a.Fault != "it comes too late" {
		t.Errorf("%+v", a)
	}
	if _, why := open(d, Attempt{At: now}); why != "" {
		t.Errorf("in time: %s", why)
	}
	if a := (&Texts{}).Carry(t.Context(), queue.Delivery{Payload: []byte("x")}, Attempt{}); a.Verdict != Refused {
		t.Errorf("not a letter: %+v", a)
	}
}

// diary remembers the times it was asked for.
type diary struct {
	asked []time.Time
	due   []Reminder
	err   error
}

func (d *diary) Due(_ context.Context, from, to time.Time) ([]Reminder, error) {
	d.asked = append(d.asked, from, to)
	return d.due, d.err
}

func TestRemindersAreSentOnceWhateverHappens(t *testing.T) {
	r := newRig(t)
	now := time.Now().Truncate(time.Millisecond)
	r.Now = func() time.Time { return now }
	start := now.Add(10 * time.Minute)
	unwritable := occasion(letter.Reminder, 0, start)
	unwritable.Meeting.Zone = "Mars/Olympus"
	d := &diary{due: []Reminder{
		{Company: "acme", Occasion: unwritable, Mail: true},
		{Company: "acme", Occasion: occasion(letter.Reminder, 0, start), Mail: true, SMS: true},
	}}
	remind := func() {
		t.Helper()
		if err := r.RemindOnce(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	remind()
	now = now.Add(time.Minute)
	remind() // the same once more, as after a crash
	now = now.Add(time.Minute)
	d.err = errors.New("not leading")
	if err := r.RemindOnce(t.Context(), d); err == nil {
		t.Error("a failure is not told")
	}
	d.err = nil
	now = now.Add(10 * time.Hour) // the cluster was away
	remind()
	if letters, texts := len(r.log(t, MailEndpoint)), len(r.log(t, SMSEndpoint)); letters != 1 || texts != 1 {
		t.Errorf("%d letters and %d SMS", letters, texts)
	}
	first := d.asked[1]
	for i, want := range []time.Duration{-remindBack, 0, 0, time.Minute, time.Minute, 2 * time.Minute, 602*time.Minute - remindBack, 602 * time.Minute} {
		if got := d.asked[i].Sub(first); got != want {
			t.Errorf("asked %d: %v, want %v", i, got, want)
		}
	}
}
