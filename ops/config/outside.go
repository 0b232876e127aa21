package config

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/meridian-video/meridian/control/notify/mail"
	"github.com/meridian-video/meridian/control/notify/sms"
)

// check judges what is set of a mail server; without a host nothing else may be.
func (s SMTP) check(k *checker) {
	const key = "control.smtp"
	k.oneOf(key+".security", s.Security, string(mail.StartTLS), string(mail.TLS), string(mail.Plain))
	if s.Port < 0 || s.Port > 65535 {
		k.complain(key+".port", "%d is not between 0 and 65535", s.Port)
	}
	switch {
	case s.Host == "" && (s.From != "" || s.User != "" || s.Password != ""):
		k.complain(key+".host", "is missing: without it no e-mail is sent")
	case s.Host == "":
		return
	case strings.ContainsAny(s.Host, ":/@ "):
		k.complain(key+".host", "%q is not a host name; the port is %s.port", s.Host, key)
	}
	switch {
	case s.User != "" && s.Password == "":
		k.complain(key+".password", "is missing (or %s.password_file) beside %s.user", key, key)
	case s.User == "" && s.Password != "":
		k.complain(key+".user", "is missing beside %s.password", key)
	}
	if s.User != "" && s.Security == string(mail.Plain) {
		k.complain(key+".security", "none would send %s.password in the clear", key)
	}
	if s.From == "" {
		k.complain(key+".from", "is missing: the address that letters come from")
	} else if mail.CheckAddress(s.From) != nil {
		k.complain(key+".from", "%q is not an e-mail address", s.From)
	}
}

// Gateway is the gateway as configured.
func (s SMS) Gateway() sms.Gateway {
	return sms.Gateway{
		URL: s.URL, Method: s.Method, ContentType: s.ContentType, Body: s.Body, Authorization: s.Authorization.Reveal(), From: s.From,
	}
}

// check does not repeat the URL, which may hold a secret.
func (s SMS) check(k *checker) {
	const key = "control.sms"
	if s.URL == "" {
		if s.Body != "" || s.Authorization != "" {
			k.complain(key+".url", "is missing: without it no SMS is sent")
		}
		return
	}
	if err := s.Gateway().Validate(); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			k.complain(key, "cannot be called: %s", line)
		}
	}
}

func (w Webhooks) check(k *checker, key string) { checkAllow(k, key+".allow", w.Allow) }

func (p Photos) check(k *checker) {
	if u, err := url.Parse(p.Gravatar); p.Gravatar != NoGravatar && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "") {
		k.complain("edge.photos.gravatar", "%q is neither an https URL nor %q", p.Gravatar, NoGravatar)
	}
	checkAllow(k, "edge.photos.allow", p.Allow)
}

func checkAllow(k *checker, list string, allow []string) {
	k.networks(list, allow, "companies could call any machine that this one reaches")
}

// networks checks a list of networks; all says what would follow if one were
// everything.
func (k *checker) networks(list string, networks []string, all string) {
	for i, text := range networks {
		key := fmt.Sprintf("%s[%d]", list, i)
		switch p, err := netip.ParsePrefix(text); {
		case err != nil:
			k.complain(key, "%q is not a network such as 10.1.0.0/16", text)
		case p.Masked() != p:
			k.complain(key, "%q has bits behind its prefix; the network is %s", text, p.Masked())
		case p.Bits() == 0:
			k.complain(key, "%q is everything: %s", text, all)
		}
	}
}

// Networks are the networks as configured.
func (w Webhooks) Networks() []netip.Prefix { return networks(w.Allow) }

// Networks are the networks as configured.
func (p Photos) Networks() []netip.Prefix { return networks(p.Allow) }

func networks(allow []string) (all []netip.Prefix) {
	for _, text := range allow {
		if p, err := netip.ParsePrefix(text); err == nil {
			all = append(all, p)
		}
	}
	return all
}
