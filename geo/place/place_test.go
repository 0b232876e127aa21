package place

import (
	"errors"
	"math"
	"testing"
	"time"
)

func TestParseKnowsDegreesZonesAndCountries(t *testing.T) {
	for text, want := range map[string]Point{
		"50.11,8.68": {50.11, 8.68}, " -33.9 , 151.2": {-33.9, 151.2}, "90,-180": {90, -180},
		"Europe/Berlin": {52.5, 13.37}, "Asia/Calcutta": {22.53, 88.37}, "Asia/Kolkata": {22.53, 88.37},
		"DE": {52.5, 13.37}, "RU": {55.76, 37.62}, "US": {41.85, -87.65},
	} {
		if got, err := Parse(text); err != nil || got != want {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "50", "50,", ",8", "91,0", "0,181", "NaN,0", "0,Inf", "1e400,0", "de", "Berlin", "Etc/UTC", "ZZ", "50,8,1"} {
		if got, err := Parse(text); !errors.Is(err, ErrUnknown) {
			t.Errorf("%q is %v, %v", text, got, err)
		}
	}
}

func TestEveryPlaceOfTheTableIsOnEarth(t *testing.T) {
	countries, zones := 0, 0
	for name, p := range places() {
		if !p.Valid() || p == (Point{}) {
			t.Errorf("%s is at %v", name, p)
		}
		if _, ok := Zone(name); ok {
			zones++
		} else if _, ok := Country(name); ok {
			countries++
		} else {
			t.Errorf("%q is neither a zone nor a country", name)
		}
	}
	if countries < 240 || zones < 500 {
		t.Errorf("%d countries, %d zones", countries, zones)
	}
}

func TestDistanceIsThatOfTheGreatCircle(t *testing.T) {
	frankfurt, washington, sydney := Point{50.11, 8.68}, Point{38.9, -77.04}, Point{-33.87, 151.21}
	for _, c := range []struct {
		from, to Point
		km       float64
	}{
		{frankfurt, frankfurt, 0}, {frankfurt, washington, 6550}, {frankfurt, sydney, 16490},
		{Point{0, 179.5}, Point{0, -179.5}, 111}, {Point{90, 0}, Point{-90, 77}, 20015},
	} {
		if got := c.from.Distance(c.to); math.Abs(got-c.km) > 20 {
			t.Errorf("%v to %v: %.0f km, want %.0f", c.from, c.to, got, c.km)
		}
		if there, back := c.from.Distance(c.to), c.to.Distance(c.from); math.Abs(there-back) > 1e-6 {
			t.Errorf("%v to %v: %v there, %v back", c.from, c.to, there, back)
		}
	}
}

func TestRoundTripsGrowWithTheDistance(t *testing.T) {
	home := Point{50.11, 8.68}
	near, far := home.RoundTrip(Point{52.5, 13.4}), home.RoundTrip(Point{38.9, -77.04})
	if home.RoundTrip(home) != lastMile || near < 10*time.Millisecond || near > 20*time.Millisecond || far < 90*time.Millisecond || far > 130*time.Millisecond {
		t.Error(home.RoundTrip(home), near, far)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"50.11,8.68", "Europe/Berlin", "DE", "NaN,NaN", "-0,1e3", ",", "America/Argentina/Buenos_Aires"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := Parse(s)
		if err == nil && !p.Valid() {
			t.Errorf("%q is %v", s, p)
		}
		if km := p.Distance(Point{10, 20}); !(km >= 0 && km < 20_100) {
			t.Errorf("%q is %v km away", s, km)
		}
	})
}
