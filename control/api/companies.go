package api

import (
	"context"
	"net/http"

	"github.com/meridian-video/meridian/control/state"
)

type platformOut struct{ Body Platform }

// Platform is what stands above all companies.
type Platform struct {
	DefaultCompany string `json:"default_company,omitempty" doc:"Serves hosts that no room domain names."`
}

type platformPatch struct {
	Body struct {
		DefaultCompany *string `json:"default_company,omitempty" maxLength:"64" doc:"Empty for none."`
	}
}

func (a *api) registerPlatform() {
	register(a, operation(http.MethodGet, "/platform", "get-platform", "Read the platform's settings", "platform", 0),
		func(ctx context.Context, _ *empty) (*platformOut, error) {
			if err := platformOnly(ctx); err != nil {
				return nil, err
			}
			return &platformOut{Platform{callOf(ctx).view.Platform().DefaultCompany}}, nil
		})
	register(a, operation(http.MethodPatch, "/platform", "update-platform", "Change the platform's settings", "platform", 0),
		func(ctx context.Context, in *platformPatch) (*platformOut, error) {
			if err := platformOnly(ctx); err != nil {
				return nil, err
			}
			p := callOf(ctx).view.Platform()
			if in.Body.DefaultCompany != nil {
				var err error
				if p, err = propose[state.Platform](ctx, a, &state.SetDefaultCompany{Company: *in.Body.DefaultCompany}); err != nil {
					return nil, err
				}
			}
			return &platformOut{Platform{p.DefaultCompany}}, nil
		})
}

// CompanyPath names the company of a call.
type CompanyPath struct {
	Company string `path:"company" maxLength:"64" doc:"The company's id."`
}

type companyOut struct{ Body state.Company }

type companyIn struct {
	Body struct {
		ID              string `json:"id,omitempty" maxLength:"64" doc:"Chosen by the caller; made when absent."`
		Name            string `json:"name" minLength:"1" maxLength:"200"`
		OpenRooms       bool   `json:"open_rooms,omitempty" doc:"Ad-hoc rooms without a token."`
		JWTMandatory    bool   `json:"jwt_mandatory,omitempty" doc:"No entry without a token, open rooms or not."`
		MaxParticipants int    `json:"max_participants,omitempty" minimum:"0" maximum:"100000" doc:"Per room; 0 = the platform's default."`
	}
}

type companyPatch struct {
	CompanyPath
	Body struct {
		Name            *string `json:"name,omitempty" minLength:"1" maxLength:"200"`
		Status          *string `json:"status,omitempty" enum:"active,suspended"`
		OpenRooms       *bool   `json:"open_rooms,omitempty"`
		JWTMandatory    *bool   `json:"jwt_mandatory,omitempty"`
		MaxParticipants *int    `json:"max_participants,omitempty" minimum:"0" maximum:"100000"`
	}
}

func (a *api) registerCompanies() {
	register(a, operation(http.MethodGet, "/companies", "list-companies", "List companies", "companies", 0), a.listCompanies)
	register(a, operation(http.MethodPost, "/companies", "create-company", "Create a company", "companies", 201), a.createCompany)
	register(a, operation(http.MethodGet, "/companies/{company}", "get-company", "Read a company", "companies", 0), a.getCompany)
	register(a, operation(http.MethodPatch, "/companies/{company}", "update-company", "Change a company's settings", "companies", 0), a.updateCompany)
	register(a, operation(http.MethodDelete, "/companies/{company}", "delete-company", "Delete a company with everything it owns", "companies", 204), a.deleteCompany)
}

func (a *api) listCompanies(ctx context.Context, in *PageQuery) (*pageOut[state.Company], error) {
	start, err := in.start(ctx)
	if err != nil {
		return nil, err
	}
	c := callOf(ctx)
	walk := c.view.Companies(start)
	if !c.platform() {
		walk = func(yield func(state.Company) bool) {
			if own, ok := c.view.Company(c.key.Company); ok {
				yield(own)
			}
		}
	}
	return page(walk, start, in.Limit, func(c state.Company) string { return c.ID }, same), nil
}

