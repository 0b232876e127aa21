package api_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/meridian-video/meridian/control/api"
	"github.com/meridian-video/meridian/control/state"
)

func (c caller) effective(company string) (api.Effective, map[string]api.Setting) {
	c.p.t.Helper()
	var e api.Effective
	c.want(200, "GET", "/api/v1/companies/"+company+"/settings", nil, &e)
	by := map[string]api.Setting{}
	for _, s := range e.Settings {
		by[s.Name] = s
	}
	return e, by
}

func TestSettingsSayWhoHasChosen(t *testing.T) {
	p := newPlatform(t)
	p.root.want(201, "POST", "/api/v1/resellers", m{"id": "northwind", "name": "Northwind", "settings": m{"lobby": true, "locale": "ru"}}, nil)
	p.root.want(200, "PATCH", "/api/v1/platform", m{"settings": m{"locale": "en", "history_days": 90}}, nil)
	p.root.want(201, "POST", "/api/v1/companies", m{"id": "acme", "name": "ACME", "reseller": "northwind", "settings": m{"lobby": false}}, nil)
	_, got := p.root.effective("acme")
	want := map[string]api.Setting{
		"lobby":         {Name: "lobby", Value: false, From: "company", Inherited: true, InheritedFrom: "reseller"},
		"locale":        {Name: "locale", Value: "ru", From: "reseller", Inherited: "ru", InheritedFrom: "reseller"},
		"history_days":  {Name: "history_days", Value: 90.0, From: "platform", Inherited: 90.0, InheritedFrom: "platform"},
		"jwt_mandatory": {Name: "jwt_mandatory"},
	}
	for name, s := range want {
		if got[name] != s {
			t.Errorf("%s: %+v, want %+v", name, got[name], s)
		}
	}
	if n := reflect.TypeFor[state.Settings]().NumField(); len(got) != n {
		t.Errorf("%d settings, there are %d", len(got), n)
	}
}

func TestSettingsSayUnderWhichNamesRoomsOpen(t *testing.T) {
	p := newPlatform(t)
	p.root.want(201, "POST", "/api/v1/resellers", m{"id": "northwind", "name": "Northwind"}, nil)
	p.root.want(201, "POST", "/api/v1/resellers/northwind/root-domains", m{"fqdn": "conf.example.com"}, nil)
	own := p.company("plain")
	p.root.want(201, "POST", "/api/v1/companies", m{"id": "acme", "name": "ACME", "reseller": "northwind", "subdomain": "acme"}, nil)
	p.root.want(201, "POST", "/api/v1/companies/acme/domains", m{"fqdn": "meet.acme.example"}, nil)
	p.root.want(200, "PATCH", "/api/v1/platform", m{"zone": "meet.example.net", "default_company": "plain"}, nil)
	p.root.want(200, "PATCH", "/api/v1/companies/plain", m{"subdomain": "plain"}, nil)

	e, _ := p.root.effective("acme")
	if want := []string{"meet.acme.example", "acme.conf.example.com"}; !slices.Equal(e.Hosts, want) || e.Default {
		t.Errorf("acme: %v, default %v", e.Hosts, e.Default)
	}
	e, _ = own.effective("plain")
	if want := []string{"plain.meet.example.net"}; !slices.Equal(e.Hosts, want) || !e.Default {
		t.Errorf("plain: %v, default %v", e.Hosts, e.Default)
	}
	own.refused(404, "not_found", "", "GET", "/api/v1/companies/acme/settings", nil)
}
