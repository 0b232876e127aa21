package api

import (
	"github.com/meridian-video/meridian/control/signin"
	"github.com/meridian-video/meridian/control/state"
)

// reach is how far a caller may go.
type reach int

const (
	reachSelf     reach = iota + 1 // what is a user's own in one company
	reachCompany                   // one company
	reachReseller                  // a reseller and its companies
	reachPlatform                  // everything
)

// caller is who makes a call, whatever the credential: everything that is asked about rights is asked here.
type caller struct {
	by     string // for events and limits: key:<id> or user:<id>
	reach  reach
	tenant string   // id of the company or reseller; empty for the platform
	scopes []string // nil = everything in reach
	rate   int      // calls a second; 0 = the default

	key     string          // id of the API key; empty in a session
	session *signin.Session // nil for an API key
}

// callerOf is who brings an API key.
func callerOf(k state.APIKey) caller {
	c := caller{by: "key:" + k.ID, key: k.ID, reach: reachPlatform, scopes: k.Scopes, rate: k.Rate}
	switch {
	case k.Company != "":
		c.reach, c.tenant = reachCompany, k.Company
	case k.Reseller != "":
		c.reach, c.tenant = reachReseller, k.Reseller
	}
	return c
}

// may tells whether the caller has a scope; writing includes reading.
func (c caller) may(scope string) bool {
	return state.Covers(c.scopes, scope)
}

// seesCompany tells whether a company is within the caller's reach.
func (c caller) seesCompany(of state.Company) bool {
	switch c.reach {
	case reachPlatform:
		return true
	case reachReseller:
		return of.Reseller == c.tenant
	}
	return (c.reach == reachCompany || c.reach == reachSelf) && of.ID == c.tenant
}

// seesReseller tells whether a reseller is within the caller's reach.
func (c caller) seesReseller(of state.Reseller) bool {
	return c.reach == reachPlatform || c.reach == reachReseller && of.ID == c.tenant
}

// owner is the caller's tenant as the state names owners; it also counts idempotency keys.
func (c caller) owner() string {
	switch c.reach {
	case reachReseller:
		return state.OfReseller(c.tenant)
	case reachCompany:
		return c.tenant
	case reachSelf:
		return "user/" + c.user()
	}
	return "platform/"
}
