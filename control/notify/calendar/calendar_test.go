package calendar

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func sample(zone string, start time.Time) Event {
	return Event{
		UID: "m-81@acme.example", Sequence: 2, Stamp: time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC), Start: start, Duration: 90 * time.Minute, Zone: zone,
		Summary: "Budget; plan, \\ and more", Description: "First line\nsecond line, with a text that is long enough to be folded: Встреча по бюджету следующего года",
		URL: "https://meet.acme.example/rooms/daily", Organizer: Person{`Ann "the Boss"`, "ann@acme.example"},
		Attendees: []Person{{"Борис Ёлкин", "boris@example.org"}, {"", "carl@example.net"}},
	}
}

var winter, summer = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), time.Date(2026, 7, 20, 12, 0, 0, 0, time.UTC)

func TestFilesAreGolden(t *testing.T) {
	tests := map[string]struct {
		method Method
		event  Event
	}{
		"berlin-winter":   {Request, sample("Europe/Berlin", winter)},
		"berlin-summer":   {Request, sample("Europe/Berlin", summer)},
		"moscow":          {Request, sample("Europe/Moscow", winter)},
		"kolkata":         {Request, sample("Asia/Kolkata", winter)},
		"dublin":          {Request, sample("Europe/Dublin", winter)}, // whose winter time is the exception
		"lord-howe":       {Request, sample("Australia/Lord_Howe", winter)},
		"new-york-cancel": {Cancel, sample("America/New_York", winter)},
		"utc":             {Request, sample("", winter)},
	}
	for name, tt := range tests {
		got, err := Encode(tt.method, tt.event)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", name+".ics")
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not as kept (-update rewrites it): %v\n%s", name, err, got)
		}
		judge(t, name, got, tt.event)
	}
}

// judge lets another's parser read a file.
func judge(t *testing.T, name string, file []byte, want Event) {
	t.Helper()
	c, err := ics.ParseCalendar(bytes.NewReader(file))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(c.Events()) != 1 {
		t.Fatalf("%s has %d events", name, len(c.Events()))
	}
	e := c.Events()[0]
	start, err := e.GetStartAt()
	if err != nil || !start.Equal(want.Start) {
		t.Errorf("%s starts at %v, %v", name, start, err)
	}
	if end, err := e.GetEndAt(); err != nil || !end.Equal(want.Start.Add(want.Duration)) {
		t.Errorf("%s ends at %v, %v", name, end, err)
	}
	for property, value := range map[ics.ComponentProperty]string{
		ics.ComponentPropertyUniqueId: want.UID, ics.ComponentPropertySequence: "2",
		ics.ComponentPropertySummary: want.Summary, ics.ComponentPropertyDescription: want.Description,
	} {
		if p := e.GetProperty(property); p == nil || p.Value != value {
			t.Errorf("%s: %s is %+v, want %q", name, property, p, value)
		}
	}
	if n := len(e.Attendees()); n != 2 || e.Attendees()[0].Email() != "boris@example.org" {
		t.Errorf("%s has %d attendees", name, n)
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(string(file), "\r\n"), "\r\n") {
		if len(line) > maxLine || !utf8.ValidString(line) || strings.ContainsAny(line, "\r\n") {
			t.Errorf("%s: line %q", name, line)
		}
	}
}

// The rules written for a zone must give every time of the event the offset that Go knows.
func TestObservancesGiveTheOffset(t *testing.T) {
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kathmandu", "America/Sao_Paulo", "Africa/Casablanca", "Pacific/Apia", "America/St_Johns"} {
		for month := range 24 {
			at := time.Date(2026, time.Month(1+month), 15, 3, 0, 0, 0, time.UTC)
			file, err := Encode(Request, sample(zone, at))
			if err != nil {
				t.Fatal(err)
			}
			location, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			_, want := at.In(location).Zone()
			if got := inForce(string(file), at.In(location).Format(local)); got != offset(want) {
				t.Errorf("%s at %v: offset %s, want %s", zone, at, got, offset(want))
			}
		}
	}
}

// inForce is the offset of the newest observance that began before a local time.
func inForce(file, at string) (found string) {
	newest, begin := "", ""
	for line := range strings.SplitSeq(file, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "DTSTART":
			begin = value
		case "TZOFFSETTO":
			if begin <= at && begin >= newest {
				newest, found = begin, value
			}
		}
	}
	return found
}

func TestWhatCannotBeWrittenIsRefused(t *testing.T) {
	for name, change := range map[string]func(*Event){
		"no uid":          func(e *Event) { e.UID = "" },
		"uid of lines":    func(e *Event) { e.UID = "a\r\nMETHOD:CANCEL" },
		"zone":            func(e *Event) { e.Zone = "Mars/Olympus" },
		"machine's zone":  func(e *Event) { e.Zone = "Local" },
		"address":         func(e *Event) { e.Attendees[0].Email = "a@b.c\r\nX:y" },
		"name as address": func(e *Event) { e.Organizer.Email = "Ann <ann@acme.example>" },
		"url":             func(e *Event) { e.URL = "javascript:alert(1)" },
		"url of lines":    func(e *Event) { e.URL = "https://x.example/\r\nX:y" },
		"no duration":     func(e *Event) { e.Duration = 0 },
		"year":            func(e *Event) { e.Start = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		e := sample("Europe/Berlin", winter)
		change(&e)
		if _, err := Encode(Request, e); !errors.Is(err, ErrEvent) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Encode("PUBLISH", sample("", winter)); !errors.Is(err, ErrEvent) {
		t.Errorf("method: %v", err)
	}
}

// FuzzEncode holds that no text of a user's makes lines of its own.
func FuzzEncode(f *testing.F) {
	f.Add("Summary", "Ann", "text")
	f.Add("a\r\nEND:VEVENT", "b\"\nX:", "\\n\u2028\x00\xff")
	f.Add("0", "\\", "\xff")
	usual, err := Encode(Request, sample("Europe/Berlin", winter))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, summary, name, description string) {
		e := sample("Europe/Berlin", winter)
		e.Summary, e.Organizer.Name, e.Description = summary, name, description
		file, err := Encode(Request, e)
		if err != nil {
			t.Fatal(err)
		}
		c, err := ics.ParseCalendar(bytes.NewReader(file))
		if err != nil || len(c.Events()) != 1 || len(c.Components) != 2 {
			t.Fatalf("%v: %s", err, file)
		}
		if got, want := names(file), names(usual); got != strings.ReplaceAll(want, "DESCRIPTION ", "") && got != want {
			t.Errorf("lines %s in %s", got, file)
		}
	})
}

// names are the properties of a file.
func names(file []byte) string {
	var b strings.Builder
	for line := range strings.SplitSeq(strings.ReplaceAll(string(file), "\r\n ", ""), "\r\n") {
		b.WriteString(line[:max(strings.IndexAny(line, ":;"), 0)] + " ")
	}
	return b.String()
}
