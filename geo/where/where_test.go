package where

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/meridian-video/meridian/geo/place"
)

func written(t *testing.T, content []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "places.mmdb")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestAddressesAreFoundByCityOrCountryInEveryForm(t *testing.T) {
	d, err := Open(written(t, sample()))
	if err != nil {
		t.Fatal(err)
	}
	country := func(code string) place.Point { p, _ := place.Country(code); return p }
	for address, want := range map[string]place.Point{
		"198.51.100.7": {Lat: 50.11, Lon: 8.68}, "::ffff:198.51.100.7": {Lat: 50.11, Lon: 8.68}, "203.0.113.5": country("AU"), "203.0.113.200": country("US"),
		"2a00:1450::1": {Lat: 1.35, Lon: 103.8}, "2001:db8:1234::1": country("JP"),
	} {
		if got, ok := d.Find(netip.MustParseAddr(address)); !ok || got != want {
			t.Errorf("%s is at %v, %v", address, got, ok)
		}
	}
	if d.Built().Year() != 2026 {
		t.Error(d.Built())
	}
}

func TestWhatIsNotKnownIsNowhere(t *testing.T) {
	d, err := Open(written(t, sample()))
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"192.0.2.1", "198.18.0.1", "8.8.8.8", "10.1.2.3", "127.0.0.1", "::1", "fe80::1%eth0", "2001:db8::1"} {
		if at, ok := d.Find(netip.MustParseAddr(address)); ok {
			t.Errorf("%s is at %v", address, at)
		}
	}
	if _, ok := d.Find(netip.Addr{}); ok {
		t.Error("no address is somewhere")
	}
	if _, ok := (*Database)(nil).Find(netip.MustParseAddr("198.51.100.7")); ok {
		t.Error("no database knows a place")
	}
}

func TestAReloadTakesTheNewFileAndRefusesABrokenOne(t *testing.T) {
	file := written(t, sample())
	d, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	at := netip.MustParseAddr("198.51.100.7")
	for _, content := range broken()[:2] {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := d.Reload(); !errors.Is(err, ErrDatabase) {
			t.Errorf("reload says %v", err)
		}
		if _, ok := d.Find(at); !ok {
			t.Error("a broken file took away what was read")
		}
	}
	moved := database(map[string]map[string]any{"198.51.100.0/24": {"country_code": "FR"}})
	if err := os.WriteFile(file, moved, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Reload(); err != nil {
		t.Fatal(err)
	}
	if got, ok := d.Find(at); !ok || got.Lat < 48 || got.Lat > 49 {
		t.Errorf("after the reload: %v, %v", got, ok)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := d.Reload(); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	if _, err := Open(file); err == nil {
		t.Error("a missing file was opened")
	}
}

// A broken database is refused or knows nothing; it breaks nobody.
func FuzzFind(f *testing.F) {
	f.Add(sample(), []byte{198, 51, 100, 7})
	for _, content := range broken() {
		f.Add(content, []byte{203, 0, 113, 5})
	}
	f.Fuzz(func(t *testing.T, content, address []byte) {
		r, err := read(content)
		if err != nil {
			return
		}
		a, ok := netip.AddrFromSlice(address)
		if !ok {
			a = netip.AddrFrom4([4]byte{198, 51, 100, 7})
		}
		if p, ok := find(r, a); ok && !p.Valid() {
			t.Errorf("%v is at %v", a, p)
		}
	})
}
