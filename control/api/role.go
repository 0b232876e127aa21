package api

import (
	"slices"

	"github.com/meridian-video/meridian/control/signin"
	"github.com/meridian-video/meridian/control/state"
)

// role is what a user may do: how far, and with which things. Within a company, a host reaches what is their own
// alone: resources say what that is (see resource.own).
type role struct {
	reach  reach
	things map[string]string // thing → read or write; nil = everything in reach
}

// roles is the matrix of roles. An API key has scopes in its place. What a company's settings, rooms and keys
// have that a host may not write is in the resources' guarded fields.
var roles = map[string]role{
	state.RoleReseller: {reach: reachReseller},
	state.RoleCompany:  {reach: reachCompany},
	state.RoleHost: {reach: reachSelf, things: map[string]string{
		"users":     "write", // themselves
		"rooms":     "write",
		"meetings":  "write",
		"attendees": "write", // of their meetings
		"contacts":  "write",
		"customers": "read", // of the company
		"tokens":    "write",
		"pops":      "read",
	}},
}

// callerIn is who makes a call in a session, by the role that the user has now. An administrator of a reseller
// sits in one of its companies; where that is the platform's own, they administer the company.
func callerIn(v *state.View, s signin.Session) caller {
	r := roles[s.User.Role]
	c := caller{by: "user:" + s.User.ID, reach: r.reach, tenant: s.Company, session: &s}
	if r.reach == reachReseller {
		of, _ := state.Get[state.Company](v, s.Company)
		if c.tenant = of.Reseller; of.Reseller == "" {
			c.reach, c.tenant = reachCompany, s.Company
		}
	}
	if r.things != nil || r.reach == 0 {
		c.scopes = scopesOf(r.things)
	}
	return c
}

// scopesOf writes a row of the matrix as an API key's scopes. They are never nil.
func scopesOf(things map[string]string) []string {
	out := []string{}
	for thing, verb := range things {
		out = append(out, thing+":"+verb)
	}
	slices.Sort(out)
	return out
}

// user is whose session it is; empty for an API key.
func (c caller) user() string {
	if c.session == nil {
		return ""
	}
	return c.session.User.ID
}

// alone tells whether the caller reaches what is their own and no more.
func (c caller) alone() bool { return c.reach <= reachSelf }
