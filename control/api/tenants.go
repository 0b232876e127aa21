package api

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/meridian-video/meridian/control/state"
)

// What may be written beside the fields of the state.
type (
	newPOP struct {
		state.POPSpec
		ID string `json:"id" minLength:"1" maxLength:"63" doc:"The code that its nodes are started with." example:"fra"`
	}
	newReseller struct {
		state.ResellerSpec
		ID string `json:"id,omitempty" maxLength:"64" doc:"Chosen by the caller; made when absent."`
	}
	newCompany struct {
		state.CompanySpec
		ID           string `json:"id,omitempty" maxLength:"64" doc:"Chosen by the platform; made when absent."`
		OpenIDSecret string `json:"openid_secret,omitempty" minLength:"1" maxLength:"1024" doc:"Client secret of the company's provider. It is not shown again."`
	}
)

func (a *API) platformResources() {
	add(a, resource[state.Platform, state.PlatformSpec]{
		kind: state.KindPlatform, path: "platform", one: "platform", verbs: canGet | canPatch,
		readers: reachPlatform, writers: reachPlatform,
		create: `{"default_company":"{{company}}","zone":"meet.example.net"}`, change: `{"settings":{"locale":"en"}}`,
		extra:  `{"epoch":"01jd5s3c8v0000000000000000"}`,
		find:   func(v *state.View, _, _ string) (state.Platform, bool) { p := v.Platform(); return p, p.ID != "" },
		update: func(d *draft[state.Platform]) state.Command { return &state.UpdatePlatform{Set: d.set.object()} },
	})
	add(a, resource[state.POP, newPOP]{
		kind: state.KindPOP, path: "pops", one: "pop", many: "points of presence", verbs: canAll, writers: reachPlatform,
		create:  `{"id":"fra","city":"Frankfurt","region":"eu","country":"DE","aliases":["serv2"]}`,
		change:  `{"aliases":["serv2","nanomeet-eu"]}`,
		prepare: func(_ *API, _ context.Context, d *draft[state.POP]) error { d.choose(); return nil },
	})
	add(a, resource[state.Plan, state.PlanSpec]{
		kind: state.KindPlan, path: "plans", one: "plan", many: "plans of the platform", whose: "platform", verbs: canAll, writers: reachPlatform,
		create: `{"slug":"pro","name":"Professional","features":["recording"],"hosts":10}`, change: `{"hosts":20}`,
	})
}

// choose takes the id that the body has.
func (d *draft[T]) choose() {
	if id := d.in.text("id"); id != "" {
		d.id = id
	}
}

func (a *API) tenantResources() {
	add(a, resource[state.Reseller, newReseller]{
		kind: state.KindReseller, path: "resellers", one: "reseller", many: "resellers", verbs: canAll,
		readers: reachReseller, writers: reachReseller,
		guarded: map[string]reach{"status": reachPlatform, "default_plan": reachPlatform, "id": reachPlatform},
		create:  `{"id":"northwind","name":"Northwind","dial_in_numbers":["+442071234567"]}`, change: `{"name":"Northwind Conferencing"}`,
		extra:   `{"status":"active"}`,
		sees:    func(c caller, r state.Reseller) bool { return c.seesReseller(r) },
		prepare: prepareReseller,
	})
	add(a, resource[state.RootDomain, state.RootDomainSpec]{
		kind: state.KindRootDomain, place: ofReseller, path: "root-domains", one: "root_domain", many: "root domains of a reseller",
		verbs: canList | canCreate | canGet | canDelete, readers: reachReseller,
		create: `{"fqdn":"conf.example.com"}`,
		prepare: func(_ *API, _ context.Context, d *draft[state.RootDomain]) error {
			if !d.deleting {
				d.set.set("fqdn", state.NormalizeHost(d.set.text("fqdn")))
			}
			return nil
		},
	})
	add(a, resource[state.Plan, state.PlanSpec]{
		kind: state.KindPlan, place: ofReseller, path: "plans", one: "plan", many: "plans of a reseller", whose: "reseller", verbs: canAll, readers: reachReseller,
		create: `{"slug":"team","name":"Team","hosts":25}`, change: `{"hosts":30}`,
	})
	add(a, resource[state.Company, newCompany]{
		kind: state.KindCompany, path: "companies", one: "company", many: "companies", verbs: canAll,
		guarded: map[string]reach{
			"status": reachReseller, "reseller": reachReseller, "host_limit_locked": reachReseller, "max_participants": reachReseller,
			"max_speakers": reachReseller, "max_viewers": reachReseller, "subdomain": reachReseller, "id": reachPlatform,
		},
		create: `{"id":"acme","name":"ACME","time_zone":"Europe/Berlin","settings":{"open_rooms":true}}`,
		change: `{"name":"ACME Ltd","settings":{"jwt_mandatory":true,"open_rooms":null}}`,
		extra:  `{"status":"active","number":1}`,
		sees:   func(c caller, of state.Company) bool { return c.seesCompany(of) },
		find:   func(v *state.View, _, id string) (state.Company, bool) { return state.Get[state.Company](v, id) },
		walk:   companies,
		filters: []filter[state.Company]{{name: "reseller", doc: "Those of this reseller.",
			walk: func(v *state.View, _, value, from string) iter.Seq[state.Company] {
				return state.List[state.Company](v, state.OfReseller(value), from)
			}}},
		prepare: prepareCompany,
	})
	a.domainResources()
	add(a, resource[state.Subscription, state.SubscriptionSpec]{
		kind: state.KindSubscription, place: ofCompany, path: "subscriptions", one: "subscription", many: "subscriptions of a company", verbs: canAll,
		guarded: map[string]reach{"plan": reachReseller, "ends": reachReseller},
		create:  `{"plan":"{{plan}}","host_limit":10,"users":["{{user}}"]}`, change: `{"users":[]}`,
		filters: []filter[state.Subscription]{byIndex[state.Subscription]("plan", "Those of this plan.")},
		prepare: prepareSubscription,
	})
}