func (a *api) createCompany(ctx context.Context, in *companyIn) (*companyOut, error) {
	if err := platformOnly(ctx); err != nil {
		return nil, err
	}
	b := in.Body
	if b.ID == "" {
		b.ID = NewID(a.now())
	}
	c, err := propose[state.Company](ctx, a, &state.CreateCompany{
		ID: b.ID, Company: b.Name, OpenRooms: b.OpenRooms, JWTMandatory: b.JWTMandatory, MaxParticipants: b.MaxParticipants,
	})
	return &companyOut{c}, err
}

func (a *api) getCompany(ctx context.Context, in *CompanyPath) (*companyOut, error) {
	c, err := company(ctx, in.Company)
	return &companyOut{c}, err
}

func (a *api) updateCompany(ctx context.Context, in *companyPatch) (*companyOut, error) {
	if _, err := company(ctx, in.Company); err != nil {
		return nil, err
	}
	b := in.Body
	if b.Status != nil || b.MaxParticipants != nil {
		// What a company pays for and whether it may meet at all is not its own to say.
		if err := platformOnly(ctx); err != nil {
			return nil, err
		}
	}
	c, err := propose[state.Company](ctx, a, &state.UpdateCompany{
		ID: in.Company, Company: b.Name, Status: b.Status, OpenRooms: b.OpenRooms, JWTMandatory: b.JWTMandatory, MaxParticipants: b.MaxParticipants,
	})
	return &companyOut{c}, err
}

func (a *api) deleteCompany(ctx context.Context, in *CompanyPath) (*empty, error) {
	if _, err := company(ctx, in.Company); err != nil {
		return nil, err
	}
	if err := platformOnly(ctx); err != nil {
		return nil, err
	}
	_, err := propose[state.Company](ctx, a, &state.DeleteCompany{ID: in.Company})
	return nil, err
}

type domainIn struct {
	CompanyPath
	Body struct {
		FQDN string `json:"fqdn" minLength:"1" maxLength:"253" doc:"Host name of meeting links, in ASCII form." example:"meet.example.com"`
	}
}

type domainPath struct {
	CompanyPath
	FQDN string `path:"fqdn" maxLength:"253"`
}

type domainOut struct{ Body state.RoomDomain }

type ownedQuery struct {
	CompanyPath
	PageQuery
}

func (a *api) registerDomains() {
	register(a, operation(http.MethodGet, "/companies/{company}/domains", "list-domains", "List a company's room domains", "domains", 0),
		func(ctx context.Context, in *ownedQuery) (*pageOut[state.RoomDomain], error) {
			return listOwned(ctx, in, (*state.View).Domains, func(d state.RoomDomain) string { return d.FQDN }, same)
		})
	register(a, operation(http.MethodPost, "/companies/{company}/domains", "create-domain", "Give a host name to a company", "domains", 201),
		func(ctx context.Context, in *domainIn) (*domainOut, error) {
			if _, err := company(ctx, in.Company); err != nil {
				return nil, err
			}
			d, err := propose[state.RoomDomain](ctx, a, &state.CreateDomain{Company: in.Company, FQDN: state.NormalizeHost(in.Body.FQDN)})
			return &domainOut{d}, err
		})
	register(a, operation(http.MethodDelete, "/companies/{company}/domains/{fqdn}", "delete-domain", "Take a host name from a company", "domains", 204),
		func(ctx context.Context, in *domainPath) (*empty, error) {
			if _, err := company(ctx, in.Company); err != nil {
				return nil, err
			}
			_, err := propose[state.RoomDomain](ctx, a, &state.DeleteDomain{Company: in.Company, FQDN: state.NormalizeHost(in.FQDN)})
			return nil, err
		})
}
