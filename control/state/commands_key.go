package state

// CreateTenantKey adds a public key of a company. Its strength is judged by the proposer: what the log holds
// was good when it was accepted.
type CreateTenantKey struct {
	ID      string `json:"id"`
	Company string `json:"company"`
	Label   string `json:"name,omitempty"`
	PEM     string `json:"pem"`
}

// Name implements Command.
func (*CreateTenantKey) Name() string { return "tenant_key.create" }

func (c *CreateTenantKey) apply(tx *tx) (any, error) {
	if err := checkID("id", c.ID); err != nil {
		return nil, err
	}
	if err := checkName("name", c.Label, false); err != nil {
		return nil, err
	}
	if c.PEM == "" || len(c.PEM) > maxPEM {
		return nil, invalid("pem", "must have 1 to 8192 bytes")
	}
	if _, err := tx.company(c.Company); err != nil {
		return nil, err
	}
	if _, ok := tx.view().TenantKey(c.ID); ok {
		return nil, conflict("id", "a key with this id exists")
	}
	k := &TenantKey{
		ID: c.ID, Company: c.Company, Name: c.Label, PEM: c.PEM, Algorithm: AlgorithmRS256, Active: true, CreatedAt: tx.at,
	}
	return *k, tx.put(KindTenantKey, k)
}

// UpdateTenantKey renames a key, or takes it out of use and back.
type UpdateTenantKey struct {
	Company string  `json:"company"`
	ID      string  `json:"id"`
	Label   *string `json:"name,omitempty"`
	Active  *bool   `json:"active,omitempty"`
}

// Name implements Command.
func (*UpdateTenantKey) Name() string { return "tenant_key.update" }

func (c *UpdateTenantKey) apply(tx *tx) (any, error) {
	k, err := tx.tenantKey(c.Company, c.ID)
	if err != nil {
		return nil, err
	}
	if k.Revoked != nil {
		return nil, conflict("id", "the key is revoked for good")
	}
	set(&k.Name, c.Label)
	set(&k.Active, c.Active)
	if err := checkName("name", k.Name, false); err != nil {
		return nil, err
	}
	return k, tx.put(KindTenantKey, &k)
}

// RevokeTenantKey ends a key for good; it stays listed. A second time changes nothing.
type RevokeTenantKey struct {
	Company string `json:"company"`
	ID      string `json:"id"`
}

// Name implements Command.
func (*RevokeTenantKey) Name() string { return "tenant_key.revoke" }

func (c *RevokeTenantKey) apply(tx *tx) (any, error) {
	k, err := tx.tenantKey(c.Company, c.ID)
	if err != nil || k.Revoked != nil {
		return k, err
	}
	at := tx.at
	k.Active, k.Revoked = false, &at
	return k, tx.put(KindTenantKey, &k)
}

// CreateAPIKey adds a key of the native API; Company is empty for one of the platform.
type CreateAPIKey struct {
	ID         string `json:"id"`
	Company    string `json:"company,omitempty"`
	Label      string `json:"name,omitempty"`
	SecretHash []byte `json:"secret_hash"`
}

// Name implements Command.
func (*CreateAPIKey) Name() string { return "api_key.create" }

func (c *CreateAPIKey) apply(tx *tx) (any, error) {
	if err := checkID("id", c.ID); err != nil {
		return nil, err
	}
	if err := checkName("name", c.Label, false); err != nil {
		return nil, err
	}
	if len(c.SecretHash) != 32 {
		return nil, invalid("secret_hash", "must be a SHA-256")
	}
	if c.Company != "" {
		if _, err := tx.company(c.Company); err != nil {
			return nil, err
		}
	}
	if _, ok := tx.view().APIKey(c.ID); ok {
		return nil, conflict("id", "a key with this id exists")
	}
	k := &APIKey{ID: c.ID, Company: c.Company, Name: c.Label, SecretHash: c.SecretHash, CreatedAt: tx.at}
	return *k, tx.put(KindAPIKey, k)
}

// RevokeAPIKey ends a key for good; it stays listed. A second time changes nothing.
type RevokeAPIKey struct {
	Company string `json:"company,omitempty"`
	ID      string `json:"id"`
}

// Name implements Command.
func (*RevokeAPIKey) Name() string { return "api_key.revoke" }

func (c *RevokeAPIKey) apply(tx *tx) (any, error) {
	k, ok := tx.view().APIKey(c.ID)
	if !ok || k.Company != c.Company {
		return nil, notFound("API key")
	}
	if k.Revoked != nil {
		return k, nil
	}
	at := tx.at
	k.Revoked = &at
	return k, tx.put(KindAPIKey, &k)
}
