package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write openapi.json")

// document is what tests read of the OpenAPI file.
type document struct {
	OpenAPI    string
	Paths      map[string]map[string]*operation
	Components struct {
		Schemas   map[string]map[string]any
		Responses map[string]any
	}
}

type operation struct {
	OperationID string `json:"operationId"`
	Summary     string
	Tags        []string
	Security    []map[string][]string
	Parameters  []struct {
		Name, In string
		Example  any
	}
	RequestBody *struct {
		Content map[string]media `json:"content"`
	} `json:"requestBody"`
	Responses map[string]*struct {
		Ref     string `json:"$ref"`
		Content map[string]media
	}
}

type media struct {
	Schema  map[string]any
	Example json.RawMessage
}

// open tells whether it needs no credential; personal, whether any will do.
func (o *operation) open() bool     { return len(o.Security) == 0 }
func (o *operation) personal() bool { return !o.open() && o.scope() == "" }

// scope is the one that an operation needs.
func (o *operation) scope() string {
	if len(o.Security) != 1 || len(o.Security[0]["apiKey"]) != 1 {
		return ""
	}
	return o.Security[0]["apiKey"][0]
}

func (p *platform) document() document {
	p.t.Helper()
	var doc document
	caller{p: p}.want(200, "GET", "/api/v1/openapi.json", nil, &doc)
	return doc
}

// each walks the operations in a fixed order.
func (d document) each(yield func(method, path string, o *operation)) {
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(d.Paths[path])) {
			yield(strings.ToUpper(method), path, d.Paths[path][method])
		}
	}
}

// The committed file is what the API says of itself, so that a change of it is a diff that somebody reads.
func TestDocumentIsTheCommittedOne(t *testing.T) {
	p := newPlatform(t)
	var got bytes.Buffer
	w := caller{p: p}.want(200, "GET", "/api/v1/openapi.json", nil, nil)
	if err := json.Indent(&got, w.Body.Bytes(), "", "  "); err != nil {
		t.Fatal(err)
	}
	got.WriteByte('\n')
	if *update {
		if err := os.WriteFile("openapi.json", got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("openapi.json")
	if err != nil || !bytes.Equal(got.Bytes(), want) {
		t.Fatalf("openapi.json is not what the API says; go test -run %s -update, and read the diff (%v)", t.Name(), err)
	}
	y := caller{p: p}.want(200, "GET", "/api/v1/openapi.yaml", nil, nil)
	if !strings.HasPrefix(y.Body.String(), "components:") || !strings.Contains(y.Header().Get("Content-Type"), "yaml") {
		t.Errorf("YAML: %.60s", y.Body)
	}
}

func TestDocumentSaysWhatClientsNeed(t *testing.T) {
	doc := newPlatform(t).document()
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Fatalf("OpenAPI %s", doc.OpenAPI)
	}
	ids, n := map[string]bool{}, 0
	scope := regexp.MustCompile(`^[a-z-]+:(read|write)$`)
	doc.each(func(method, path string, o *operation) {
		n++
		name := method + " " + path
		if o.OperationID == "" || ids[o.OperationID] {
			t.Errorf("%s: operation id %q", name, o.OperationID)
		}
		ids[o.OperationID] = true
		if o.Summary == "" || len(o.Tags) != 1 {
			t.Errorf("%s: summary %q, tags %v", name, o.Summary, o.Tags)
		}
		if (o.open() || o.personal()) != slices.Contains(o.Tags, "sign-in") {
			t.Errorf("%s: security %v, tags %v", name, o.Security, o.Tags)
		}
		if !o.open() && !o.personal() && (!scope.MatchString(o.scope()) || strings.HasSuffix(o.scope(), ":read") != (method == "GET")) {
			t.Errorf("%s: scopes %v", name, o.Security)
		}
		for _, status := range []string{"401", "403", "404", "422", "429", "503"} {
			r := o.Responses[status]
			if r == nil || doc.Components.Responses[strings.TrimPrefix(r.Ref, "#/components/responses/")] == nil {
				t.Errorf("%s: %s is not described", name, status)
			}
		}
		if o.RequestBody != nil {
			for _, m := range o.RequestBody.Content {
				if len(m.Example) == 0 {
					t.Errorf("%s: no example of a body", name)
				}
			}
		}
		if (method == "POST" || method == "PATCH") == (o.RequestBody == nil) {
			t.Errorf("%s: body", name)
		}
		example := true
		for status, r := range o.Responses {
			example = example && (status >= "400" || len(r.Content) == 0) // then none is due
		}
		for status, r := range o.Responses {
			for _, m := range r.Content {
				example = example || status < "300" && len(m.Example) > 0
			}
			if _, file := r.Content["application/octet-stream"]; file {
				example = true
			}
		}
		if !example && method != "DELETE" {
			t.Errorf("%s: no example of an answer", name)
		}
		for _, param := range o.Parameters {
			if param.In == "path" && param.Example == nil {
				t.Errorf("%s: no example of %s", name, param.Name)
			}
		}
	})
	if n < 90 {
		t.Errorf("%d operations", n)
	}
	for name := range doc.Components.Schemas {
		if strings.HasPrefix(name, "New") || strings.HasSuffix(name, "Spec") {
			t.Errorf("schema %s has the name of a Go type", name)
		}
	}
	codes, _ := doc.Components.Schemas["Problem"]["properties"].(map[string]any)["code"].(map[string]any)["enum"].([]any)
	for _, want := range []string{"stale", "key_reused", "insufficient_scope", "too_many_requests", "not_found"} {
		if !slices.Contains(codes, any(want)) {
			t.Errorf("code %s is not listed", want)
		}
	}
}

// Refs lead somewhere.
func TestDocumentHasNoLooseEnds(t *testing.T) {
	p := newPlatform(t)
	var doc any
	caller{p: p}.want(200, "GET", "/api/v1/openapi.json", nil, &doc)
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if ref, ok := v["$ref"].(string); ok {
				to := doc
				for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
					to = to.(map[string]any)[part]
					if to == nil {
						t.Fatalf("%s: %s leads nowhere", at, ref)
					}
				}
			}
			for name, of := range v {
				walk(at+"/"+name, of)
			}
		case []any:
			for _, of := range v {
				walk(at, of)
			}
		}
	}
	walk("", doc)
}
