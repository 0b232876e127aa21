package state

import (
	"encoding/json"
	"time"
)

const (
	// onceFor is how long a repetition gives what the first time gave.
	onceFor = 24 * time.Hour
	// maxOnce bounds the remembered requests of one scope.
	maxOnce = 20_000
	maxKey  = 255
	// maxScope is an id with the prefix of its kind.
	maxScope = maxID + 16
)

// Once is a request that was done, with its result.
type Once struct {
	Meta         // the id is scope and key
	Sum   string `json:"sum"`
	Scope string `json:"scope"`
	// Of is the result's kind; empty for none.
	Of      Kind            `json:"of,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Extra   []byte          `json:"extra,omitempty"`
	Expires time.Time       `json:"expires"`
}

func (o *Once) spec() any               { return &struct{}{} }
func (o *Once) check(*tx, Entity) error { return nil }

func (o *Once) deleted(tx *tx) error {
	_, err := tx.count(o.Scope+"/"+string(KindOnce), -1)
	return err
}

// id joins the two by what no scope holds.
func (k *OnceKey) id() string { return k.Scope + ":" + k.Key }

// again gives the result of an earlier equal request.
func (t *tx) again(k *OnceKey) (Result, bool) {
	o, ok := Get[Once](t.view(), k.id())
	if !ok || !t.at.Before(o.Expires) {
		return Result{}, false
	}
	if o.Sum != k.Sum {
		return Result{Err: &Error{Code: CodeKeyReused, Message: "the idempotency key was used for another request"}}, true
	}
	r := Result{Again: true, Extra: o.Extra}
	if o.Of == "" {
		return r, true
	}
	e, err := DecodeEntity(o.Of, o.Result)
	if err != nil {
		return Result{Err: err}, true
	}
	r.Value = value(e)
	return r, true
}

// remember keeps a request's result.
func (t *tx) remember(k *OnceKey, v any) error {
	if k.Scope == "" || k.Key == "" || len(k.Key) > maxKey || len(k.Scope) > maxScope {
		return invalid("idempotency_key", "must have 1 to 255 bytes")
	}
	o := &Once{Meta: Meta{ID: k.id()}, Sum: k.Sum, Scope: k.Scope, Extra: k.Extra, Expires: t.at.Add(onceFor)}
	if e := pointer(v); e != nil {
		data, err := json.Marshal(e)
		if err != nil {
			return err
		}
		o.Of, o.Result = kindOfEntity(e), data
	}
	if old, ok := Get[Once](t.view(), o.ID); ok { // expired and not yet swept
		if err := t.remove(KindOnce, old.ID); err != nil {
			return err
		}
	}
	n, err := t.count(k.Scope+"/"+string(KindOnce), 1)
	if err != nil {
		return err
	}
	if n > maxOnce {
		return &Error{Code: CodeBusy, Message: "too many idempotency keys in 24 hours"}
	}
	return t.put(KindOnce, o)
}
