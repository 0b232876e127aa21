package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/meridian-video/meridian/geo"
	earth "github.com/meridian-video/meridian/geo/place"
)

// label is what a node, POP or region may be called: it goes into host names.
var label = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// maxOutbox is the most an outbox may take, in MiB: 1 TiB.
const maxOutbox = 1 << 20

// shortestSecret keeps a join secret beyond guessing.
const shortestSecret = 16

// Validate returns every complaint at once about what a node of that role
// needs, or nil.
func (c Config) Validate(role Role) error {
	var complaints []error
	for _, wrong := range c.complaints(role) {
		complaints = append(complaints, wrong)
	}
	return errors.Join(complaints...)
}

func (c Config) complaints(role Role) []complaint {
	var k checker
	k.label("node", c.Node, true)
	k.label("pop", c.POP, role == RoleEdge)
	k.label("region", c.Region, false)
	k.place("location", c.Location)
	k.need("data", c.Data)
	if c.Drain < 0 || c.Drain > time.Hour {
		k.complain("drain", "%v is not between 0s and 1h", c.Drain)
	}
	k.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	k.oneOf("log.format", c.Log.Format, "json", "text")
	k.listen("operator.listen", c.Operator.Listen, false)
	k.listen("gossip.listen", c.Gossip.Listen, true)
	k.announce("gossip.announce", c.Gossip.Announce)
	for i, seed := range c.Gossip.Seeds {
		k.dial(fmt.Sprintf("gossip.seeds[%d]", i), seed)
	}
	k.networks("gossip.allow", c.Gossip.Allow, "leave the list empty for that")
	switch role {
	case RoleControl:
		c.Control.check(&k)
	case RoleEdge:
		c.Edge.check(&k)
	default:
		k.complain("role", "%q is neither control nor edge", string(role))
	}
	return k.complaints
}

func (c Control) check(k *checker) {
	k.listen("control.api.listen", c.API.Listen, true)
	k.tls("control.api.tls", c.API.TLS)
	k.endpoint("control.cluster", c.Cluster)
	k.endpoint("control.raft", c.Raft)
	for i, a := range c.Join {
		k.dial(fmt.Sprintf("control.join[%d]", i), a)
	}
	switch several := c.BootstrapExpect > 1 || len(c.Join) > 0; {
	case c.BootstrapExpect < 0 || c.BootstrapExpect > mostVoters:
		k.complain("control.bootstrap_expect", "%d is not between 0 and %d", c.BootstrapExpect, mostVoters)
	case several && len(c.Join) < c.BootstrapExpect:
		k.complain("control.join", "lists %d addresses, fewer than the %d nodes of control.bootstrap_expect", len(c.Join), c.BootstrapExpect)
	case several && c.VoterSecret == "":
		k.complain("control.voter_secret", "is missing (or control.voter_secret_file): several control nodes share one, made by meridian cluster secret")
	case c.VoterSecret != "" && !voterForm.MatchString(c.VoterSecret.Reveal()):
		k.complain("control.voter_secret", "does not look like mrv1.…, as meridian cluster secret prints it")
	}
	k.database("control.history", c.History)
	if several := c.BootstrapExpect > 1 || len(c.Join) > 1; several && !strings.HasPrefix(c.History.Reveal(), "postgres") {
		k.complain("control.history", "is no PostgreSQL database (or control.history_file names none): several control nodes keep one history, postgres://user:password@host/database, the same on every node")
	}
	c.SMTP.check(k)
	c.SMS.check(k)
	c.Webhooks.check(k, "control.webhooks")
}

// mostVoters is more than anybody needs: every write waits for a majority.
const mostVoters = 9

// voterForm is what a voter secret looks like.
var voterForm = regexp.MustCompile(`^mrv1\.[A-Za-z0-9_-]{43}$`)

func (e Edge) check(k *checker) {
	k.listen("edge.http.listen", e.HTTP.Listen, true)
	k.url("edge.http.url", e.HTTP.URL, true)
	k.tls("edge.http.tls", e.HTTP.TLS)
	k.networks("edge.http.proxies", e.HTTP.Proxies, "anybody could say to be from anywhere")
	k.listen("edge.media.listen", e.Media.Listen, true)
	for i, a := range e.Media.Announce {
		k.address(fmt.Sprintf("edge.media.announce[%d]", i), a)
	}
	if e.Media.Readers < 0 || e.Media.Readers > maxReaders {
		k.complain("edge.media.readers", "%d is not between 0 and %d", e.Media.Readers, maxReaders)
	}
	if e.Media.TCP != WithHTTP {
		k.listen("edge.media.tcp", e.Media.TCP, false)
	}
	for i, a := range e.Media.AnnounceTCP {
		k.address(fmt.Sprintf("edge.media.announce_tcp[%d]", i), a)
	}
	k.listen("edge.turn.udp", e.TURN.UDP, false)
	k.listen("edge.turn.tcp", e.TURN.TCP, false)
	for i, a := range e.TURN.Announce {
		k.hostMaybePort(fmt.Sprintf("edge.turn.announce[%d]", i), a)
	}
	k.need("edge.turn.realm", e.TURN.Realm)
	k.endpoint("edge.relay", e.Relay)
	if len(e.Control) == 0 {
		k.complain("edge.control", "is missing")
	}
	for i, a := range e.Control {
		k.dial(fmt.Sprintf("edge.control[%d]", i), a)
	}
	k.secret("edge.join_secret", e.JoinSecret, true)
	k.oneOf("edge.placement", e.Placement, string(geo.Nearest), string(geo.NearRoom))
	if e.Handicap < 0 || e.Handicap > geo.MaxHandicap {
		k.complain("edge.handicap", "%v is not between 0s and %v", e.Handicap, geo.MaxHandicap)
	}
	if e.Limits.Participants < 0 {
		k.complain("edge.limits.participants", "%d is negative", e.Limits.Participants)
	}
	if e.Outbox.MiB < 1 || e.Outbox.MiB > maxOutbox {
		k.complain("edge.outbox.mib", "%d is not between 1 and %d", e.Outbox.MiB, maxOutbox)
	}
	e.Photos.check(k)
	e.Webhooks.check(k, "edge.webhooks")
	k.url("edge.api", e.API, false)
}

