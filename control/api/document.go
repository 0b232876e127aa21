package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
)

const about = `Everything of a Meridian network that is configured: tenants, people, keys, rooms and meetings, and join tokens; and what has happened in it: sessions, statistics, usage and audit.

**Keys.** ` + "`Authorization: Bearer mrk_…`" + `. A key is the platform's, a reseller's or a company's and reaches no further. Scopes narrow it down: ` + "`rooms:read`, `rooms:write`" + ` (which includes reading); each operation names the one it needs. What is out of a key's reach looks as if it were not there.

**Sessions.** Users sign in for a token, ` + "`Authorization: Bearer mrs_…`" + `, with which they reach what their role reaches: an administrator of a reseller its companies, one of a company the company, a host what is their own. Each call that succeeds keeps the session alive.

**Changes** are merge patches (RFC 7396): what is left out stays, null takes away. ` + "`ETag`, `If-Match` and `If-None-Match`" + ` work on versions.

**Repetition.** With an ` + "`Idempotency-Key`" + `, a POST that is sent again within 24 hours gives what it gave first, with ` + "`Idempotency-Replayed: true`" + `.

**Pages.** Lists go on from ` + "`next_cursor`" + `. **Limits.** ` + "`RateLimit` and `RateLimit-Policy`" + ` say what is left; 429 comes with ` + "`Retry-After`" + `. **Problems** are RFC 9457 with a stable ` + "`code`" + `.`

func humaConfig() huma.Config {
	c := huma.DefaultConfig("Meridian control API", "1")
	c.Info.Description = about
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", "" // huma makes the document while it answers, unguarded
	c.CreateHooks = nil                                   // no $schema links in bodies
	c.RejectUnknownQueryParameters = true
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		securityName: {Type: "http", Scheme: "bearer", Description: "An API key: mrk_<id>_<secret>, or a session: mrs_<id>_<secret>. The words of an operation are the scope it needs."},
	}
	return c
}

// document puts what operations share into the document.
func document(doc *huma.OpenAPI) {
	schema := doc.Components.Schemas.Schema(reflectProblem, true, "Problem")
	doc.Components.Responses = map[string]*huma.Response{}
	for status, word := range codes {
		doc.Components.Responses["Problem"+strconv.Itoa(status)] = &huma.Response{
			Description: http.StatusText(status),
			Content: map[string]*huma.MediaType{typeProblem: {Schema: schema, Example: Problem{
				Type: "about:blank", Title: http.StatusText(status), Status: status, Code: word, RequestID: exampleID("request"),
			}}},
		}
	}
}

func problemRef(status int) string { return "#/components/responses/Problem" + strconv.Itoa(status) }

func onceParam() *huma.Param {
	return &huma.Param{
		Name: headerOnce, In: "header", Description: "Makes a repetition within 24 hours give what the first call gave.",
		Schema: &huma.Schema{Type: huma.TypeString, MaxLength: new(maxOnceKey)}, Example: "5f0c9d1e-create-standup",
	}
}

// serveDocument answers with the document, made once.
func (a *API) serveDocument() error {
	doc := a.huma.OpenAPI()
	if err := prune(doc); err != nil {
		return err
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("OpenAPI document: %w", err)
	}
	yaml, err := doc.YAML()
	if err != nil {
		return fmt.Errorf("OpenAPI document: %w", err)
	}
	for suffix, body := range map[string][]byte{"json": text, "yaml": yaml} {
		a.huma.Adapter().Handle(&huma.Operation{Method: http.MethodGet, Path: prefix + "/openapi." + suffix}, func(ctx huma.Context) {
			_, w := humachi.Unwrap(ctx)
			w.Header().Set("Content-Type", "application/openapi+"+suffix)
			_, _ = w.Write(body) // the client is gone: nobody to tell
		})
	}
	return nil
}

// prune drops schemas that nothing refers to: of what is hidden.
func prune(doc *huma.OpenAPI) error {
	schemas := doc.Components.Schemas.Map()
	for dropped := true; dropped; {
		dropped = false
		text, err := json.Marshal(doc)
		if err != nil {
			return fmt.Errorf("OpenAPI document: %w", err)
		}
		for name := range schemas {
			if !bytes.Contains(text, []byte(`"#/components/schemas/`+name+`"`)) {
				delete(schemas, name)
				dropped = true
			}
		}
	}
	return nil
}

// pathParams documents the names of a path.
func pathParams(path string) []*huma.Param {
	var out []*huma.Param
	for part := range strings.SplitSeq(path, "/") {
		name, ok := strings.CutPrefix(part, "{")
		if !ok {
			continue
		}
		name = strings.TrimSuffix(name, "}")
		out = append(out, &huma.Param{
			Name: name, In: "path", Required: true, Description: "Id of the " + strings.ReplaceAll(name, "_", " ") + ".",
			Schema: &huma.Schema{Type: huma.TypeString}, Example: exampleID(name),
		})
	}
	return out
}

// patchSchema is the schema of a merge patch (RFC 7396) for an object: nothing is required, and null takes away.
func patchSchema(r huma.Registry, s *huma.Schema) *huma.Schema {
	name := ""
	if s.Ref != "" {
		name = s.Ref[strings.LastIndexByte(s.Ref, '/')+1:] + "Patch"
		if r.Map()[name] != nil {
			return &huma.Schema{Ref: "#/components/schemas/" + name}
		}
		s = r.SchemaFromRef(s.Ref)
	}
	p := *s
	p.Nullable, p.Required, p.Default = true, nil, nil
	if s.Type == huma.TypeObject {
		p.Properties = map[string]*huma.Schema{}
		for field, of := range s.Properties {
			p.Properties[field] = patchSchema(r, of)
		}
	}
	p.Enum = slices.Clone(s.Enum)
	if len(p.Enum) > 0 {
		p.Enum = append(p.Enum, nil)
	}
	p.PrecomputeMessages()
	if name == "" {
		return &p
	}
	r.Map()[name] = &p
	return &huma.Schema{Ref: "#/components/schemas/" + name}
}
