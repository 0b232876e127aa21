package place

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

//go:generate go run generate.go

// The table has a line for each time zone, its former names too, and for each
// country: name, latitude, longitude, by tabs. A country stands where most of its
// people live, as far as one of its time zones is named after a city there.
//
//go:embed places.tsv
var table string

var places = sync.OnceValue(func() map[string]Point {
	all := make(map[string]Point, 800)
	for line := range strings.Lines(table) {
		name, at, _ := strings.Cut(strings.TrimSpace(line), "\t")
		lat, lon, ok := strings.Cut(at, "\t")
		if !ok {
			continue // a comment
		}
		p := Point{}
		p.Lat, _ = strconv.ParseFloat(lat, 64) // a test reads them all
		p.Lon, _ = strconv.ParseFloat(lon, 64)
		all[name] = p
	}
	return all
})

// Zone is where a time zone's first city is, by its name in the IANA database.
func Zone(name string) (Point, bool) {
	if !strings.Contains(name, "/") {
		return Point{}, false
	}
	p, ok := places()[name]
	return p, ok
}

// Country is where a country's people are, by its code in capitals (ISO 3166-1
// alpha-2).
func Country(code string) (Point, bool) {
	if len(code) != 2 {
		return Point{}, false
	}
	p, ok := places()[code]
	return p, ok
}