// maxReaders is what the kernel spreads packets over without slowing down.
const maxReaders = 64

// checker gathers complaints; each names the key first.
type checker struct{ complaints []complaint }

func (k *checker) complain(key, format string, args ...any) {
	k.complaints = append(k.complaints, complaint{key: key, text: fmt.Sprintf(format, args...)})
}

func (k *checker) place(key, value string) {
	if value == "" {
		return
	}
	if _, err := earth.Parse(value); err != nil {
		k.complain(key, "%q %v", value, err)
	}
}

func (k *checker) need(key, value string) {
	if value == "" {
		k.complain(key, "is missing")
	}
}

func (k *checker) label(key, value string, required bool) {
	switch {
	case value == "" && required:
		k.complain(key, "is missing")
	case value != "" && !label.MatchString(value):
		k.complain(key, `%q is not made of lower-case letters, digits and "-"`, value)
	}
}

func (k *checker) oneOf(key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		k.complain(key, "%q is not one of %s", value, strings.Join(allowed, ", "))
	}
}

func (k *checker) secret(key string, value Secret, required bool) {
	switch {
	case value == "" && required:
		k.complain(key, "is missing (or %s_file)", key)
	case value != "" && len(value) < shortestSecret:
		k.complain(key, "has %d characters, fewer than %d", len(value), shortestSecret)
	}
}

// database does not repeat the value, which may hold a password.
func (k *checker) database(key string, value Secret) {
	scheme, rest, found := strings.Cut(value.Reveal(), ":")
	if value != "" && (!found || rest == "" || scheme != "postgres" && scheme != "postgresql" && scheme != "sqlite") {
		k.complain(key, "is neither postgres://user:password@host/database nor sqlite:file")
	}
}

func (k *checker) tls(key string, t TLS) {
	switch {
	case t.Cert != "" && t.Key == "":
		k.complain(key+".key", "is missing beside %s.cert", key)
	case t.Cert == "" && t.Key != "":
		k.complain(key+".cert", "is missing beside %s.key", key)
	}
}

func (k *checker) endpoint(key string, e Endpoint) {
	k.listen(key+".listen", e.Listen, true)
	k.announce(key+".announce", e.Announce)
}

// listen checks the address of a socket: an IP address or nothing, and a port.
func (k *checker) listen(key, value string, required bool) {
	if value == "" {
		if required {
			k.complain(key, "is missing")
		}
		return
	}
	host, err := k.split(key, value)
	if err != nil {
		return
	}
	if host != "" {
		if _, err := netip.ParseAddr(host); err != nil && host != "localhost" {
			k.complain(key, "%q: %q is not an IP address", value, host)
		}
	}
}

func (k *checker) announce(key, value string) {
	if value != "" {
		k.dial(key, value)
	}
}

// dial checks an address to connect to: a host and a port that are not zero.
func (k *checker) dial(key, value string) {
	host, err := k.split(key, value)
	if err != nil {
		return
	}
	switch {
	case host == "":
		k.complain(key, "%q has no host", value)
	case unspecified(host):
		k.complain(key, "%q is no address others could reach", value)
	case strings.HasSuffix(value, ":0"):
		k.complain(key, "%q has port 0", value)
	}
}

// address checks "IP" or "IP:port" that is told to others.
func (k *checker) address(key, value string) {
	if _, err := netip.ParseAddrPort(value); err == nil {
		k.dial(key, value)
		return
	}
	switch ip, err := netip.ParseAddr(value); {
	case err != nil:
		k.complain(key, "%q is neither an IP address nor one with a port", value)
	case ip.IsUnspecified():
		k.complain(key, "%q is no address others could reach", value)
	}
}

func (k *checker) hostMaybePort(key, value string) {
	if _, err := netip.ParseAddr(value); err == nil {
		k.address(key, value)
		return
	}
	if strings.Contains(value, ":") {
		k.dial(key, value)
		return
	}
	k.need(key, value)
}

// split takes an address apart and complains where it cannot.
func (k *checker) split(key, value string) (host string, err error) {
	host, service, err := net.SplitHostPort(value)
	if err != nil {
		k.complain(key, "%q is not host:port", value)
		return "", err
	}
	if _, err = strconv.ParseUint(service, 10, 16); err != nil {
		k.complain(key, "%q: port %q is not between 0 and 65535", value, service)
	}
	return host, err
}

func (k *checker) url(key, value string, required bool) {
	if value == "" {
		if required {
			k.complain(key, "is missing")
		}
		return
	}
	u, err := url.Parse(value)
	switch {
	case err == nil && u.User != nil:
		k.complain(key, "holds a user name")
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		k.complain(key, "%q is not an http or https URL", value)
	case unspecified(u.Hostname()):
		k.complain(key, "%q is no address others could reach", value)
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		k.complain(key, "%q has more than a host", value)
	}
}

// unspecified says whether a host is the address that means all of a machine's.
func unspecified(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsUnspecified()
}
