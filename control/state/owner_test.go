package state

import (
	"slices"
	"testing"
)

// A reseller and a company of one id have nothing in common.
func TestResellersAndCompaniesOwnApart(t *testing.T) {
	f := newFeed(t)
	f.must(Add(KindReseller, "acme", "", ResellerSpec{Name: "R"}))
	f.must(Add(KindCompany, "acme", "", CompanySpec{Name: "C"}))
	f.must(Add(KindCompany, "sold", "", CompanySpec{Name: "S", Reseller: "acme"}))
	f.must(Add(KindPlan, "p", "", PlanSpec{Slug: "pro", Reseller: "acme"}))
	f.must(Add(KindRootDomain, "d", "", RootDomainSpec{"conf.example.com", "acme"}))
	for id, spec := range map[string]APIKeySpec{"kp": {}, "kr": {Reseller: "acme"}} {
		f.must(&Create{Kind: KindAPIKey, ID: id, Set: js(spec), SecretHash: hash()})
	}
	f.must(&Create{Kind: KindAPIKey, ID: "kc", Company: "acme", Set: js(APIKeySpec{}), SecretHash: hash()})
	for owner, want := range map[string]string{"": "kp", "acme": "kc", OfReseller("acme"): "kr"} {
		keys := slices.Collect(List[APIKey](f.s.View(), owner, ""))
		if len(keys) != 1 || keys[0].ID != want {
			t.Errorf("keys of %q: %+v", owner, keys)
		}
	}
	if _, ok := GetOwned[Company](f.s.View(), OfReseller("acme"), "sold"); !ok {
		t.Error("the reseller's company is not its own")
	}

	f.must(&Delete{Kind: KindCompany, ID: "acme"})
	v := f.s.View()
	_, plan := Get[Plan](v, "p")
	_, domain := Get[RootDomain](v, "d")
	_, key := Get[APIKey](v, "kr")
	if !plan || !domain || !key {
		t.Errorf("a company's end took the reseller's: plan %v domain %v key %v", plan, domain, key)
	}
	f.must(&Delete{Kind: KindCompany, ID: "sold"})
	f.must(&Delete{Kind: KindReseller, ID: "acme"})
	v = f.s.View()
	_, plan = Get[Plan](v, "p")
	_, domain = Get[RootDomain](v, "d")
	_, key = Get[APIKey](v, "kr")
	_, platform := Get[APIKey](v, "kp")
	if plan || domain || key || !platform {
		t.Errorf("after the reseller's end: plan %v domain %v key %v, platform's key %v", plan, domain, key, platform)
	}
}

func TestABatchGivesWhatItsFirstCommandMadeAsItIsAtTheEnd(t *testing.T) {
	f := tenants(t)
	batch := &Batch{Commands: []Command{
		Add(KindUser, "u", "a", UserSpec{Name: "U"}),
		Add(KindRoom, "r", "a", RoomSpec{User: "u"}),
		&SetUserRoom{Company: "a", User: "u", Room: "r"},
	}}
	terms := Terms{By: "key:k", Request: "rq", Once: &OnceKey{Scope: "a", Key: "once", Sum: "s"}}
	for i := range 2 {
		r := f.must(batch, terms)
		if u, ok := r.Value.(User); !ok || u.Room != "r" || r.Again != (i == 1) {
			t.Fatalf("%d: %+v", i, r)
		}
	}
	events := slices.Collect(All[Event](f.s.View(), ""))
	if len(events) != 1 || events[0].Action != "user.create" || events[0].Object != "u" || !slices.Contains(events[0].Fields, "name") {
		t.Errorf("%+v", events)
	}
}

// Two scopes and keys that join to the same letters stay two.
func TestIdempotencyKeysOfScopesDoNotMeet(t *testing.T) {
	f := tenants(t)
	f.must(company("reseller", "R"))
	f.must(Add(KindRoom, "r1", "a", RoomSpec{}), Terms{Once: &OnceKey{Scope: OfReseller("acme"), Key: "y", Sum: "s"}})
	r := f.must(Add(KindRoom, "r2", "a", RoomSpec{}), Terms{Once: &OnceKey{Scope: "reseller", Key: "acme/y", Sum: "s"}})
	if r.Again || r.Value.(Room).ID != "r2" {
		t.Fatalf("%+v", r)
	}
}
