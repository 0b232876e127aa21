package api

import (
	"context"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/chi/v5"

	"github.com/meridian-video/meridian/control/state"
)

// at finds the place of a call, if it is the caller's to be there: who it is not for hears that it is not there.
func (s *served[T, I]) at(ctx context.Context, c *call) (owner, company string, err error) {
	if c.reach < s.readers {
		return "", "", forbidden(ctx, "This needs a key of more reach.")
	}
	return s.place.find(ctx, c)
}

// entity finds that of the path. Whether the caller may write such things is said before.
func (s *served[T, I]) entity(ctx context.Context, c *call, least reach) (e T, company string, err error) {
	owner, company, err := s.at(ctx, c)
	if err != nil {
		return e, "", err
	}
	if c.reach < least {
		return e, "", forbidden(ctx, "This needs a key of more reach.")
	}
	id := param(ctx, s.one)
	find := s.find
	if find == nil {
		find = state.GetOwned[T]
	}
	e, ok := find(c.view, owner, id)
	if !ok || !s.visible(c, e) {
		return e, "", notFound(ctx)
	}
	return e, company, nil
}

// visible tells whether a thing of the place is the caller's to know of.
func (s *served[T, I]) visible(c *call, e T) bool {
	if c.alone() && s.own != nil && s.own(c.view, e) != c.user() {
		return false
	}
	return s.sees == nil || s.sees(c.caller, e)
}

// writable is entity for a call that changes it.
func (s *served[T, I]) writable(ctx context.Context, r *http.Request, c *call) (e T, d *draft[T], version uint64, err error) {
	e, company, err := s.entity(ctx, c, s.writers)
	if err != nil {
		return e, nil, 0, err
	}
	id, current := versionOf(e)
	version, err = expected(ctx, r, current)
	return e, &draft[T]{call: c, id: id, company: company, old: &e}, version, err
}

func (s *served[T, I]) getOne(ctx context.Context, _ http.ResponseWriter, r *http.Request) (answer, error) {
	c := callOf(ctx)
	e, _, err := s.entity(ctx, c, s.readers)
	if err != nil {
		return answer{}, err
	}
	_, version := versionOf(e)
	if unchanged(r, version) && s.kind != state.KindAPIKey { // whose last use makes no new version
		return answer{status: http.StatusNotModified, tag: etag(version)}, nil
	}
	return answer{status: http.StatusOK, tag: etag(version), body: s.shown(c, e, "")}, nil
}

func (s *served[T, I]) shown(c *call, e T, secret string) any {
	if s.show != nil {
		return s.show(s.api, c, e, secret)
	}
	return state.Mask(e)
}

func (s *served[T, I]) listAll(ctx context.Context, _ http.ResponseWriter, r *http.Request) (answer, error) {
	c := callOf(ctx)
	owner, _, err := s.at(ctx, c)
	if err != nil {
		return answer{}, err
	}
	q, value, by, err := s.query(ctx, r.URL.Query())
	if err != nil {
		return answer{}, err
	}
	from, err := q.start(ctx)
	if err != nil {
		return answer{}, err
	}
	var walk iter.Seq[T]
	switch {
	case by != nil:
		walk = by.walk(c.view, owner, value, from)
	case s.walk != nil:
		walk = s.walk(c, owner, from)
	default:
		walk = state.List[T](c.view, owner, from)
	}
	out := page(s.within(c, owner, walk), from, q.Limit, idOf[T], func(e T) any { return s.shown(c, e, "") })
	return answer{status: http.StatusOK, body: out.Body}, nil
}

// within passes over what is not the caller's: an index may lead to things of others.
func (s *served[T, I]) within(c *call, owner string, walk iter.Seq[T]) iter.Seq[T] {
	return func(yield func(T) bool) {
		for e := range walk {
			if !s.visible(c, e) || s.place != ofPlatform && !state.Owns(owner, e) {
				continue
			}
			if !yield(e) {
				return
			}
		}
	}
}

