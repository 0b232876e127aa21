// Package atlas holds cities and coastlines: where things are on a map, as roughly as a
// map of the world or a simulated network needs it. It is no register of places, knows no
// nodes and imports nothing of this repository.
package atlas

import (
	_ "embed"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
)

// Point is a place on the globe, in degrees; north and east are positive.
type Point struct {
	Lat, Lon float64
}

// City is a city with its surroundings.
type City struct {
	Code    string // three letters, mostly those of its airport
	Name    string
	Country string // ISO 3166-1, two letters
	Region  string // cities between which a packet takes little time, e.g. eu-central
	Point
	People float64 // millions
}

//go:embed cities.txt
var cities string

//go:embed land.txt
var land string

// Cities are about 340 cities, spread as people are, in the order of their regions. The
// slice is the caller's.
func Cities() []City { return append([]City(nil), parsedCities()...) }

// Find returns the city with a code.
func Find(code string) (City, bool) {
	for _, c := range parsedCities() {
		if c.Code == code {
			return c, true
		}
	}
	return City{}, false
}

// Land are the coastlines of the larger lands as closed rings, without Antarctica. They
// must not be changed.
func Land() [][]Point { return parsedLand() }

// The files are ours and tested: what is wrong with them is a bug.
var (
	parsedCities = sync.OnceValue(func() []City { return parse(cities, city) })
	parsedLand   = sync.OnceValue(func() [][]Point { return parse(land, ring) })
)

func parse[T any](text string, one func(fields []string) (T, error)) []T {
	var all []T
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		v, err := one(strings.Fields(line))
		if err != nil {
			panic(fmt.Sprintf("atlas: %q: %v", line, err))
		}
		all = append(all, v)
	}
	return all
}

func city(fields []string) (City, error) {
	if len(fields) < 7 {
		return City{}, fmt.Errorf("%d fields", len(fields))
	}
	at, err := point(fields[3], fields[4])
	if err != nil {
		return City{}, err
	}
	people, err := strconv.ParseFloat(fields[5], 64)
	return City{Code: fields[0], Country: fields[1], Region: fields[2], Point: at, People: people, Name: strings.Join(fields[6:], " ")}, err
}

func ring(fields []string) ([]Point, error) {
	points := make([]Point, 0, len(fields))
	for _, f := range fields {
		lon, lat, _ := strings.Cut(f, ",")
		p, err := point(lat, lon)
		if err != nil {
			return nil, err
		}
		points = append(points, p)
	}
	return points, nil
}

func point(lat, lon string) (Point, error) {
	y, err := strconv.ParseFloat(lat, 64)
	if err != nil {
		return Point{}, err
	}
	x, err := strconv.ParseFloat(lon, 64)
	if err == nil && (math.Abs(y) > 90 || math.Abs(x) > 180) {
		err = fmt.Errorf("no place on the globe")
	}
	return Point{Lat: y, Lon: x}, err
}
