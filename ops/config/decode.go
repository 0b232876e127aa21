package config

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// complaint is one thing that is wrong.
type complaint struct {
	key  string // whose value it is, "" for the file as a whole
	at   string // "line:column" where known
	text string
}

// Error names the place, then the key.
func (c complaint) Error() string {
	text := c.text
	if c.key != "" {
		text = c.key + " " + text
	}
	if c.at != "" {
		return c.at + ": " + text
	}
	return text
}

// decoder lays a YAML document over a Config. It works on the syntax tree, so
// that it can refuse all unknown and repeated keys and all wrong kinds at once,
// by their path and place, and so that a value is read in the same way from a
// file and from the environment.
type decoder struct {
	places     map[string]string // path of a key to "line:column"
	complaints []complaint
}

// decode reads at most one document into c. What it leaves out, or leaves
// without a value, keeps what c holds.
func decode(content []byte, c *Config) *decoder {
	d := &decoder{places: make(map[string]string)}
	file, err := parser.ParseBytes(content, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.syntax(err)
		return d
	}
	var bodies []ast.Node
	for _, document := range file.Docs {
		if document.Body != nil && document.Body.Type() != ast.CommentType {
			bodies = append(bodies, document.Body)
		}
	}
	switch len(bodies) {
	case 0:
	case 1:
		d.section(bodies[0], reflect.ValueOf(c).Elem(), "")
	default:
		d.complain(bodies[1].GetToken(), "", "a second YAML document")
	}
	return d
}

func (d *decoder) syntax(err error) {
	if e, ok := errors.AsType[yaml.Error](err); ok && e.GetToken() != nil {
		d.complain(e.GetToken(), "", "%s", e.GetMessage())
		return
	}
	d.complain(nil, "", "%v", err)
}

func (d *decoder) complain(t *token.Token, key, format string, args ...any) {
	d.complaints = append(d.complaints, complaint{key, place(t), fmt.Sprintf(format, args...)})
}

// section reads a mapping into a struct.
func (d *decoder) section(n ast.Node, into reflect.Value, path string) {
	if n.Type() == ast.NullType {
		return
	}
	mapping, ok := n.(ast.MapNode)
	if !ok {
		d.complain(n.GetToken(), path, "is %s, not a section of keys", kind(n))
		return
	}
	fields := make(map[string]reflect.Value)
	for field, value := range into.Fields() {
		fields[field.Tag.Get("yaml")] = value
	}
	first := make(map[string]string)
	for each := mapping.MapRange(); each.Next(); {
		at := each.Key().GetToken()
		name := at.Value
		key := join(path, name)
		field, known := fields[name]
		switch {
		case !known:
			d.complain(at, key, "is not a known key")
			continue
		case first[name] != "":
			d.complain(at, key, "is already set at %s", first[name])
			continue
		}
		first[name] = place(at)
		d.places[key] = place(each.Value().GetToken())
		d.value(each.Value(), field, key)
	}
}

// value reads what stands behind a key.
func (d *decoder) value(n ast.Node, into reflect.Value, key string) {
	switch into.Kind() {
	case reflect.Struct:
		d.section(n, into, key)
	case reflect.Slice:
		d.list(n, into, key)
	default:
		if text, ok := d.scalar(n, key); ok {
			if err := assign(into, text); err != nil {
				d.complain(n.GetToken(), key, "%v", err)
			}
		}
	}
}

func (d *decoder) list(n ast.Node, into reflect.Value, key string) {
	if n.Type() == ast.NullType {
		return
	}
	sequence, ok := n.(*ast.SequenceNode)
	if !ok {
		d.complain(n.GetToken(), key, "is %s, not a list", kind(n))
		return
	}
	items := make([]string, 0, len(sequence.Values))
	for i, item := range sequence.Values {
		element := fmt.Sprintf("%s[%d]", key, i)
		d.places[element] = place(item.GetToken())
		text, _ := d.scalar(item, element)
		items = append(items, text)
	}
	into.Set(reflect.ValueOf(items))
}

// scalar returns a value as it is written, or false for none.
func (d *decoder) scalar(n ast.Node, key string) (string, bool) {
	switch n := n.(type) {
	case *ast.NullNode:
		return "", false
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	d.complain(n.GetToken(), key, "is %s, not a single value", kind(n))
	return "", false
}

// kind says what a node is, for people.
func kind(n ast.Node) string {
	switch n.Type() {
	case ast.MappingType, ast.MappingValueType:
		return "a section"
	case ast.SequenceType:
		return "a list"
	case ast.AliasType, ast.AnchorType, ast.TagType, ast.MergeKeyType:
		return "an anchor, alias or tag"
	default:
		return "a single value"
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func place(t *token.Token) string {
	if t == nil || t.Position == nil {
		return ""
	}
	return fmt.Sprintf("%d:%d", t.Position.Line, t.Position.Column)
}
