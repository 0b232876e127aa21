package state

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"
	"unicode/utf8"
)

// newCommand makes an empty command of a name; nil for one that this version does not know.
func newCommand(name string) Command {
	for _, c := range []Command{
		&InitPlatform{}, &UpdatePlatform{}, &PutSigningKey{}, &RevokeTenantKey{}, &RevokeAPIKey{}, &UseAPIKeys{},
		&SetUserRoom{}, &OpenSession{}, &TouchSessions{}, &CloseSession{}, &UseToken{}, &RevokeToken{}, &Place{},
		&DisableWebhook{}, &EnableWebhook{}, &RotateWebhook{}, &TakeEvents{}, &Batch{},
	} {
		if c.Name() == name {
			return c
		}
	}
	return generic(name)
}

// Batch is several commands of which all happen or none. Its value is the first's, as it is after the last; the
// thing it is about is the first's.
type Batch struct {
	Commands []Command
}

type batched struct {
	Name string          `json:"n"`
	Data json.RawMessage `json:"d"`
}

// maxBatch bounds the commands of a batch.
const maxBatch = 1000

// Name implements Command.
func (*Batch) Name() string { return "batch" }

// MarshalJSON implements json.Marshaler.
func (b *Batch) MarshalJSON() ([]byte, error) {
	list := make([]batched, len(b.Commands))
	for i, c := range b.Commands {
		data, err := json.Marshal(c)
		if err != nil {
			return nil, err
		}
		list[i] = batched{c.Name(), data}
	}
	return json.Marshal(list)
}

// UnmarshalJSON implements json.Unmarshaler.
func (b *Batch) UnmarshalJSON(data []byte) error {
	var list []batched
	if err := strict(data, &list); err != nil {
		return err
	}
	if len(list) == 0 || len(list) > maxBatch {
		return invalid("batch", "must have 1 to 1000 commands")
	}
	b.Commands = make([]Command, len(list))
	for i, e := range list {
		if e.Name == b.Name() {
			return invalid("batch", "must not hold a batch")
		}
		c, err := decodeCommand(e.Name, e.Data)
		if err != nil {
			return err
		}
		b.Commands[i] = c
	}
	return nil
}

func (b *Batch) apply(tx *tx) (first any, err error) {
	for i, c := range b.Commands {
		v, err := c.apply(tx)
		if err != nil {
			return nil, err
		}
		if i == 0 {
			first = v
		}
	}
	e := pointer(first)
	if e == nil {
		return first, nil
	}
	raw, err := tx.txn.First(string(kindOfEntity(e)), indexID, e.meta().ID)
	if err != nil || raw == nil { // a later command deleted it
		return first, err
	}
	return value(raw.(Entity)), nil
}

// InitPlatform gives the cluster its epoch, once; a second one changes nothing.
type InitPlatform struct {
	Epoch string `json:"epoch"`
}

// Name implements Command.
func (*InitPlatform) Name() string { return "platform.init" }

func (c *InitPlatform) apply(tx *tx) (any, error) {
	if err := checkID("epoch", c.Epoch); err != nil {
		return nil, err
	}
	p := tx.view().Platform()
	if p.Epoch != "" {
		return p, nil
	}
	p.Meta, p.Epoch = Meta{ID: platformID}, c.Epoch
	if err := tx.create(KindPlatform, &p); err != nil {
		return nil, err
	}
	return p, nil
}

// UpdatePlatform changes what an operator chooses, as Update does.
type UpdatePlatform struct {
	Set json.RawMessage `json:"set"`
}

// Name implements Command.
func (*UpdatePlatform) Name() string { return "platform.update" }

// Default makes a company serve hosts that no room domain names.
func Default(company string) *UpdatePlatform {
	set, err := json.Marshal(map[string]string{"default_company": company})
	if err != nil {
		set = []byte("null")
	}
	return &UpdatePlatform{Set: set}
}

func (c *UpdatePlatform) apply(tx *tx) (any, error) {
	return (&Update{Kind: KindPlatform, ID: platformID, Set: c.Set}).apply(tx)
}

// PutSigningKey publishes a control node's key for native tokens.
type PutSigningKey struct {
	KID       string `json:"kid"`
	PublicKey []byte `json:"public_key"`
	Node      string `json:"node"`
}

// Name implements Command.
func (*PutSigningKey) Name() string { return "signing_key.put" }