func (a *API) domainResources() {
	add(a, resource[state.RoomDomain, state.RoomDomainSpec]{
		kind: state.KindDomain, place: ofCompany, path: "domains", one: "domain", many: "room domains of a company",
		verbs:  canList | canCreate | canGet | canDelete,
		create: `{"fqdn":"meet.acme.example"}`,
		find: func(v *state.View, owner, id string) (state.RoomDomain, bool) {
			return state.GetOwned[state.RoomDomain](v, owner, state.NormalizeHost(id))
		},
		prepare: func(_ *API, _ context.Context, d *draft[state.RoomDomain]) error {
			if !d.deleting {
				d.id = state.NormalizeHost(d.set.text("fqdn"))
				d.set.set("fqdn", d.id)
			}
			return nil
		},
	})
	add(a, resource[state.AllowedOrigin, state.AllowedOriginSpec]{
		kind: state.KindOrigin, place: ofCompany, path: "origins", one: "origin", many: "sites that may embed a company's meetings", verbs: canAll,
		create: `{"pattern":"https://*.acme.example"}`, change: `{"pattern":"https://www.acme.example"}`,
	})
	add(a, resource[state.Caller, state.CallerSpec]{
		kind: state.KindCaller, place: ofCompany, path: "callers", one: "caller", many: "address ranges from which a company's servers may call", verbs: canAll,
		create: `{"cidr":"192.0.2.0/24"}`, change: `{"cidr":"198.51.100.0/24"}`,
	})
}

func prepareReseller(_ *API, ctx context.Context, d *draft[state.Reseller]) error {
	if d.old == nil || d.deleting {
		if d.call.reach < reachPlatform {
			return forbidden(ctx, "This needs a key of the platform.")
		}
	}
	d.choose()
	return nil
}

// companies are those within reach.
func companies(c *call, _, from string) iter.Seq[state.Company] {
	switch c.reach {
	case reachPlatform:
		return state.All[state.Company](c.view, from)
	case reachReseller:
		return state.List[state.Company](c.view, state.OfReseller(c.tenant), from)
	}
	return func(yield func(state.Company) bool) {
		if own, ok := state.Get[state.Company](c.view, c.tenant); ok && own.ID >= from {
			yield(own)
		}
	}
}

// prepareCompany also keeps a company from making or ending companies, and a reseller to its own.
func prepareCompany(a *API, ctx context.Context, d *draft[state.Company]) error {
	if (d.old == nil || d.deleting) && d.call.reach < reachReseller {
		return forbidden(ctx, "This needs a key of the platform or a reseller.")
	}
	if d.deleting {
		return nil
	}
	if d.old == nil && d.call.reach == reachReseller {
		if given := d.set.text("reseller"); given != "" && given != d.call.tenant {
			return invalid(ctx, "reseller", "is no reseller")
		}
		d.set.set("reseller", d.call.tenant)
	}
	d.choose()
	d.sealInto(a, state.KindCompany, "openid_secret", "openid")
	return d.set.checkZone(ctx)
}

// prepareSubscription lets a company choose who uses what it has, and raise its limit unless that is locked.
func prepareSubscription(_ *API, ctx context.Context, d *draft[state.Subscription]) error {
	if d.call.reach > reachCompany {
		return nil
	}
	if d.old == nil || d.deleting {
		return forbidden(ctx, "What a company subscribes to is the platform's or its reseller's to say.")
	}
	d.exact = true
	of, _ := state.Get[state.Company](d.call.view, d.company)
	var limit int
	if d.set.has("host_limit") && of.HostLimitLocked && (json.Unmarshal(d.set["host_limit"], &limit) != nil || limit != d.old.HostLimit) {
		return forbidden(ctx, "The host limit of this company is locked.")
	}
	return nil
}
