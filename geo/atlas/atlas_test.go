package atlas

import (
	"math"
	"slices"
	"testing"
)

func TestCitiesAreUniqueAndTheirRegionsHoldTogether(t *testing.T) {
	all := Cities()
	if len(all) < 300 {
		t.Fatalf("%d cities", len(all))
	}
	seen := map[string]bool{}
	for _, c := range all {
		if len(c.Code) != 3 || len(c.Country) != 2 || c.Region == "" || c.Name == "" || c.People <= 0 || c.People > 50 || seen[c.Code] {
			t.Errorf("%+v", c)
		}
		seen[c.Code] = true
		near := slices.ContainsFunc(all, func(o City) bool {
			return o.Code != c.Code && o.Region == c.Region && Distance(o.Point, c.Point) < 4000
		})
		if !near {
			t.Errorf("%s is far from all of %s", c.Code, c.Region)
		}
	}
}

// A wrong sign or swapped numbers put a city into the sea or onto another continent.
func TestCountriesHoldTogether(t *testing.T) {
	// Hawaii, the widths of Mexico, Canada, Brazil, Australia, Indonesia, China.
	wide := map[string]float64{"US": 8200, "MX": 3000, "CA": 4700, "BR": 4000, "AU": 4200, "ID": 3800, "CN": 2500, "IN": 2600}
	all := Cities()
	for _, a := range all {
		for _, b := range all {
			most := wide[a.Country]
			if most == 0 {
				most = 2000
			}
			if d := Distance(a.Point, b.Point); a.Country == b.Country && d > most {
				t.Errorf("%s and %s of %s are %.0f km apart", a.Name, b.Name, a.Country, d)
			}
		}
	}
}

func TestFind(t *testing.T) {
	if c, ok := Find("fra"); !ok || c.Name != "Frankfurt" || c.Region != "eu-central" {
		t.Errorf("%+v %v", c, ok)
	}
	if _, ok := Find("xxx"); ok {
		t.Error("found a city that is not there")
	}
}

func TestDistances(t *testing.T) {
	for _, test := range []struct {
		from, to string
		km       float64
	}{{"fra", "nyc", 6200}, {"lon", "syd", 16990}, {"sfo", "tyo", 8270}, {"fra", "fra", 0}, {"scl", "akl", 9660}} {
		a, _ := Find(test.from)
		b, _ := Find(test.to)
		if d := Distance(a.Point, b.Point); math.Abs(d-test.km) > 60 {
			t.Errorf("%s to %s: %.0f km, want about %.0f", test.from, test.to, d, test.km)
		}
	}
}

func TestArcsAreAsLongAsTheDistance(t *testing.T) {
	a, _ := Find("lon")
	for _, b := range Cities() {
		arc := Arc(a.Point, b.Point, 16)
		if len(arc) != 17 || Distance(arc[0], a.Point) > 1 || Distance(arc[16], b.Point) > 1 {
			t.Fatalf("%s: %v", b.Code, arc)
		}
		sum := 0.0
		for i := range 16 {
			sum += Distance(arc[i], arc[i+1])
		}
		if d := Distance(a.Point, b.Point); math.Abs(sum-d) > 1 {
			t.Errorf("%s: arc of %.0f km, distance %.0f", b.Code, sum, d)
		}
	}
}

// Most cities lie inside the coastlines; some on an island or a coast too fine for them.
func TestCitiesLieOnLand(t *testing.T) {
	dry := 0
	for _, c := range Cities() {
		if slices.ContainsFunc(Land(), func(r []Point) bool { return inside(r, c.Point) }) {
			dry++
		}
	}
	if all := len(Cities()); dry < all*3/4 {
		t.Errorf("%d of %d cities lie on land", dry, all)
	}
}

// inside counts how often a line to the east crosses the ring.
func inside(ring []Point, p Point) bool {
	odd := false
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		if (a.Lat > p.Lat) != (b.Lat > p.Lat) && p.Lon < a.Lon+(p.Lat-a.Lat)/(b.Lat-a.Lat)*(b.Lon-a.Lon) {
			odd = !odd
		}
	}
	return odd
}