func (c *PutSigningKey) apply(tx *tx) (any, error) {
	if err := checkID("kid", c.KID); err != nil {
		return nil, err
	}
	if len(c.PublicKey) != 32 {
		return nil, invalid("public_key", "must have 32 bytes")
	}
	if err := checkID("node", c.Node); err != nil {
		return nil, err
	}
	k := &SigningKey{Meta: Meta{ID: c.KID}, PublicKey: c.PublicKey, Node: c.Node}
	if err := tx.put(KindSigningKey, k); err != nil {
		return nil, err
	}
	return *k, nil
}

// RevokeTenantKey ends a key for good; it stays listed. A second time changes nothing.
type RevokeTenantKey struct {
	Company string `json:"company"`
	ID      string `json:"id"`
}

// Name implements Command.
func (*RevokeTenantKey) Name() string { return "tenant_key.revoke" }

func (c *RevokeTenantKey) apply(tx *tx) (any, error) {
	e, err := tx.owned(KindTenantKey, c.Company, c.ID)
	if err != nil {
		return nil, err
	}
	k := *e.(*TenantKey)
	if k.Revoked != nil {
		return k, nil
	}
	at, off := tx.at, false
	k.Active, k.Revoked = &off, &at
	if err := tx.put(KindTenantKey, &k); err != nil {
		return nil, err
	}
	return k, nil
}

// RevokeAPIKey ends an API key for good; it stays listed. A second time changes nothing.
type RevokeAPIKey struct {
	Company string `json:"company,omitempty"`
	ID      string `json:"id"`
}

// Name implements Command.
func (*RevokeAPIKey) Name() string { return "api_key.revoke" }

func (c *RevokeAPIKey) apply(tx *tx) (any, error) {
	e, err := tx.owned(KindAPIKey, c.Company, c.ID)
	if err != nil {
		return nil, err
	}
	k := *e.(*APIKey)
	if k.Revoked != nil {
		return k, nil
	}
	at := tx.at
	k.Revoked = &at
	if err := tx.put(KindAPIKey, &k); err != nil {
		return nil, err
	}
	return k, nil
}

// UseAPIKeys notes when keys were used, many at a time and to the minute: no log entry a call.
type UseAPIKeys struct {
	At map[string]time.Time `json:"at"`
}

// Name implements Command.
func (*UseAPIKeys) Name() string { return "api_key.used" }

