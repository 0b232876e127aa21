package state

import "strings"

// CompanyByHost finds the company that owns the host's room domain (exact name, any case, port ignored), then the
// one whose subdomain it is below a reseller's root domain or the platform's zone, else the platform's default
// company if one is set.
func (v *View) CompanyByHost(host string) (Company, bool) {
	name := NormalizeHost(host)
	if d, ok := Find[RoomDomain](v, "fqdn", name); ok {
		return Get[Company](v, d.Company)
	}
	p := v.Platform()
	if label, zone, ok := strings.Cut(name, "."); ok {
		if d, ok := Find[RootDomain](v, "fqdn", zone); ok {
			return Find[Company](v, "subdomain", d.Reseller, label)
		}
		if zone == p.Zone {
			return Find[Company](v, "subdomain", "", label)
		}
	}
	if p.DefaultCompany == "" {
		return Company{}, false
	}
	return Get[Company](v, p.DefaultCompany)
}

// HostOf gives a host name under which CompanyByHost finds the company: its own domain before a subdomain. It is
// empty where there is none.
func (v *View) HostOf(c Company) string {
	for d := range List[RoomDomain](v, c.ID, "") {
		return d.FQDN
	}
	if c.Subdomain == "" {
		return ""
	}
	if c.Reseller == "" {
		if zone := v.Platform().Zone; zone != "" {
			return c.Subdomain + "." + zone
		}
		return ""
	}
	for d := range List[RootDomain](v, OfReseller(c.Reseller), "") {
		return c.Subdomain + "." + d.FQDN
	}
	return ""
}
