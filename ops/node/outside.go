package node

import (
	"net"
	"strings"

	"github.com/meridian-video/meridian/control"
	"github.com/meridian-video/meridian/control/notify/guard"
	"github.com/meridian-video/meridian/control/notify/mail"
	"github.com/meridian-video/meridian/edge"
	"github.com/meridian-video/meridian/ops/config"
)

// notifications says how the configured node reaches companies and people
// outside. No webhook reaches its own listeners.
func notifications(c config.Control, own ...net.Listener) control.Notifications {
	n := control.Notifications{Allow: c.Webhooks.Networks(), Own: own}
	if s := c.SMTP; s.Host != "" {
		n.From = s.From
		n.Mail = &mail.Server{
			Host: s.Host, Port: s.Port, Security: mail.Security(s.Security), User: s.User, Password: s.Password.Reveal(), Name: s.Name,
		}
	}
	if c.SMS.URL != "" {
		g := c.SMS.Gateway()
		n.SMS = &g
	}
	return n
}

// partners says how an edge reaches companies' own servers.
func partners(c config.Webhooks) edge.Partners {
	return edge.Partners{Guard: &guard.Guard{Allow: c.Networks()}}
}

// photos says where an edge looks for pictures of people.
func photos(c config.Photos) edge.Photos {
	p := edge.Photos{Gravatar: strings.TrimSuffix(c.Gravatar, "/"), Guard: &guard.Guard{Allow: c.Networks()}}
	if c.Gravatar == config.NoGravatar {
		p.Gravatar = ""
	}
	return p
}
