package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// document describes a resource's operations and makes them answer.
func (s *served[T, I]) document() {
	one, id := strings.ReplaceAll(s.one, "_", " "), strings.ReplaceAll(s.one, "_", "-")
	if s.whose != "" {
		one, id = one+" of the "+s.whose, s.whose+"-"+id
	}
	shown := s.example()
	if s.verbs&canList != 0 {
		s.operate(operation{
			method: http.MethodGet, path: s.list, id: "list-" + plural(id), summary: "List " + s.many, scope: s.path + ":read",
			status: http.StatusOK, answer: map[string]any{"items": []any{shown}},
		}, nil, s.pageSchema(), s.queryParams(), s.listAll)
	}
	if s.verbs&canCreate != 0 {
		s.operate(operation{
			method: http.MethodPost, path: s.list, id: "create-" + id, summary: "Create " + article(one), scope: s.path + ":write",
			status: http.StatusCreated, request: filled(s.create), answer: shown,
		}, s.in, s.out, nil, s.createOne)
	}
	if s.verbs&canGet != 0 {
		s.operate(operation{
			method: http.MethodGet, path: s.item, id: "get-" + id, summary: "Read " + article(one), scope: s.path + ":read",
			status: http.StatusOK, answer: shown,
		}, nil, s.out, []*huma.Param{conditionParam("If-None-Match", "304 if this is still the ETag.")}, s.getOne)
	}
	if s.verbs&canPatch != 0 {
		s.operate(operation{
			method: http.MethodPatch, path: s.item, id: "update-" + id, summary: "Change " + article(one), scope: s.path + ":write",
			status: http.StatusOK, request: filled(s.change), answer: s.exampleWith(s.change),
		}, s.patch, s.out, []*huma.Param{ifMatch()}, s.patchOne)
	}
	if s.verbs&canDelete != 0 {
		verb, word := "delete-", "Delete "
		if s.remove != nil {
			verb, word = "revoke-", "Revoke "
		}
		s.operate(operation{
			method: http.MethodDelete, path: s.item, id: verb + id, summary: word + article(one), scope: s.path + ":write",
			status: http.StatusNoContent,
		}, nil, nil, []*huma.Param{ifMatch()}, s.deleteOne)
	}
}

// operate describes one operation and makes it answer.
func (s *served[T, I]) operate(o operation, in, out *huma.Schema, params []*huma.Param, serve handler) {
	o.tag, o.least = s.path, s.readers
	if o.method != http.MethodGet {
		o.least = max(s.readers, s.writers)
	}
	op := s.api.describe(o)
	op.Parameters = slices.Concat(pathParams(o.path), params, op.Parameters)
	if in != nil {
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{typeJSON: {Schema: in}}}
		if o.method == http.MethodPatch {
			op.RequestBody.Content[typeMerge] = &huma.MediaType{Schema: in}
		}
	}
	ok := &huma.Response{Description: http.StatusText(o.status)}
	if out != nil {
		ok.Content = map[string]*huma.MediaType{typeJSON: {Schema: out}}
	}
	if out != nil && o.path == s.item || o.method == http.MethodPost {
		ok.Headers = map[string]*huma.Param{"ETag": {Description: "Version, for If-Match.", Schema: &huma.Schema{Type: huma.TypeString}}}
	}
	op.Responses[strconv.Itoa(o.status)] = ok
	if o.method == http.MethodGet && o.path == s.item {
		op.Responses[strconv.Itoa(http.StatusNotModified)] = &huma.Response{Description: "It is still as If-None-Match says."}
	}
	exemplify(&op, o)
	s.api.handle(op, serve)
}

// pageSchema is that of a list's answer.
func (s *served[T, I]) pageSchema() *huma.Schema {
	p := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Required: []string{"items"}, Properties: map[string]*huma.Schema{
		"items":       {Type: huma.TypeArray, Items: s.out},
		"next_cursor": {Type: huma.TypeString, Description: "Absent on the last page."},
	}}
	name := s.out.Ref[strings.LastIndexByte(s.out.Ref, '/')+1:] + "Page"
	return component(s.api.huma.OpenAPI().Components.Schemas, name, p)
}

func (s *served[T, I]) example() json.RawMessage { return s.exampleWith("") }

// exampleWith is how an answer looks after a change.
func (s *served[T, I]) exampleWith(change string) json.RawMessage {
	place := ""
	if s.place == ofReseller {
		place = `{"reseller":"{{reseller}}"}`
	}
	return exampleOf(s.shape, reflect.TypeFor[T](), s.place == ofCompany, exampleID(s.one), s.create, place, s.extra, change)
}

func plural(noun string) string {
	if rest, ok := strings.CutSuffix(noun, "y"); ok && !strings.HasSuffix(noun, "key") {
		return rest + "ies"
	}
	return noun + "s"
}

func capital(word string) string {
	if word == "" {
		return ""
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

func article(noun string) string {
	if strings.ContainsRune("aeio", rune(strings.ToLower(noun)[0])) {
		return "an " + noun
	}
	return "a " + noun
}
