package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Call is a request to be made.
type Call struct {
	Method string
	Path   string // escaped, with the query
	Body   []byte // JSON; nil for none
}

// Open reads what @name stands for.
type Open func(name string) ([]byte, error)

// Call makes a request of what somebody typed: the parents' ids by name, the
// thing's own, and assignments name=value. It returns every complaint at once.
func (r Route) Call(parents map[string]string, id string, assignments []string, open Open) (Call, error) {
	c := Call{Method: r.Method, Path: r.Path}
	in := input{route: r, parents: map[string]string{}, query: url.Values{}, body: map[string]any{}, open: open}
	for name, value := range parents {
		in.parents[name] = value
	}
	for _, a := range assignments {
		if err := in.take(a); err != nil {
			in.complaints = append(in.complaints, err)
		}
	}
	if r.ID != "" {
		in.parents[r.ID] = id
	}
	for _, name := range append(slices.Clone(r.Parents), r.ID) {
		if name != "" && in.parents[name] == "" {
			in.complaints = append(in.complaints, fmt.Errorf("%s is missing: say %s=…", words(name), name))
		}
		c.Path = strings.ReplaceAll(c.Path, "{"+name+"}", url.PathEscape(in.parents[name]))
	}
	if len(in.query) > 0 {
		c.Path += "?" + in.query.Encode()
	}
	if len(r.Fields) > 0 || len(in.body) > 0 {
		in.complaints = append(in.complaints, r.missing(in.body)...)
		body, err := json.Marshal(in.body)
		if err != nil {
			in.complaints = append(in.complaints, err)
		}
		c.Body = body
	}
	return c, errors.Join(in.complaints...)
}

// missing complains of what a new thing must have. Changes need nothing.
func (r Route) missing(body map[string]any) (complaints []error) {
	for _, f := range r.Fields {
		if _, there := body[f.Name]; f.Required && !there && r.Method != "PATCH" {
			complaints = append(complaints, fmt.Errorf("%s is missing: say %s=… (%s)", f.Name, f.Name, f.hint()))
		}
	}
	return complaints
}

// input is a request that grows by assignments.
type input struct {
	route      Route
	parents    map[string]string
	query      url.Values
	body       map[string]any
	open       Open
	complaints []error
}

func (in *input) take(assignment string) error {
	name, text, ok := strings.Cut(assignment, "=")
	if !ok {
		return fmt.Errorf("%s is not of the form name=value%s", strconv.Quote(assignment), in.nearest(assignment))
	}
	path := strings.Split(name, ".")
	field, ok := find(in.route.takes(), path)
	if !ok {
		return fmt.Errorf("%s is not a field here%s", strconv.Quote(name), in.nearest(name))
	}
	text, err := in.read(text)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	switch {
	case slices.Contains(in.route.Parents, name):
		in.parents[name] = text
	case slices.ContainsFunc(in.route.Query, func(f Field) bool { return f.Name == name }):
		in.query.Set(name, text)
	default:
		value, err := field.value(text)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return put(in.body, path, value)
	}
	return nil
}

// read takes a value that begins with @ from elsewhere; @@ stands for @.
func (in *input) read(text string) (string, error) {
	name, ok := strings.CutPrefix(text, "@")
	if !ok || strings.HasPrefix(name, "@") {
		return name, nil
	}
	b, err := in.open(name)
	if err != nil {
		return "", err
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

// put sets a member of a member.
func put(body map[string]any, path []string, value any) error {
	for _, name := range path[:len(path)-1] {
		if body[name] == nil {
			body[name] = map[string]any{}
		}
		inner, ok := body[name].(map[string]any)
		if !ok {
			return fmt.Errorf("%s is said twice", name)
		}
		body = inner
	}
	last := path[len(path)-1]
	if _, twice := body[last]; twice {
		return fmt.Errorf("%s is said twice", strings.Join(path, "."))
	}
	body[last] = value
	return nil
}

// value reads a text as the field's type has it; an empty one takes away.
func (f Field) value(text string) (any, error) {
	if text == "" {
		return nil, nil
	}
	switch f.Type {
	case "boolean":
		switch text {
		case "true", "yes", "on":
			return true, nil
		case "false", "no", "off":
			return false, nil
		}
		return nil, fmt.Errorf("%q is not true or false", text)
	case "integer":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q is not a whole number", text)
		}
		return n, nil
	case "array":
		if f.Of == "string" && !strings.HasPrefix(text, "[") {
			return strings.Split(text, ","), nil
		}
		return literal(text)
	case "object", "number":
		return literal(text)
	}
	if len(f.Enum) > 0 && !slices.Contains(f.Enum, text) {
		return nil, fmt.Errorf("%q is not one of %s", text, strings.Join(f.Enum, ", "))
	}
	return text, nil
}

func literal(text string) (any, error) {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return nil, fmt.Errorf("%q is no JSON", text)
	}
	return v, nil
}

func find(fields []Field, path []string) (Field, bool) {
	for _, f := range fields {
		if f.Name != path[0] {
			continue
		}
		if len(path) == 1 {
			return f, true
		}
		return find(f.Fields, path[1:])
	}
	return Field{}, false
}
