package client

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/meridian-video/meridian/control/apikey"
	"github.com/meridian-video/meridian/control/feed"
	"github.com/meridian-video/meridian/control/state"
)

// holding is a view of entities.
func holding(t *testing.T, all map[state.Kind][]state.Entity) *View {
	t.Helper()
	r := &replica{}
	take := func(f feed.Frame) {
		if _, err := r.apply(f); err != nil {
			t.Fatal(err)
		}
	}
	take(feed.Frame{Type: feed.TypeSnapshot, Index: 1, Epoch: "e"})
	n := 0
	for kind, list := range all {
		for _, e := range list {
			data, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			take(feed.Frame{Type: feed.TypePut, Kind: kind, Data: data})
			n++
		}
	}
	take(feed.Frame{Type: feed.TypeEnd, Index: 1, Count: n})
	return r.view()
}

func TestKeysOpenWhileTheyLast(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	good, expired, wrong := apikey.New("good"), apikey.New("old"), apikey.New("good")
	v := holding(t, map[state.Kind][]state.Entity{state.KindAPIKey: {
		&state.APIKey{Meta: state.Meta{ID: "good", Company: "acme"}, SecretHash: good.Hash()},
		&state.APIKey{Meta: state.Meta{ID: "old", Company: "acme"}, APIKeySpec: state.APIKeySpec{Expires: &now}, SecretHash: expired.Hash()},
		&state.APIKey{Meta: state.Meta{ID: "bare", Company: "acme"}},
	}})
	if k, ok := v.APIKey(good.Text(), now); !ok || k.Company != "acme" {
		t.Errorf("a good key opens %v of %q", ok, k.Company)
	}
	for name, text := range map[string]string{
		"expired": expired.Text(), "wrong secret": wrong.Text(), "without hash": apikey.New("bare").Text(), "unknown": apikey.New("no").Text(), "no key": "mrk_", "empty": "",
	} {
		if _, ok := v.APIKey(text, now); ok {
			t.Errorf("%s: it opens", name)
		}
	}
	if _, ok := (*View)(nil).APIKey(good.Text(), now); ok {
		t.Error("an empty copy opens")
	}
}

func TestAddressesOfACompanysServers(t *testing.T) {
	caller := func(id, company, cidr string) state.Entity {
		return &state.Caller{Meta: state.Meta{ID: id, Company: company}, CallerSpec: state.CallerSpec{CIDR: cidr}}
	}
	v := holding(t, map[state.Kind][]state.Entity{state.KindCaller: {
		caller("1", "acme", "192.0.2.0/24"), caller("2", "acme", "2001:db8::/32"), caller("3", "other", "198.51.100.7/32"),
	}})
	for text, want := range map[string]bool{
		"192.0.2.9": true, "::ffff:192.0.2.9": true, "2001:db8::1": true, "fe80::1%eth0": false, "192.0.3.1": false, "198.51.100.7": false,
	} {
		if got := v.Calls("acme", netip.MustParseAddr(text)); got != want {
			t.Errorf("%s calls: %v", text, got)
		}
	}
	if v.Calls("acme", netip.Addr{}) || (*View)(nil).Calls("acme", netip.MustParseAddr("192.0.2.9")) {
		t.Error("no address, and an empty copy, are nobody")
	}
}

func TestRoomsAskForAPOPByAnAlias(t *testing.T) {
	pop := func(id string, aliases ...string) state.Entity {
		return &state.POP{Meta: state.Meta{ID: id}, POPSpec: state.POPSpec{Aliases: aliases}}
	}
	v := holding(t, map[state.Kind][]state.Entity{state.KindPOP: {pop("iad", "serv4", "us", "na"), pop("syd", "serv41"), pop("fra"), pop("yul", "na", "serv")}})
	for room, want := range map[string]string{
		"serv4": "iad", "serv4hall": "iad", "serv41x": "syd", "usual": "iad", "serv0hall": "yul", "qwesfder4w4": "", "": "", "SERV4": "", "nano": "iad yul", "serv": "yul", "serv5": "yul",
	} {
		if got := strings.Join(v.HomePOPs(room), " "); got != want {
			t.Errorf("%q asks for %q, want %q", room, got, want)
		}
	}
}

func TestPOPsAreFoundByAnyOfTheirNames(t *testing.T) {
	v := holding(t, map[state.Kind][]state.Entity{state.KindPOP: {
		&state.POP{Meta: state.Meta{ID: "fra"}, POPSpec: state.POPSpec{Region: "eu", Country: "DE", Aliases: []string{"serv2", "nanomeet-eu"}}},
		&state.POP{Meta: state.Meta{ID: "lon"}, POPSpec: state.POPSpec{Region: "eu", Aliases: []string{"nanomeet-eu"}}},
		&state.POP{Meta: state.Meta{ID: "iad"}, POPSpec: state.POPSpec{Region: "na"}},
		&state.POP{Meta: state.Meta{ID: "gru"}},
	}})
	for name, want := range map[string]string{"fra": "fra", "serv2": "fra", "nanomeet-eu": "fra lon", "eu": "fra lon", "na": "iad", "serv": "", "": ""} {
		if got := strings.Join(v.POPsNamed(name), " "); got != want {
			t.Errorf("%q names %q, want %q", name, got, want)
		}
	}
	if p, ok := v.POP("fra"); !ok || p.Country != "DE" {
		t.Errorf("%+v, %v", p, ok)
	}
	if _, ok := v.POP("yul"); ok {
		t.Error("a POP that nobody made")
	}
}
