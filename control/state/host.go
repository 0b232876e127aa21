package state

import "strings"

// CompanyByHost finds the company that owns the host's room domain (exact name, any case, port ignored), then the
// one whose subdomain it is below a reseller's root domain or the platform's zone, else the platform's default
// company if one is set.
func (v *View) CompanyByHost(host string) (Company, bool) {
	if c, ok, named := v.named(host); named {
		return c, ok
	}
	p := v.Platform()
	if p.DefaultCompany == "" {
		return Company{}, false
	}
	return Get[Company](v, p.DefaultCompany)
}

// Names tells whether a host is one of a company's own, or of where companies have theirs, rather than nobody's.
func (v *View) Names(host string) bool {
	_, _, named := v.named(host)
	return named
}

// named finds a company by a host that is somebody's.
func (v *View) named(host string) (c Company, ok, named bool) {
	name := NormalizeHost(host)
	if d, ok := Find[RoomDomain](v, "fqdn", name); ok {
		c, ok = Get[Company](v, d.Company)
		return c, ok, true
	}
	if label, zone, ok := strings.Cut(name, "."); ok {
		if d, ok := Find[RootDomain](v, "fqdn", zone); ok {
			c, ok = Find[Company](v, "subdomain", d.Reseller, label)
			return c, ok, true
		}
		if zone == v.Platform().Zone {
			c, ok = Find[Company](v, "subdomain", "", label)
			return c, ok, true
		}
	}
	return c, false, false
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
