package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/meridian-video/meridian/control/signin"
	"github.com/meridian-video/meridian/control/state"
)

// Me is who makes a call.
type Me struct {
	User        *Person    `json:"user,omitempty" doc:"Who signed in; absent for an API key."`
	Key         *Named     `json:"key,omitempty" doc:"The API key; absent in a session."`
	Role        string     `json:"role,omitempty" enum:"RESELLER_ADMIN,COMPANY_ADMIN,HOST" doc:"Of the user."`
	Reach       string     `json:"reach" enum:"platform,reseller,company,self" doc:"How far the caller reaches; self = what is the user's own in the company."`
	Company     *Named     `json:"company,omitempty" doc:"The company of the user or the key."`
	Reseller    *Named     `json:"reseller,omitempty" doc:"Whose companies are in reach; absent unless reach is reseller."`
	Permissions []string   `json:"permissions" doc:"Scopes that the caller has, as operations name them."`
	SSO         bool       `json:"sso" doc:"The session was opened by the company's own server: the user cannot change the password."`
	ExpiresAt   *time.Time `json:"expires_at,omitempty" doc:"When the session ends unless it is used before."`
}

// Person is a user as they see themselves.
type Person struct {
	ID       string `json:"id"`
	Name     string `json:"name,omitempty"`
	Email    string `json:"email,omitempty"`
	Role     string `json:"role" enum:"RESELLER_ADMIN,COMPANY_ADMIN,HOST"`
	Company  string `json:"company" doc:"Id of the company."`
	Locale   string `json:"locale,omitempty"`
	TimeZone string `json:"time_zone,omitempty"`
	Room     string `json:"room,omitempty" doc:"Id of the permanent room."`
}

// Named is a thing by id and name.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

type meOut struct{ Body Me }

func personOf(u state.User) Person {
	return Person{
		ID: u.ID, Name: u.DisplayName(), Email: u.Email, Role: u.Role, Company: u.Company, Locale: u.Locale, TimeZone: u.TimeZone, Room: u.Room,
	}
}

func examplePerson() Person {
	return Person{ID: exampleID("user"), Name: "Ada Lovelace", Email: "ada@acme.example", Role: state.RoleCompany, Company: exampleID("company")}
}

func (a *API) registerMe() {
	who := examplePerson()
	register(a, operation{
		method: http.MethodGet, path: "/me", id: "get-me", summary: "Read who is calling", tag: "sign-in", status: http.StatusOK,
		answer: Me{
			User: &who, Role: who.Role, Reach: "company", Company: &Named{exampleID("company"), "ACME"},
			Permissions: []string{"companies:write", "rooms:write"}, ExpiresAt: new(time.Date(2026, 11, 21, 21, 30, 0, 0, time.UTC)),
		},
	}, a.getMe)
}

var reachNames = map[reach]string{reachPlatform: "platform", reachReseller: "reseller", reachCompany: "company", reachSelf: "self"}

func (a *API) getMe(ctx context.Context, _ *struct{}) (*meOut, error) {
	c := callOf(ctx)
	me := Me{Reach: reachNames[c.reach], Permissions: a.permissions(c.caller)}
	company := ""
	switch s := c.session; {
	case s != nil:
		u := personOf(s.User)
		me.User, me.Role, me.SSO, me.ExpiresAt, company = &u, u.Role, s.Scope == signin.SSO, new(s.Ends.UTC()), u.Company
	default:
		k, _ := state.Get[state.APIKey](c.view, c.key)
		me.Key, company = &Named{k.ID, k.Name}, k.Company
	}
	if of, ok := state.Get[state.Company](c.view, company); ok {
		me.Company = &Named{of.ID, of.Name}
	}
	if r, ok := state.Get[state.Reseller](c.view, c.tenant); ok && c.reach == reachReseller {
		me.Reseller = &Named{r.ID, r.Name}
	}
	return &meOut{me}, nil
}

// permissions are all scopes that the caller has and that can do something within its reach.
func (a *API) permissions(c caller) []string {
	out := []string{}
	for scope, least := range a.scopes {
		if c.reach >= least && c.may(scope) {
			out = append(out, scope)
		}
	}
	slices.Sort(out)
	return out
}