func (c *UseAPIKeys) apply(tx *tx) (any, error) {
	for _, id := range sorted(c.At) {
		k, ok := Get[APIKey](tx.view(), id)
		at := c.At[id].UTC().Truncate(time.Minute)
		if !ok || k.LastUsed != nil && !at.After(*k.LastUsed) {
			continue
		}
		k.LastUsed = &at
		if err := tx.touch(KindAPIKey, &k); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// SetUserRoom makes a room of the user's the permanent one.
type SetUserRoom struct {
	Company string `json:"company"`
	User    string `json:"user"`
	Room    string `json:"room"`
}

// Name implements Command.
func (*SetUserRoom) Name() string { return "user.room" }

func (c *SetUserRoom) apply(tx *tx) (any, error) {
	e, err := tx.owned(KindUser, c.Company, c.User)
	if err != nil {
		return nil, err
	}
	u := *e.(*User)
	r, ok := GetOwned[Room](tx.view(), c.Company, c.Room)
	if !ok || r.User != u.ID {
		return nil, invalid("room", "is no room of the user")
	}
	u.Room = r.ID
	if err := tx.put(KindUser, &u); err != nil {
		return nil, err
	}
	return u, nil
}

// TouchEvery is how seldom uses of a session are written: the state may be so far behind the last use, and who
// sees the uses judges exactly.
const TouchEvery = 30 * time.Second

// OpenSession signs a user in.
type OpenSession struct {
	ID          string `json:"id"`
	Company     string `json:"company"`
	User        string `json:"user"`
	Scope       string `json:"scope,omitempty"`
	TokenHash   []byte `json:"token_hash"`
	IdleSeconds int    `json:"idle_seconds"`
}

// Name implements Command.
func (*OpenSession) Name() string { return "auth_session.open" }

func (c *OpenSession) apply(tx *tx) (any, error) {
	if err := checkID("id", c.ID); err != nil {
		return nil, err
	}
	u, ok := GetOwned[User](tx.view(), c.Company, c.User)
	if !ok || u.Inactive {
		return nil, notFound("user")
	}
	if len(c.TokenHash) != sha256.Size {
		return nil, invalid("token_hash", "must have 32 bytes")
	}
	if c.IdleSeconds < 1 || c.IdleSeconds > 31*24*3600 {
		return nil, invalid("idle_seconds", "must be between 1 and 2678400")
	}
	s := &AuthSession{
		Meta: Meta{ID: c.ID, Company: c.Company}, User: c.User, Scope: c.Scope, TokenHash: c.TokenHash, IdleSeconds: c.IdleSeconds,
	}
	s.slide(tx.at)
	if err := tx.crowdOut(c.User); err != nil {
		return nil, err
	}
	if err := tx.create(KindSession, s); err != nil {
		return nil, err
	}
	return *s, nil
}

// maxSessions is how many sessions a user has at most: one more ends the one that was not used for the longest.
const maxSessions = 100

// crowdOut makes room for one more session of a user.
func (t *tx) crowdOut(user string) error {
	all := slices.Collect(ByIndex[AuthSession](t.view(), "user", user, ""))
	if len(all) < maxSessions {
		return nil
	}
	oldest := slices.MinFunc(all, func(a, b AuthSession) int { return a.LastSuccess.Compare(b.LastSuccess) })
	return t.remove(KindSession, oldest.ID)
}

func (s *AuthSession) slide(at time.Time) {
	s.LastSuccess = at
	s.Expires = at.Add(time.Duration(s.IdleSeconds)*time.Second + 2*TouchEvery)
}

// TouchSessions notes when sessions were used, many at a time: no log entry a call.
type TouchSessions struct {
	At map[string]time.Time `json:"at"`
}

// Name implements Command.
func (*TouchSessions) Name() string { return "auth_session.touch" }

func (c *TouchSessions) apply(tx *tx) (any, error) {
	for _, id := range sorted(c.At) {
		s, ok := Get[AuthSession](tx.view(), id)
		if !ok || !c.At[id].After(s.LastSuccess) {
			continue
		}
		s.slide(c.At[id].UTC())
		if err := tx.touch(KindSession, &s); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// CloseSession signs a user out: of one session, or of all.
type CloseSession struct {
	Company string `json:"company"`
	ID      string `json:"id,omitempty"`
	User    string `json:"user,omitempty"` // all of this user's
}

// Name implements Command.
func (*CloseSession) Name() string { return "auth_session.close" }

func (c *CloseSession) apply(tx *tx) (any, error) {
	if c.User != "" {
		if _, err := tx.owned(KindUser, c.Company, c.User); err != nil {
			return nil, err
		}
		return nil, tx.deleteAll(byKind[KindSession], "user", c.User)
	}
	if _, err := tx.owned(KindSession, c.Company, c.ID); err != nil {
		return nil, err
	}
	return nil, tx.remove(KindSession, c.ID)
}

// FirstUseID is the id of the first use of a company's token by its hash.
func FirstUseID(company string, hash []byte) string { return company + "." + hex.EncodeToString(hash) }

// UseToken claims the first use of a token for whom By says. The value is the FirstUse as it stands: a second
// claimer gets the first one's, and CodeUsed if the token counts once.
type UseToken struct {
	Company string    `json:"company"`
	Hash    []byte    `json:"hash"` // SHA-256
	By      string    `json:"by"`
	Single  bool      `json:"single,omitempty"`
	Expires time.Time `json:"expires"` // when the token is worth nothing anyway
	// LifetimeMS is how long the token serves from its first use. The first one's stays.
	LifetimeMS int64 `json:"lifetime_ms,omitempty"`
	// At is when a token was used that nobody could be asked about; zero = now. The earliest use counts.
	At time.Time `json:"at,omitzero"`
}

// Name implements Command.
func (*UseToken) Name() string { return "first_use.claim" }

func (c *UseToken) apply(tx *tx) (any, error) {
	if len(c.Hash) != sha256.Size {
		return nil, invalid("hash", "must have 32 bytes")
	}
	if c.LifetimeMS < 0 {
		return nil, invalid("lifetime_ms", "must not be negative")
	}
	at := tx.at
	if !c.At.IsZero() && c.At.Before(at) {
		at = c.At.UTC()
	}
	id := FirstUseID(c.Company, c.Hash)
	f, ok := Get[FirstUse](tx.view(), id)
	switch {
	case ok && c.Single && f.By != c.By:
		return nil, &Error{Code: CodeUsed, Message: "the token was used before"}
	case ok && (c.Single || !at.Before(f.At)):
		return f, nil
	case ok:
		f.At, f.By, f.LifetimeMS = at, c.By, c.LifetimeMS
		return f, tx.put(KindFirstUse, &f)
	}
	f = FirstUse{Meta: Meta{ID: id, Company: c.Company}, At: at, By: c.By, LifetimeMS: c.LifetimeMS, Expires: c.Expires.UTC()}
	if err := tx.create(KindFirstUse, &f); err != nil {
		return nil, err
	}
	return f, nil
}

// maxRevocations bounds those of a company, which every edge holds.
const maxRevocations = 100_000

func revocationsOf(company string) string { return company + "/" + string(KindRevocation) }

// RevokeToken ends a token of ours by its jti, and those minted from it.
type RevokeToken struct {
	Company string    `json:"company"`
	JTI     string    `json:"jti"`
	Expires time.Time `json:"expires"`
}

// Name implements Command.
func (*RevokeToken) Name() string { return "revocation.put" }

func (c *RevokeToken) apply(tx *tx) (any, error) {
	if err := checkID("jti", c.JTI); err != nil {
		return nil, err
	}
	if _, ok := Get[Company](tx.view(), c.Company); !ok {
		return nil, notFound("company")
	}
	id := RevocationID(c.Company, c.JTI)
	tx.target, tx.company = id, c.Company
	r := &Revocation{Meta: Meta{ID: id, Company: c.Company}, Expires: c.Expires.UTC()}
	old, ok := Get[Revocation](tx.view(), id)
	if ok && old.Expires.After(r.Expires) {
		return old, nil
	}
	if !ok {
		n, err := tx.count(revocationsOf(c.Company), 1)
		if err != nil {
			return nil, err
		}
		if n > maxRevocations {
			return nil, &Error{Code: CodeBusy, Message: "too many tokens are withdrawn; withdraw the key that signs them"}
		}
	}
	if err := tx.put(KindRevocation, r); err != nil {
		return nil, err
	}
	return *r, nil
}

// placedFor is how long a placement stands that nobody confirms again.
const placedFor = 24 * time.Hour

// maxLiveRoom is the longest name of a live room, in bytes: rooms that nobody configured are called what links say.
const maxLiveRoom = 256

// Place confirms where a live room has its home, once a session and once a takeover. Of two homes that of the
// greater epoch (Epoch, Provisional, Node) is right; the other learns which stands. The value is the placement
// that stands, the zero one when none does any more.
type Place struct {
	Company     string `json:"company"`
	Room        string `json:"room"` // public id
	Node        string `json:"node"`
	Epoch       uint64 `json:"epoch"`
	Provisional uint64 `json:"provisional,omitempty"`
	Session     string `json:"session"`
	Over        bool   `json:"over,omitempty"` // the session has ended
}

// Name implements Command.
func (*Place) Name() string { return "placement.put" }

func (c *Place) apply(tx *tx) (any, error) {
	if c.Room == "" || len(c.Room) > maxLiveRoom || !utf8.ValidString(c.Room) {
		return nil, invalid("room", "must have 1 to 256 bytes of UTF-8")
	}
	if err := checkID("node", c.Node); err != nil {
		return nil, err
	}
	id := c.Company + "/" + c.Room
	old, ok := Get[Placement](tx.view(), id)
	if ok && c.behind(old) {
		return old, nil
	}
	if c.Over {
		return Placement{}, tx.remove(KindPlacement, id)
	}
	if _, ok := Get[Company](tx.view(), c.Company); !ok {
		return nil, notFound("company")
	}
	p := &Placement{
		Meta: Meta{ID: id, Company: c.Company, CreatedAt: old.CreatedAt}, Room: c.Room, Node: c.Node, Epoch: c.Epoch,
		Provisional: c.Provisional, Session: c.Session, Expires: tx.at.Add(placedFor),
	}
	if err := tx.put(KindPlacement, p); err != nil {
		return nil, err
	}
	return *p, nil
}

// behind tells whether a placement stands that is of a greater epoch, or by a node that has started anew since and
// counts again from there.
func (c *Place) behind(p Placement) bool {
	by := cmp.Or(cmp.Compare(c.Epoch, p.Epoch), cmp.Compare(c.Provisional, p.Provisional), cmp.Compare(c.Node, p.Node))
	return by < 0 || by == 0 && c.Session != p.Session
}
