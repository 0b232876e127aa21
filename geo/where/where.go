// Package where says where on Earth a network address is, by a database of the
// operator's: a file in the MaxMind DB format, of cities or of countries.
//
// It brings no database and fetches none. What it says is rough, wrong for
// travellers and VPNs, and serves to order sites, never to refuse anybody. It
// keeps and logs no address.
package where

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"github.com/oschwald/maxminddb-golang/v2"

	"github.com/meridian-video/meridian/geo/place"
)

// ErrDatabase is returned for a file that is no database of places.
var ErrDatabase = errors.New("is no MaxMind DB of cities or countries")

// Database is an operator's file. All methods may be called from any goroutine.
type Database struct {
	file    string
	current atomic.Pointer[maxminddb.Reader]
}

// Open reads a database into memory, where a file that is overwritten cannot
// break it.
func Open(file string) (*Database, error) {
	d := &Database{file: file}
	return d, d.Reload()
}

// Reload reads the file again. On an error what was read before stays.
func (d *Database) Reload() error {
	content, err := os.ReadFile(d.file)
	if err != nil {
		return fmt.Errorf("read places of addresses: %w", err)
	}
	r, err := read(content)
	if err != nil {
		return fmt.Errorf("%s %w", d.file, err)
	}
	d.current.Store(r)
	return nil
}

func read(content []byte) (*maxminddb.Reader, error) {
	r, err := maxminddb.OpenBytes(content)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDatabase, err)
	}
	return r, nil
}

// Built is when the database's maker made it.
func (d *Database) Built() time.Time { return d.current.Load().Metadata.BuildTime() }

// Find is where an address is; false where the database does not know.
func (d *Database) Find(a netip.Addr) (place.Point, bool) {
	if d == nil {
		return place.Point{}, false
	}
	return find(d.current.Load(), a)
}

// record is what the makers of such databases write, those of flat ones too.
type record struct {
	Location struct {
		Lat *float64 `maxminddb:"latitude"`
		Lon *float64 `maxminddb:"longitude"`
	} `maxminddb:"location"`
	Country struct {
		Code string `maxminddb:"iso_code"`
	} `maxminddb:"country"`
	FlatLat  *float64 `maxminddb:"latitude"`
	FlatLon  *float64 `maxminddb:"longitude"`
	FlatCode string   `maxminddb:"country_code"`
}

func find(r *maxminddb.Reader, a netip.Addr) (place.Point, bool) {
	var is record
	if a = a.Unmap(); !a.IsGlobalUnicast() || a.IsPrivate() || r.Lookup(a).Decode(&is) != nil {
		return place.Point{}, false
	}
	for _, at := range [][2]*float64{{is.Location.Lat, is.Location.Lon}, {is.FlatLat, is.FlatLon}} {
		if at[0] == nil || at[1] == nil {
			continue
		}
		if p := (place.Point{Lat: *at[0], Lon: *at[1]}); p.Valid() {
			return p, true
		}
	}
	if p, ok := place.Country(is.Country.Code); ok {
		return p, true
	}
	return place.Country(is.FlatCode)
}
