package api

import (
	"context"

	"github.com/meridian-video/meridian/control/state"
)

// place is whose things a collection holds.
type place int

const (
	ofPlatform place = iota
	ofReseller
	ofCompany
)

func (p place) path() string {
	switch p {
	case ofReseller:
		return "/resellers/{reseller}"
	case ofCompany:
		return "/companies/{company}"
	}
	return ""
}

// fill writes what the path says.
func (p place) fill(ctx context.Context, set fields) {
	if p == ofReseller {
		set.set("reseller", param(ctx, "reseller"))
	}
}

// find gives who owns the things of a call's path.
func (p place) find(ctx context.Context, c *call) (owner, company string, err error) {
	switch p {
	case ofReseller:
		r, ok := state.Get[state.Reseller](c.view, param(ctx, "reseller"))
		if !ok || !c.seesReseller(r) {
			return "", "", notFound(ctx)
		}
		return state.OfReseller(r.ID), "", nil
	case ofCompany:
		of, err := companyOf(ctx)
		return of.ID, of.ID, err
	}
	return "", "", nil
}

// companyOf finds the company of the path for a caller who may see it: others hear that it is not there.
func companyOf(ctx context.Context) (state.Company, error) {
	c := callOf(ctx)
	of, ok := state.Get[state.Company](c.view, param(ctx, "company"))
	if !ok || !c.seesCompany(of) {
		return state.Company{}, notFound(ctx)
	}
	return of, nil
}
