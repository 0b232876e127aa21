package tenant

import (
	"testing"

	"github.com/meridian-video/meridian/control/state"
)

func TestRoomsAreFoundUnderTheCompanysOwnNameFirst(t *testing.T) {
	o := newOffice(t)
	o.do(&state.InitPlatform{Epoch: "e"})
	o.do(&state.UpdatePlatform{Set: []byte(`{"zone":"meet.example.net"}`)})
	o.do(state.Add(state.KindCompany, "own", "", state.CompanySpec{Name: "Own", Subdomain: "own"}))
	o.do(state.Add(state.KindCompany, "none", "", state.CompanySpec{Name: "None"}))
	at := func(id string) string {
		c, _ := state.Get[state.Company](o.View(), id)
		return o.View().HostOf(c)
	}
	if got := at("acme"); got != "meet.acme.example" {
		t.Errorf("with a domain: %q", got)
	}
	o.do(&state.Delete{Kind: state.KindDomain, ID: "meet.acme.example", Company: "acme"})
	if got := at("acme"); got != "" {
		t.Errorf("of a reseller without a root domain: %q", got)
	}
	o.do(state.Add(state.KindRootDomain, "d", "", state.RootDomainSpec{FQDN: "conf.nw.example", Reseller: "nw"}))
	for id, want := range map[string]string{"acme": "acme.conf.nw.example", "own": "own.meet.example.net", "none": ""} {
		if got := at(id); got != want {
			t.Errorf("%s: %q, want %q", id, got, want)
		}
	}
}

func TestACompanyWithoutANameSendsNoLink(t *testing.T) {
	o := newOffice(t)
	o.do(&state.Delete{Kind: state.KindDomain, ID: "meet.acme.example", Company: "acme"})
	o.meeting("m1")
	if letters := o.write(); len(letters) != 1 || letters[0].Meeting.Link != "" {
		t.Errorf("%+v", letters)
	}
}
