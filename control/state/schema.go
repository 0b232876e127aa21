package state

import "github.com/hashicorp/go-memdb"

// Kind names a table, a record of a snapshot and a record of the change feed.
type Kind string

// The kinds, in the order in which snapshots list them.
const (
	KindPlatform   Kind = "platform"
	KindSigningKey Kind = "signing_key"
	KindCompany    Kind = "company"
	KindDomain     Kind = "domain"
	KindTenantKey  Kind = "tenant_key"
	KindAPIKey     Kind = "api_key"
	KindRoom       Kind = "room"
)

// kinds is the order of a snapshot. A kind is appended, never moved.
var kinds = []Kind{KindPlatform, KindSigningKey, KindCompany, KindDomain, KindTenantKey, KindAPIKey, KindRoom}

const tableMeta = "meta"

// row wraps singletons, which have no id of their own.
type row[T any] struct {
	Key   string
	Value T
}

func unique(field string) *memdb.IndexSchema {
	return &memdb.IndexSchema{Name: "id", Unique: true, Indexer: &memdb.StringFieldIndex{Field: field}}
}

// owned indexes (company, id), so that a company's entities list in the order of their ids from a cursor on.
func owned(field string) *memdb.IndexSchema {
	return &memdb.IndexSchema{Name: "owned", Unique: true, Indexer: &memdb.CompoundIndex{Indexes: []memdb.Indexer{
		&ownerIndex{}, &memdb.StringFieldIndex{Field: field},
	}}}
}

func table(kind Kind, indexes ...*memdb.IndexSchema) *memdb.TableSchema {
	t := &memdb.TableSchema{Name: string(kind), Indexes: map[string]*memdb.IndexSchema{}}
	for _, i := range indexes {
		t.Indexes[i.Name] = i
	}
	return t
}

func schema() *memdb.DBSchema {
	publicID := &memdb.IndexSchema{Name: "public_id", Unique: true, Indexer: &memdb.CompoundIndex{Indexes: []memdb.Indexer{
		&memdb.StringFieldIndex{Field: "Company"}, &memdb.StringFieldIndex{Field: "PublicID"},
	}}}
	return &memdb.DBSchema{Tables: map[string]*memdb.TableSchema{
		tableMeta:              table(tableMeta, unique("Key")),
		string(KindPlatform):   table(KindPlatform, unique("Key")),
		string(KindSigningKey): table(KindSigningKey, unique("KID")),
		string(KindCompany):    table(KindCompany, unique("ID")),
		string(KindDomain):     table(KindDomain, unique("FQDN"), owned("FQDN")),
		string(KindTenantKey):  table(KindTenantKey, unique("ID"), owned("ID")),
		string(KindAPIKey):     table(KindAPIKey, unique("ID"), owned("ID")),
		string(KindRoom):       table(KindRoom, unique("ID"), owned("ID"), publicID),
	}}
}

// owner is implemented by entities of a company.
type owner interface{ owner() string }

func (d *RoomDomain) owner() string { return d.Company }
func (k *TenantKey) owner() string  { return k.Company }
func (k *APIKey) owner() string     { return k.Company }
func (r *Room) owner() string       { return r.Company }

// ownerIndex is a StringFieldIndex on Company that also indexes the empty string: the platform's API keys.
type ownerIndex struct{}

// FromObject implements memdb.SingleIndexer.
func (ownerIndex) FromObject(raw any) (bool, []byte, error) {
	o, ok := raw.(owner)
	if !ok {
		return false, nil, errNotOwned
	}
	return true, append([]byte(o.owner()), 0), nil
}

// FromArgs implements memdb.Indexer.
func (ownerIndex) FromArgs(args ...any) ([]byte, error) {
	if len(args) != 1 {
		return nil, errNotOwned
	}
	s, ok := args[0].(string)
	if !ok {
		return nil, errNotOwned
	}
	return append([]byte(s), 0), nil
}
