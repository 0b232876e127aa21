package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Create adds an entity. Set holds its chosen fields, the Spec of its kind, as a JSON object.
type Create struct {
	Kind    Kind            `json:"-"`
	ID      string          `json:"id"`
	Company string          `json:"company,omitempty"`
	Set     json.RawMessage `json:"set"`
	// Secret holds what the proposer has hashed or sealed, where the kind has such fields.
	Secret json.RawMessage `json:"secret,omitempty"`
	// SecretHash is an API key's.
	SecretHash []byte `json:"secret_hash,omitempty"`
}

// Add makes a Create from a Spec.
func Add(kind Kind, id, company string, spec any) *Create {
	set, err := json.Marshal(spec)
	if err != nil {
		set = []byte("null") // refused when applied; specs are plain structs, so that it does not happen
	}
	return &Create{Kind: kind, ID: id, Company: company, Set: set}
}

// Set makes an Update from a value whose JSON is the merge patch.
func Set(kind Kind, id, company string, patch any) *Update {
	set, err := json.Marshal(patch)
	if err != nil {
		set = []byte("null")
	}
	return &Update{Kind: kind, ID: id, Company: company, Set: set}
}

// Update changes fields of an entity by a merge patch (RFC 7396) of its Spec: what is left out stays, null takes
// away.
type Update struct {
	Kind    Kind            `json:"-"`
	ID      string          `json:"id"`
	Company string          `json:"company,omitempty"`
	Set     json.RawMessage `json:"set,omitempty"`
	Secret  json.RawMessage `json:"secret,omitempty"`
}

// Delete removes an entity and what hangs on it.
type Delete struct {
	Kind    Kind   `json:"-"`
	ID      string `json:"id"`
	Company string `json:"company,omitempty"`
}

// Name implements Command.
func (c *Create) Name() string { return string(c.Kind) + ".create" }

// Name implements Command.
func (c *Update) Name() string { return string(c.Kind) + ".update" }

// Name implements Command.
func (c *Delete) Name() string { return string(c.Kind) + ".delete" }

// generic makes the generic command of a name.
func generic(name string) Command {
	word, verb, _ := strings.Cut(name, ".")
	t, ok := byKind[Kind(word)]
	if !ok || t.internal {
		return nil
	}
	switch verb {
	case "create":
		return &Create{Kind: t.kind}
	case "update":
		return &Update{Kind: t.kind}
	case "delete":
		return &Delete{Kind: t.kind}
	}
	return nil
}

func (c *Create) apply(tx *tx) (any, error) {
	if c.Kind != KindDomain { // its id is its name, which is checked as one
		if err := checkID("id", c.ID); err != nil {
			return nil, err
		}
	}
	e := byKind[c.Kind].make()
	*e.meta() = Meta{ID: c.ID, Company: c.Company}
	if err := patch(e, c.Set, c.Secret); err != nil {
		return nil, err
	}
	if k, ok := e.(*APIKey); ok {
		k.SecretHash = c.SecretHash
	} else if c.SecretHash != nil {
		return nil, invalid("secret_hash", "has no place here")
	}
	if err := tx.create(c.Kind, e); err != nil {
		return nil, err
	}
	return value(e), nil
}

func (c *Update) apply(tx *tx) (any, error) {
	was, err := tx.owned(c.Kind, c.Company, c.ID)
	if err != nil {
		return nil, err
	}
	e := clone(was)
	if err := patch(e, c.Set, c.Secret); err != nil {
		return nil, err
	}
	if err := e.check(tx, was); err != nil {
		return nil, err
	}
	if err := tx.put(c.Kind, e); err != nil {
		return nil, err
	}
	if h, ok := e.(changed); ok {
		if err := h.changed(tx); err != nil {
			return nil, err
		}
	}
	return value(e), nil
}

func (c *Delete) apply(tx *tx) (any, error) {
	e, err := tx.owned(c.Kind, c.Company, c.ID)
	if err != nil {
		return nil, err
	}
	if k, ok := e.(kept); ok {
		if err := k.kept(tx); err != nil {
			return nil, err
		}
	}
	return value(e), tx.remove(c.Kind, c.ID)
}

// clone copies an entity with its slices and maps.
func clone(e Entity) Entity {
	data, err := json.Marshal(e)
	if err != nil {
		panic(fmt.Sprintf("entity does not encode: %v", err)) // it came from JSON
	}
	c, err := byKind[kindOfEntity(e)].decode(data)
	if err != nil {
		panic(fmt.Sprintf("entity does not decode: %v", err))
	}
	return c
}

// patch merges fields into an entity's Spec and secret.
func patch(e Entity, set, secret json.RawMessage) error {
	if len(set) > 0 {
		if err := merge(e.spec(), set); err != nil {
			return err
		}
	}
	if len(secret) == 0 {
		return nil
	}
	s, ok := e.(guarded)
	if !ok {
		return invalid("secret", "has no place here")
	}
	return merge(s.secrets(), secret)
}

// merge applies a merge patch (RFC 7396) to a struct.
func merge(into any, patch json.RawMessage) error {
	var p map[string]any
	if err := numbers(patch, &p); err != nil || p == nil {
		return &Error{Code: CodeMalformed, Message: "set: must be an object"}
	}
	old, err := json.Marshal(into)
	if err != nil {
		return err
	}
	var m map[string]any
	if err := numbers(old, &m); err != nil {
		return err
	}
	merged, err := json.Marshal(mergeObjects(m, p))
	if err != nil {
		return err
	}
	zero(into)
	if err := strict(merged, into); err != nil {
		return blame(err)
	}
	return nil
}

func mergeObjects(old, patch map[string]any) map[string]any {
	if old == nil {
		old = map[string]any{}
	}
	for name, v := range patch {
		switch v := v.(type) {
		case nil:
			delete(old, name)
		case map[string]any:
			inner, _ := old[name].(map[string]any)
			old[name] = mergeObjects(inner, v)
		default:
			old[name] = v
		}
	}
	return old
}

// numbers decodes JSON and keeps numbers as they were spelt.
func numbers(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode(into)
}

// blame makes a field's error of encoding/json's.
func blame(err error) error {
	if t, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return invalid(t.Field, "must not be a "+t.Value)
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return invalid(strings.Trim(name, `"`), "is no field here")
	}
	return &Error{Code: CodeMalformed, Message: "set: " + err.Error()}
}
