package api

import (
	"context"
	"iter"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/meridian-video/meridian/control/state"
)

// verbs are the operations that a kind has.
type verbs uint8

const (
	canList verbs = 1 << iota
	canCreate
	canGet
	canPatch
	canDelete
	canAll = canList | canCreate | canGet | canPatch | canDelete
)

// resource declares the API of one kind of entity: T as it is kept, I as it is written. I is T's Spec, or embeds it
// beside members that are no fields of the entity, which prepare takes.
type resource[T, I any] struct {
	kind  state.Kind
	place place
	path  string // last part of the collection's path; also the tag and the thing of scopes
	one   string // word for one of them, in paths with underscores
	many  string
	whose string // tells kinds of one path in several places apart; empty for a company's
	verbs verbs

	readers reach            // who may read; 0 = everybody whose place it is
	writers reach            // who may create, change and delete
	guarded map[string]reach // who may write a field
	free    []string         // fields that a host may write of their own; the others are guarded

	create string // example of a body that creates one; {{word}} is another example's id
	change string // of one that changes it
	extra  string // of what an answer has beside
	shape  any    // of an answer; nil = T

	// own gives whose a thing is among a company's users: a host reaches no other. nil = what the matrix of roles
	// gives is given for all of them.
	own func(v *state.View, e T) string
	// claim makes what a host writes the host's own, or refuses it; nil = a host writes none.
	claim func(c *call, ctx context.Context, d *draft[T]) error

	// sees tells whether a thing of no tenant's place is within reach; nil = yes.
	sees func(c caller, e T) bool
	// walk gives a collection from an id on; nil = the owner's, by state.List.
	walk func(c *call, owner, from string) iter.Seq[T]
	// filters narrow a list down, one at a time.
	filters []filter[T]
	// find looks one up; nil = by id.
	find func(v *state.View, owner, id string) (T, bool)
	// prepare judges what the state cannot, and turns members that are no fields into secrets.
	prepare func(a *API, ctx context.Context, d *draft[T]) error
	// show makes an answer; nil = the entity as those may see it who may see it at all.
	show func(a *API, c *call, e T, secret string) any
	// update and remove are commands in place of state.Update and state.Delete.
	update func(d *draft[T]) state.Command
	remove func(company, id string) state.Command
}

// filter is a query parameter of a list.
type filter[T any] struct {
	name, doc string
	walk      func(v *state.View, owner, value, from string) iter.Seq[T]
}

// add registers a resource's operations.
func add[T, I any](a *API, r resource[T, I]) {
	s := &served[T, I]{resource: r, api: a, list: r.place.path() + "/" + r.path}
	s.item = s.list + "/{" + r.one + "}"
	if r.verbs&canList == 0 {
		s.item = s.list // there is one of it
	}
	s.schemas()
	s.document()
}

// served is a resource that answers.
type served[T, I any] struct {
	resource[T, I]
	api        *API
	list, item string // paths
	in, patch  *huma.Schema
	out        *huma.Schema
	inputs     map[string]bool // members that are no fields
}

// onlyNew are members that a change cannot have.
var onlyNew = []string{"id", "permanent_room"}

func (s *served[T, I]) schemas() {
	registry := s.api.huma.OpenAPI().Components.Schemas
	t := reflect.TypeFor[I]()
	in := *registry.Schema(t, false, "")
	in.Properties = map[string]*huma.Schema{}
	for name, p := range registry.Schema(t, false, "").Properties {
		if name != "reseller" || s.kind == state.KindCompany { // elsewhere the path says it
			in.Properties[name] = p
		}
	}
	in.PrecomputeMessages()
	s.inputs = membersBeside(t)
	name := capital(s.whose) + strings.TrimPrefix(strings.TrimSuffix(t.Name(), "Spec"), "new")
	s.in = component(registry, name+"Create", &in)
	change := in
	change.Properties = map[string]*huma.Schema{}
	for name, p := range in.Properties {
		change.Properties[name] = p
	}
	for _, name := range onlyNew {
		delete(change.Properties, name)
	}
	p := patchSchema(registry, &change)
	p.Nullable = false
	s.patch = component(registry, name+"Patch", p)
	delete(registry.Map(), huma.DefaultSchemaNamer(t, "")) // the names above stand for it
	shape := reflect.TypeFor[T]()
	if s.shape != nil {
		shape = reflect.TypeOf(s.shape)
	}
	s.out = registry.Schema(shape, true, "")
}

// component names a schema in the document.
func component(r huma.Registry, name string, s *huma.Schema) *huma.Schema {
	r.Map()[name] = s
	return &huma.Schema{Ref: "#/components/schemas/" + name}
}

// membersBeside are the members of an input that its embedded Spec does not have.
func membersBeside(t reflect.Type) map[string]bool {
	beside, embeds := map[string]bool{}, false
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			embeds = true
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		beside[name] = true
	}
	if !embeds {
		return nil
	}
	return beside
}
