package api

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/meridian-video/meridian/control/state"
)

// Effective is what holds for a company, and by whom.
type Effective struct {
	Hosts    []string  `json:"hosts" doc:"Host names under which the company's rooms open, the preferred one first."`
	Default  bool      `json:"default" doc:"Its rooms also open under every host name that is nobody's."`
	Settings []Setting `json:"settings" doc:"Every setting there is."`
}

// Setting is one setting of a company, and what would hold without the company's own choice.
type Setting struct {
	Name          string `json:"name" example:"lobby"`
	Value         any    `json:"value,omitempty" doc:"Absent: nobody has chosen, and the platform does as it does."`
	From          string `json:"from,omitempty" enum:"platform,reseller,company" doc:"Who has chosen the value."`
	Inherited     any    `json:"inherited,omitempty" doc:"What would hold without the company's own choice."`
	InheritedFrom string `json:"inherited_from,omitempty" enum:"platform,reseller"`
}

type companyPath struct {
	Company string `path:"company" maxLength:"64" doc:"Id of the company."`
}

type effectiveOut struct{ Body Effective }

func (a *API) registerSettings() {
	register(a, operation{
		method: http.MethodGet, path: "/companies/{company}/settings", id: "get-settings", summary: "Read what holds for a company",
		tag: "settings", scope: "companies:read", status: http.StatusOK,
		about: "Settings are chosen by the platform, a reseller and the company, the last one that has chosen wins. They are changed where they are chosen: by a change of the company, for one.",
		answer: Effective{Hosts: []string{"meet.acme.example"}, Settings: []Setting{
			{Name: "jwt_mandatory", Value: true, From: "company"},
			{Name: "locale", Value: "en", From: "platform", Inherited: "en", InheritedFrom: "platform"},
			{Name: "lobby"},
		}},
	}, a.getSettings)
}

func (a *API) getSettings(ctx context.Context, _ *companyPath) (*effectiveOut, error) {
	of, err := companyOf(ctx)
	if err != nil {
		return nil, err
	}
	v := callOf(ctx).view
	r, _ := state.Get[state.Reseller](v, of.Reseller)
	p := v.Platform()
	return &effectiveOut{Effective{
		Hosts: hostsOf(v, of), Default: p.DefaultCompany == of.ID, Settings: effective(p.Settings, r.Settings, of.Settings),
	}}, nil
}

// hostsOf are the names of a company: those of its own, then the one below its reseller's or the platform's.
func hostsOf(v *state.View, of state.Company) []string {
	out := []string{}
	for d := range state.List[state.RoomDomain](v, of.ID, "") {
		out = append(out, d.FQDN)
	}
	if of.Subdomain == "" {
		return out
	}
	if of.Reseller == "" {
		if zone := v.Platform().Zone; zone != "" {
			out = append(out, of.Subdomain+"."+zone)
		}
		return out
	}
	for d := range state.List[state.RootDomain](v, state.OfReseller(of.Reseller), "") {
		out = append(out, of.Subdomain+"."+d.FQDN)
	}
	return out
}

// effective lists all settings with the last level that has each.
func effective(platform, reseller, company state.Settings) []Setting {
	levels := []struct {
		name string
		of   reflect.Value
	}{{"platform", reflect.ValueOf(platform)}, {"reseller", reflect.ValueOf(reseller)}, {"company", reflect.ValueOf(company)}}
	var out []Setting
	for i := range levels[0].of.NumField() {
		name, _, _ := strings.Cut(levels[0].of.Type().Field(i).Tag.Get("json"), ",")
		s := Setting{Name: name}
		for _, level := range levels {
			f := level.of.Field(i)
			if f.IsNil() {
				continue
			}
			s.Value, s.From = f.Elem().Interface(), level.name
			if level.name != "company" {
				s.Inherited, s.InheritedFrom = s.Value, s.From
			}
		}
		out = append(out, s)
	}
	return out
}
