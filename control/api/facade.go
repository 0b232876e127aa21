package api

import (
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/meridian-video/meridian/control/state"
)

// Company is whose key comes with a call of a partner's facade: a company's own, within its rate and scopes, under
// no host of another company. A refusal is a *Problem; its headers are in the answer already.
func (a *API) Company(w http.ResponseWriter, r *http.Request, scope string) (state.Company, error) {
	c := &call{at: a.now(), header: w.Header()}
	of, err := a.company(r, c, scope)
	if err == nil {
		return of, nil
	}
	err = a.refuse(r.Context(), err)
	if h, ok := errors.AsType[huma.HeadersError](err); ok {
		for name, values := range h.GetHeaders() {
			w.Header()[name] = values
		}
	}
	if p, ok := errors.AsType[*Problem](err); ok {
		return state.Company{}, p
	}
	return state.Company{}, err
}

func (a *API) company(r *http.Request, c *call, scope string) (state.Company, error) {
	if bearer(r) == "" { // nor a cookie: pages of partners call nothing here
		return state.Company{}, a.stranger(r, c)
	}
	if err := a.admit(r, c, scope); err != nil {
		return state.Company{}, err
	}
	of, ok := state.Get[state.Company](c.view, c.tenant)
	host, hosted := c.view.CompanyByHost(r.Host)
	if !ok || c.reach != reachCompany || c.view.Names(r.Host) && (!hosted || host.ID != of.ID) {
		return state.Company{}, forbidden(r.Context(), "This needs a key of the company.")
	}
	return of, nil
}
