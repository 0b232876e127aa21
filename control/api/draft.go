package api

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	_ "time/tzdata" // so that every node knows the same zones

	"github.com/meridian-video/meridian/control/password"
	"github.com/meridian-video/meridian/control/state"
)

// draft is an entity on its way into the state.
type draft[T any] struct {
	call        *call
	id, company string
	old         *T // nil for a new one
	deleting    bool
	exact       bool   // it was judged by what is there, which must not change meanwhile
	set         fields // of the entity
	in          fields // other members of the body

	secret    map[string]any // as the state keeps it: hashed or sealed
	hash      []byte         // of an API key
	shownOnce string         // secret of the answer
	more      []state.Command
}

// secrets is what the state is to keep, as a merge patch.
func (d *draft[T]) secrets() json.RawMessage {
	if len(d.secret) == 0 {
		return nil
	}
	b, err := json.Marshal(d.secret)
	if err != nil {
		return json.RawMessage("null") // texts and bytes encode
	}
	return b
}

// hide notes a secret of the entity; nil takes it away.
func (d *draft[T]) hide(name string, value any) {
	if d.secret == nil {
		d.secret = map[string]any{}
	}
	d.secret[name] = value
}

// with joins the command to those that belong to it.
func (d *draft[T]) with(first state.Command) state.Command {
	if len(d.more) == 0 {
		return first
	}
	return &state.Batch{Commands: append([]state.Command{first}, d.more...)}
}

// meant is the version that the write is for.
func (d *draft[T]) meant(version uint64) uint64 {
	if version == 0 && d.exact {
		_, version = versionOf(*d.old)
	}
	return version
}

// clears tells whether a member takes something away.
func (f fields) clears(name string) bool { return string(f[name]) == "null" }

// sealInto seals a member of the body into the entity's secret of the given name.
func (d *draft[T]) sealInto(a *API, kind state.Kind, member, name string) {
	switch {
	case !d.in.has(member):
	case d.in.clears(member):
		d.hide(name, nil)
	default:
		d.hide(name, a.seal.Seal([]byte(d.in.text(member)), string(kind), d.id, name))
	}
}

// opened is a sealed secret of an entity; empty where there is none.
func (a *API) opened(sealed []byte, kind state.Kind, id, name string) string {
	if len(sealed) == 0 {
		return ""
	}
	b, err := a.seal.Open(sealed, string(kind), id, name)
	if err != nil {
		a.log.Error("a secret of the state does not open", "kind", kind, "id", id, "secret", name, "err", err)
		return ""
	}
	return string(b)
}

// hashInto hashes a password of the body, of at least so many bytes.
func (d *draft[T]) hashInto(ctx context.Context, a *API, least int) error {
	const member = "password"
	switch {
	case !d.in.has(member):
		return nil
	case d.in.clears(member):
		d.hide(member, nil)
		return nil
	}
	hash, err := a.passwords.HashShort(ctx, d.in.text(member), least)
	if errors.Is(err, password.ErrLength) {
		return invalid(ctx, member, "is too short or too long")
	}
	d.hide(member, hash)
	return err
}

// checkZone judges the name of a time zone, which the state cannot: its tables differ from node to node.
func (f fields) checkZone(ctx context.Context) error {
	name := f.text("time_zone")
	if name == "" {
		return nil
	}
	if _, err := time.LoadLocation(name); err != nil || name == "Local" {
		return invalid(ctx, "time_zone", "must be a time zone such as Europe/Berlin")
	}
	return nil
}
