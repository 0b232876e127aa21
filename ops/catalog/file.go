package catalog

import (
	"maps"
	"slices"
	"strings"
)

// Field is a name that a request takes, with what is known of its value.
type Field struct {
	Name     string
	Type     string // string, integer, number, boolean, array or object
	Of       string // type of an array's entries
	About    string
	Enum     []string
	Required bool
	Fields   []Field // of an object
}

// file is what is read of an OpenAPI file.
type file struct {
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]schema }
}

type operation struct {
	OperationID string `json:"operationId"`
	Summary     string
	Tags        []string
	Security    []map[string][]string
	Parameters  []struct {
		Name, In, Description string
		Required              bool
		Schema                schema
	}
	RequestBody *struct {
		Content map[string]struct{ Schema schema }
	} `json:"requestBody"`
}

type schema struct {
	Ref         string `json:"$ref"`
	Type        any    // a word, or a list of words of which one may be null
	Description string
	Enum        []any
	Items       *schema
	Properties  map[string]schema
	Required    []string
}

func (f file) route(method, path, noun string, o operation) Route {
	r := Route{Method: method, Path: path}
	for part := range strings.SplitSeq(path, "/") {
		name, ok := strings.CutPrefix(part, "{")
		if !ok {
			continue
		}
		name = strings.TrimSuffix(name, "}")
		if strings.ReplaceAll(name, "_", "-") == noun {
			r.ID = name
		} else {
			r.Parents = append(r.Parents, name)
		}
	}
	for _, p := range o.Parameters {
		switch {
		case p.In != "query":
		case p.Name == "limit" || p.Name == "cursor":
			r.Pages = true
		default:
			field := f.field(p.Name, p.Schema, 0)
			field.About, field.Required = p.Description, p.Required
			r.Query = append(r.Query, field)
		}
	}
	if o.RequestBody != nil {
		for _, media := range o.RequestBody.Content {
			r.Fields = f.fields(media.Schema, 0)
		}
	}
	for _, s := range o.Security {
		for _, scopes := range s {
			r.Scope = strings.Join(scopes, " ")
		}
	}
	return r
}

// depth bounds schemas that contain themselves.
const depth = 4

func (f file) fields(s schema, level int) []Field {
	s = f.resolve(s)
	if level == depth {
		return nil
	}
	var out []Field
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		field := f.field(name, s.Properties[name], level)
		field.Required = slices.Contains(s.Required, name)
		out = append(out, field)
	}
	return out
}

func (f file) field(name string, s schema, level int) Field {
	about := s.Description
	s = f.resolve(s)
	if about == "" {
		about = s.Description
	}
	field := Field{Name: name, Type: s.kind(), About: about}
	for _, e := range s.Enum {
		if word, ok := e.(string); ok {
			field.Enum = append(field.Enum, word)
		}
	}
	if s.Items != nil {
		field.Of = f.resolve(*s.Items).kind()
	}
	if field.Type == "object" {
		field.Fields = f.fields(s, level+1)
	}
	return field
}

func (f file) resolve(s schema) schema {
	for range depth {
		name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/")
		if !ok {
			break
		}
		s = f.Components.Schemas[name]
	}
	return s
}

// kind is the type's one word that is not null.
func (s schema) kind() string {
	switch t := s.Type.(type) {
	case string:
		return t
	case []any:
		for _, word := range t {
			if w, ok := word.(string); ok && w != "null" {
				return w
			}
		}
	}
	return "object"
}
