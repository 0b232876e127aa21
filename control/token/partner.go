package token

import (
	"slices"

	"github.com/golang-jwt/jwt/v5"
)

const maxKeys = 16 // signatures checked per token: 16 × 8192-bit keys take 3 ms

// readPartner tries each active key of the company, and only the one that kid
// names where it names one.
func (k Keyring) readPartner(raw string, h header) (Claims, error) {
	active := k.Partner
	if h.kid != "" {
		named := slices.DeleteFunc(slices.Clone(active), func(p PartnerKey) bool { return p.ID != h.kid })
		if len(named) > 0 {
			active = named
		} else if k.belongsElsewhere(h.kid) {
			return Claims{}, ErrWrongCompany
		}
	}
	var ids []string
	var keys []jwt.VerificationKey
	for _, p := range active {
		if len(keys) < maxKeys && checkKey(p.Key) == nil {
			ids, keys = append(ids, p.ID), append(keys, p.Key)
		}
	}
	members, i, err := open(raw, h.rule.alg(), keys)
	if err != nil {
		return Claims{}, err
	}
	c := Claims{Kind: Partner, KeyID: ids[i], Company: k.Company}
	if err := takeDates(members, dates{"exp": &c.Expires, "nbf": &c.NotBefore}); err != nil {
		return Claims{}, err
	}
	c.Attributes = attributes(members)
	return c, nil
}