func (s *served[T, I]) createOne(ctx context.Context, w http.ResponseWriter, r *http.Request) (answer, error) {
	c := callOf(ctx)
	_, company, err := s.at(ctx, c)
	if err != nil {
		return answer{}, err
	}
	if c.reach < s.writers {
		return answer{}, forbidden(ctx, "This needs a key of more reach.")
	}
	d := &draft[T]{call: c, id: NewID(c.at), company: company}
	if err := s.read(ctx, w, r, s.in, d, typeJSON); err != nil {
		return answer{}, err
	}
	s.place.fill(ctx, d.set)
	cmd := &state.Create{Kind: s.kind, ID: d.id, Company: company, Set: d.set.object(), Secret: d.secrets(), SecretHash: d.hash}
	e, secret, err := propose[T](ctx, s.api, wish{command: d.with(cmd), extra: d.shownOnce})
	if err != nil {
		return answer{}, err
	}
	id, version := versionOf(e)
	return answer{
		status: http.StatusCreated, tag: etag(version), place: r.URL.EscapedPath() + "/" + url.PathEscape(id), body: s.shown(c, e, secret),
	}, nil
}

func (s *served[T, I]) patchOne(ctx context.Context, w http.ResponseWriter, r *http.Request) (answer, error) {
	c := callOf(ctx)
	_, d, version, err := s.writable(ctx, r, c)
	if err != nil {
		return answer{}, err
	}
	if err := s.read(ctx, w, r, s.patch, d, typeMerge, typeJSON); err != nil {
		return answer{}, err
	}
	var cmd state.Command = &state.Update{Kind: s.kind, ID: d.id, Company: d.company, Set: d.set.object(), Secret: d.secrets()}
	if s.update != nil {
		cmd = s.update(d)
	}
	e, secret, err := propose[T](ctx, s.api, wish{command: cmd, version: d.meant(version), extra: d.shownOnce})
	if err != nil {
		return answer{}, err
	}
	_, version = versionOf(e)
	return answer{status: http.StatusOK, tag: etag(version), body: s.shown(c, e, secret)}, nil
}

func (s *served[T, I]) deleteOne(ctx context.Context, _ http.ResponseWriter, r *http.Request) (answer, error) {
	_, d, version, err := s.writable(ctx, r, callOf(ctx))
	if err != nil {
		return answer{}, err
	}
	d.deleting = true
	if err := s.claimed(ctx, d); err != nil {
		return answer{}, err
	}
	if s.prepare != nil {
		if err := s.prepare(s.api, ctx, d); err != nil {
			return answer{}, err
		}
	}
	var cmd state.Command = &state.Delete{Kind: s.kind, ID: d.id, Company: d.company}
	if s.remove != nil {
		cmd = s.remove(d.company, d.id)
	}
	_, _, err = propose[T](ctx, s.api, wish{command: cmd, version: d.meant(version)})
	return answer{status: http.StatusNoContent}, err
}

// read takes the body into a draft: fields that are the state's, and members that prepare takes.
func (s *served[T, I]) read(ctx context.Context, w http.ResponseWriter, r *http.Request, schema *huma.Schema, d *draft[T], types ...string) error {
	f, err := s.api.decode(w, r, schema, types...)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if least := s.guarded[name]; d.call.reach < least || d.call.alone() && !slices.Contains(s.free, name) {
			p := forbidden(ctx, "This needs a key of more reach: "+name+".")
			p.Errors = []FieldError{{name, "is not for this key to say"}}
			return p
		}
	}
	d.set, d.in = fields{}, fields{}
	for name, v := range f {
		if s.inputs[name] {
			d.in[name] = v
		} else {
			d.set[name] = v
		}
	}
	if err := s.claimed(ctx, d); err != nil {
		return err
	}
	if s.prepare != nil {
		return s.prepare(s.api, ctx, d)
	}
	return nil
}

// claimed refuses a host what is not theirs to write.
func (s *served[T, I]) claimed(ctx context.Context, d *draft[T]) error {
	switch {
	case !d.call.alone():
		return nil
	case s.claim == nil:
		return forbidden(ctx, "This needs an administrator.")
	}
	return s.claim(d.call, ctx, d)
}

// param is a part of the path, unescaped.
func param(ctx context.Context, name string) string {
	v := chi.RouteContext(ctx).URLParam(name)
	if c := callOf(ctx); c == nil || !c.escaped {
		return v
	}
	if u, err := url.PathUnescape(v); err == nil {
		return u
	}
	return v
}

// versionOf gives id and version of an entity.
func versionOf[T any](e T) (id string, version uint64) {
	m := any(&e).(interface{ Metadata() state.Meta }).Metadata()
	return m.ID, m.Version
}

func idOf[T any](e T) string { id, _ := versionOf(e); return id }
