package edge

import (
	"strings"

	"github.com/meridian-video/meridian/control/client"
)

// anyFramer is who may embed a company that has listed no site: any that is
// served over HTTPS, and pages under development on the person's own machine.
const anyFramer = "https: http://localhost:* http://127.0.0.1:*"

// framersLimit bounds a company's list in bytes, because clients and proxies
// bound headers; what does not fit may not embed.
const framersLimit = 4 << 10

// framers is who may embed the pages of a host and command them, as source
// expressions of frame-ancestors (CSP Level 3, section 6.4.2) with spaces
// between. It is empty for nobody, as under a host that belongs to no company.
func framers(v *client.View, host string) string {
	c, ok := v.CompanyByHost(host)
	if !ok {
		return ""
	}
	var list strings.Builder
	for pattern := range v.Origins(c.ID) {
		if list.Len()+1+len(pattern) > framersLimit {
			break
		}
		if list.Len() > 0 {
			list.WriteByte(' ')
		}
		list.WriteString(pattern)
	}
	if list.Len() == 0 {
		return anyFramer
	}
	return list.String()
}
