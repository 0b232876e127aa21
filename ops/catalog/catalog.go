package catalog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Thing is a noun of the command line, as room or api-key.
type Thing struct {
	Name    string
	Actions []Action
}

// Action is something that can be done with a thing, in one place or several:
// there are API keys of companies, of resellers and of the platform.
type Action struct {
	Thing, Verb string
	Summary     string
	Routes      []Route // the one with the longest path first
}

// Route is one operation of the API.
type Route struct {
	Method, Path string   // the path as the file has it, with {names}
	ID           string   // name of the thing's own id in the path; empty for a collection
	Parents      []string // the other names in the path
	Query        []Field  // filters, but those of paging
	Fields       []Field  // members of the body
	Scope        string   // that a key needs
	Pages        bool     // the answer comes in pages
}

// The parents that have flags of their own.
const (
	Company  = "company"
	Reseller = "reseller"
)

// Item reports whether the action is about one thing, which has an id.
func (a Action) Item() bool { return a.Routes[0].ID != "" }

// Pages reports whether the answer comes in pages.
func (a Action) Pages() bool { return a.Routes[0].Pages }

// Of reports whether a parent can be named.
func (a Action) Of(parent string) bool {
	return slices.ContainsFunc(a.Routes, func(r Route) bool { return slices.Contains(r.Parents, parent) })
}

// Fields are what can be told to the action as name=value: parents without a
// flag, filters, members of the body.
func (a Action) Fields() []Field { return a.Routes[0].takes() }

func (r Route) takes() []Field {
	var out []Field
	for _, p := range r.Parents {
		if p != Company && p != Reseller {
			out = append(out, Field{Name: p, Type: "string", About: "Id of the " + words(p) + ".", Required: true})
		}
	}
	return append(append(out, r.Query...), r.Fields...)
}

// At is the route for those that are named: a company, a reseller or neither.
func (a Action) At(company, reseller bool) (Route, bool) {
	for _, r := range a.Routes {
		if slices.Contains(r.Parents, Company) == company && slices.Contains(r.Parents, Reseller) == reseller {
			return r, true
		}
	}
	return Route{}, false
}

// Things reads an OpenAPI file. Tags become nouns; an operation's id without
// the words of its noun and place becomes its verb.
func Things(openAPI []byte) ([]Thing, error) {
	var f file
	if err := json.Unmarshal(openAPI, &f); err != nil {
		return nil, fmt.Errorf("read the OpenAPI file: %w", err)
	}
	things := map[string]map[string]*Action{}
	for _, path := range slices.Sorted(maps.Keys(f.Paths)) {
		for method, o := range f.Paths[path] {
			if len(o.Tags) == 0 {
				continue
			}
			noun := singular(o.Tags[0])
			verb := verbOf(o.OperationID, noun, o.Tags[0])
			if things[noun] == nil {
				things[noun] = map[string]*Action{}
			}
			a := things[noun][verb]
			if a == nil {
				a = &Action{Thing: noun, Verb: verb, Summary: o.Summary}
				things[noun][verb] = a
			}
			a.Routes = append(a.Routes, f.route(strings.ToUpper(method), path, noun, o))
		}
	}
	return sorted(things), nil
}

func sorted(things map[string]map[string]*Action) []Thing {
	out := make([]Thing, 0, len(things))
	for _, noun := range slices.Sorted(maps.Keys(things)) {
		t := Thing{Name: noun}
		for _, a := range things[noun] {
			slices.SortStableFunc(a.Routes, func(a, b Route) int {
				return cmp.Or(cmp.Compare(len(b.Parents), len(a.Parents)), cmp.Compare(a.Path, b.Path))
			})
			t.Actions = append(t.Actions, *a)
		}
		slices.SortFunc(t.Actions, func(a, b Action) int {
			return cmp.Or(cmp.Compare(rank(a.Verb), rank(b.Verb)), cmp.Compare(a.Verb, b.Verb))
		})
		out = append(out, t)
	}
	return out
}

// rank puts the usual verbs first.
func rank(verb string) int {
	if i := slices.Index([]string{"list", "get", "create", "update", "delete", "revoke"}, verb); i >= 0 {
		return i
	}
	return 6
}

// verbOf makes rotate-secret of rotate-webhook-secret, and list of
// list-platform-api-keys.
func verbOf(id, noun, tag string) string {
	verb, rest, _ := strings.Cut(id, "-")
	rest = "-" + rest + "-"
	for _, known := range []string{"-" + tag + "-", "-" + noun + "-", "-platform-", "-reseller-", "-company-"} {
		rest = strings.Replace(rest, known, "-", 1)
	}
	if rest = strings.Trim(rest, "-"); rest != "" {
		return verb + "-" + rest
	}
	return verb
}

// singular makes the noun of a tag.
func singular(tag string) string {
	switch {
	case strings.HasSuffix(tag, "ies"):
		return strings.TrimSuffix(tag, "ies") + "y"
	case strings.HasSuffix(tag, "ics"), strings.HasSuffix(tag, "ss"), tag == "settings":
		return tag
	}
	return strings.TrimSuffix(tag, "s")
}

func words(name string) string { return strings.NewReplacer("_", " ", "-", " ").Replace(name) }
