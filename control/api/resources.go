package api

import (
	"iter"

	"github.com/meridian-video/meridian/control/state"
)

// resources is the table of everything that the API keeps in the state.
func (a *API) resources() {
	a.platformResources()
	a.tenantResources()
	a.credentialResources()
	a.personResources()
	a.roomResources()
	a.templateResources()
}

// byIndex is a filter by an index of many.
func byIndex[T any](name, doc string) filter[T] {
	return filter[T]{name: name, doc: doc, walk: func(v *state.View, _, value, from string) iter.Seq[T] {
		return state.ByIndex[T](v, name, value, from)
	}}
}

// byKey is a filter by a unique index of an owner's things.
func byKey[T any](name, doc string, key func(value string) string) filter[T] {
	return filter[T]{name: name, doc: doc, walk: func(v *state.View, owner, value, _ string) iter.Seq[T] {
		return func(yield func(T) bool) {
			if e, ok := state.Find[T](v, name, owner, key(value)); ok {
				yield(e)
			}
		}
	}}
}

func same(s string) string { return s }
