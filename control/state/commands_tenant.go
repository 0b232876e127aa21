package state

import "slices"

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
	p.Epoch = c.Epoch
	return p, tx.putPlatform(p)
}

// SetDefaultCompany names the company that serves hosts without a room domain; empty for none.
type SetDefaultCompany struct {
	Company string `json:"company"`
}

// Name implements Command.
func (*SetDefaultCompany) Name() string { return "platform.default_company" }

func (c *SetDefaultCompany) apply(tx *tx) (any, error) {
	if c.Company != "" {
		if _, err := tx.company(c.Company); err != nil {
			return nil, err
		}
	}
	p := tx.view().Platform()
	p.DefaultCompany = c.Company
	return p, tx.putPlatform(p)
}

// PutSigningKey publishes a control node's key for native join tokens.
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
	k := &SigningKey{KID: c.KID, PublicKey: c.PublicKey, Node: c.Node, CreatedAt: tx.at}
	return *k, tx.put(KindSigningKey, k)
}

// CreateCompany adds a tenant.
type CreateCompany struct {
	ID              string `json:"id"`
	Company         string `json:"name"`
	OpenRooms       bool   `json:"open_rooms,omitempty"`
	JWTMandatory    bool   `json:"jwt_mandatory,omitempty"`
	MaxParticipants int    `json:"max_participants,omitempty"`
}

// Name implements Command.
func (*CreateCompany) Name() string { return "company.create" }

func (c *CreateCompany) apply(tx *tx) (any, error) {
	if err := checkID("id", c.ID); err != nil {
		return nil, err
	}
	if err := checkName("name", c.Company, true); err != nil {
		return nil, err
	}
	if err := checkMaxParticipants(c.MaxParticipants); err != nil {
		return nil, err
	}
	if _, ok := tx.view().Company(c.ID); ok {
		return nil, conflict("id", "a company with this id exists")
	}
	n := &Company{
		ID: c.ID, Name: c.Company, Status: StatusActive, OpenRooms: c.OpenRooms, JWTMandatory: c.JWTMandatory,
		MaxParticipants: c.MaxParticipants, CreatedAt: tx.at,
	}
	return *n, tx.put(KindCompany, n)
}

// UpdateCompany changes the fields that are given.
type UpdateCompany struct {
	ID              string  `json:"id"`
	Company         *string `json:"name,omitempty"`
	Status          *string `json:"status,omitempty"`
	OpenRooms       *bool   `json:"open_rooms,omitempty"`
	JWTMandatory    *bool   `json:"jwt_mandatory,omitempty"`
	MaxParticipants *int    `json:"max_participants,omitempty"`
}

// Name implements Command.
func (*UpdateCompany) Name() string { return "company.update" }

func (c *UpdateCompany) apply(tx *tx) (any, error) {
	n, err := tx.company(c.ID)
	if err != nil {
		return nil, err
	}
	set(&n.Name, c.Company)
	set(&n.Status, c.Status)
	set(&n.OpenRooms, c.OpenRooms)
	set(&n.JWTMandatory, c.JWTMandatory)
	set(&n.MaxParticipants, c.MaxParticipants)
	if err := checkName("name", n.Name, true); err != nil {
		return nil, err
	}
	if err := checkStatus(n.Status); err != nil {
		return nil, err
	}
	if err := checkMaxParticipants(n.MaxParticipants); err != nil {
		return nil, err
	}
	return n, tx.put(KindCompany, &n)
}

// DeleteCompany removes a tenant with everything it owns.
type DeleteCompany struct {
	ID string `json:"id"`
}

// Name implements Command.
func (*DeleteCompany) Name() string { return "company.delete" }

func (c *DeleteCompany) apply(tx *tx) (any, error) {
	n, err := tx.company(c.ID)
	if err != nil {
		return nil, err
	}
	v := tx.view() // collected first: memdb's iterators do not survive writes
	for _, d := range slices.Collect(v.Domains(c.ID, "")) {
		if err := tx.del(KindDomain, d.FQDN, &d); err != nil {
			return nil, err
		}
	}
	for _, k := range slices.Collect(v.TenantKeys(c.ID, "")) {
		if err := tx.del(KindTenantKey, k.ID, &k); err != nil {
			return nil, err
		}
	}
	for _, k := range slices.Collect(v.APIKeys(c.ID, "")) {
		if err := tx.del(KindAPIKey, k.ID, &k); err != nil {
			return nil, err
		}
	}
	for _, r := range slices.Collect(v.Rooms(c.ID, "")) {
		if err := tx.del(KindRoom, r.ID, &r); err != nil {
			return nil, err
		}
	}
	if p := v.Platform(); p.DefaultCompany == c.ID {
		p.DefaultCompany = ""
		if err := tx.putPlatform(p); err != nil {
			return nil, err
		}
	}
	return n, tx.del(KindCompany, c.ID, &n)
}

// CreateDomain gives a host name to a company.
type CreateDomain struct {
	Company string `json:"company"`
	FQDN    string `json:"fqdn"`
}

// Name implements Command.
func (*CreateDomain) Name() string { return "domain.create" }

func (c *CreateDomain) apply(tx *tx) (any, error) {
	if err := checkFQDN("fqdn", c.FQDN); err != nil {
		return nil, err
	}
	if _, err := tx.company(c.Company); err != nil {
		return nil, err
	}
	if _, ok := tx.view().Domain(c.FQDN); ok {
		return nil, conflict("fqdn", "this name is taken")
	}
	d := &RoomDomain{FQDN: c.FQDN, Company: c.Company, CreatedAt: tx.at}
	return *d, tx.put(KindDomain, d)
}

// DeleteDomain takes a host name from its company.
type DeleteDomain struct {
	Company string `json:"company"`
	FQDN    string `json:"fqdn"`
}

// Name implements Command.
func (*DeleteDomain) Name() string { return "domain.delete" }

func (c *DeleteDomain) apply(tx *tx) (any, error) {
	d, ok := tx.view().Domain(c.FQDN)
	if !ok || d.Company != c.Company {
		return nil, notFound("domain")
	}
	return d, tx.del(KindDomain, d.FQDN, &d)
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}
