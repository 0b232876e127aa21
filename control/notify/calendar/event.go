package calendar

import (
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Method is what a calendar should do with an event (RFC 5546 section 1.4).
type Method string

// The methods.
const (
	Request Method = "REQUEST" // an invitation, or its update by a higher sequence
	Cancel  Method = "CANCEL"
)

// ErrEvent is returned when an event cannot be written.
var ErrEvent = errors.New("not a calendar event")

// Person is an organiser or attendee.
type Person struct {
	Name  string
	Email string // address alone
}

// Event is a meeting as calendars show it.
type Event struct {
	UID         string // the same for all changes of a meeting
	Sequence    int    // rises with every change
	Stamp       time.Time
	Start       time.Time
	Duration    time.Duration
	Zone        string // IANA name; "" is UTC
	Summary     string
	Description string
	URL         string
	Organizer   Person
	Attendees   []Person
}

// product names who wrote a file (RFC 5545 section 3.7.3): nobody, since it goes
// out in the name of a company.
const product = "-//Meetings//Meetings//EN"

// Encode writes the file. ErrEvent where a field is missing or cannot be written.
func Encode(m Method, e Event) ([]byte, error) {
	zone, err := e.check(m)
	if err != nil {
		return nil, err
	}
	var w writer
	w.line("BEGIN:VCALENDAR")
	w.line("PRODID:" + product)
	w.line("VERSION:2.0")
	w.line("CALSCALE:GREGORIAN")
	w.line("METHOD:" + string(m))
	if zone != time.UTC {
		w.zone(zone, e.Start)
	}
	w.event(m, e, zone)
	w.line("END:VCALENDAR")
	return w.Bytes(), nil
}

func (e Event) check(m Method) (*time.Location, error) {
	zone, err := time.LoadLocation(e.Zone)
	switch {
	case m != Request && m != Cancel:
		return nil, fmt.Errorf("%w: method %q", ErrEvent, m)
	case e.UID == "" || strings.ContainsFunc(e.UID, control):
		return nil, fmt.Errorf("%w: no UID", ErrEvent)
	case e.Sequence < 0 || e.Duration <= 0:
		return nil, fmt.Errorf("%w: sequence or duration below its least", ErrEvent)
	case e.Start.Year() < 1970 || e.Start.Year() > 9998:
		return nil, fmt.Errorf("%w: the year %d", ErrEvent, e.Start.Year())
	case err != nil || zone == time.Local:
		return nil, fmt.Errorf("%w: no time zone %q", ErrEvent, e.Zone)
	}
	for _, p := range append([]Person{e.Organizer}, e.Attendees...) {
		if a, err := mail.ParseAddress(p.Email); err != nil || a.Address != p.Email {
			return nil, fmt.Errorf("%w: %q is no address", ErrEvent, p.Email)
		}
	}
	if u, err := url.Parse(e.URL); err != nil || strings.ContainsFunc(e.URL, control) || e.URL != "" && u.Scheme != "https" {
		return nil, fmt.Errorf("%w: the URL", ErrEvent)
	}
	return zone, nil
}

func (w *writer) event(m Method, e Event, zone *time.Location) {
	w.line("BEGIN:VEVENT")
	w.text("UID", e.UID)
	w.line("SEQUENCE:" + strconv.Itoa(e.Sequence))
	w.line("DTSTAMP:" + e.Stamp.UTC().Format(instant))
	w.time("DTSTART", e.Start, zone)
	w.time("DTEND", e.Start.Add(e.Duration), zone)
	w.text("SUMMARY", e.Summary)
	if e.Description != "" {
		w.text("DESCRIPTION", e.Description)
	}
	if e.URL != "" {
		w.text("LOCATION", e.URL)
		w.line("URL:" + e.URL)
	}
	w.person("ORGANIZER", "", e.Organizer)
	for _, p := range e.Attendees {
		w.person("ATTENDEE", ";ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE", p)
	}
	status := "CONFIRMED"
	if m == Cancel {
		status = "CANCELLED"
	}
	w.line("STATUS:" + status)
	w.line("END:VEVENT")
}
