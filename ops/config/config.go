// Package config is the one file a node starts from: YAML, decoded strictly,
// with environment overrides and files for secrets, checked as a whole before
// anything starts.
//
// It knows names, defaults and what a value must look like. It opens no port
// and makes nothing: ops/node turns a Config into running parts. Certificates
// are loaded by ops/certs.
package config

import (
	"net/netip"
	"time"

	"github.com/meridian-video/meridian/geo"
)

// Role is what a process is for; it decides which section must be filled.
type Role string

// The roles of the one binary.
const (
	RoleControl Role = "control"
	RoleEdge    Role = "edge"
)

// Config is the file. The key of a field is its yaml tag; its environment
// variable is MERIDIAN_ and the path of keys in capitals, joined by "_".
type Config struct {
	// Node names this process, unique in the cluster and kept over restarts:
	// lower-case letters, digits and "-".
	Node string `yaml:"node"`

	// POP names the site the node stands in.
	POP string `yaml:"pop"`

	// Region names the group of POPs close to this one. Default: the POP.
	Region string `yaml:"region"`

	// Location is where the node stands: "50.11,8.68", a time zone such as
	// Europe/Berlin, or a country such as DE. Empty: where the country of its POP
	// is, if that is configured.
	Location string `yaml:"location"`

	// Data is the directory for everything that outlives the process.
	Data string `yaml:"data"`

	// Drain is how long a stopping node waits for its participants to leave.
	Drain time.Duration `yaml:"drain"`

	Log      Log      `yaml:"log"`
	Operator Operator `yaml:"operator"`
	Gossip   Gossip   `yaml:"gossip"`
	Control  Control  `yaml:"control"`
	Edge     Edge     `yaml:"edge"`
}

// Log says what is logged and how.
type Log struct {
	// Level is debug, info, warn or error.
	Level string `yaml:"level"`

	// Format is json, or text for people.
	Format string `yaml:"format"`
}

// Operator is the port for those who run the node: metrics, pprof, health, drains
// and the picture of the network.
type Operator struct {
	// Listen is its address. Empty: metrics and health are on the public port,
	// the rest is off.
	Listen string `yaml:"listen"`
}

// Gossip is the membership of all nodes (memberlist, UDP and TCP).
type Gossip struct {
	// Listen is the address of the socket; its port is used for UDP and TCP.
	Listen string `yaml:"listen"`

	// Announce is the address others reach it at, behind NAT. Empty: that of
	// Listen, or of the machine where Listen names none.
	Announce string `yaml:"announce"`

	// Seeds are gossip addresses of some other nodes. A node without any
	// starts a cluster of its own.
	Seeds []string `yaml:"seeds"`

	// Allow lists networks from which nodes are taken, as 10.1.0.0/16. Empty: any.
	Allow []string `yaml:"allow"`

	// Keys is a file of keys, one a line, of 32 bytes in base64; "cluster" stands
	// for the key that comes with the node's certificate. The first encrypts, all
	// of them open. It is read again when it changes and on SIGHUP. Empty: the
	// cluster's key alone.
	Keys string `yaml:"keys"`
}

// TLS names a certificate and its key in PEM files; both or neither.
type TLS struct {
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// Enabled says whether a certificate is configured.
func (t TLS) Enabled() bool { return t.Cert != "" }

// API is the control plane's HTTP server.
type API struct {
	Listen string `yaml:"listen"`
	TLS    TLS    `yaml:"tls"`
}

// Endpoint is a port for other nodes.
type Endpoint struct {
	// Listen is the address of the socket.
	Listen string `yaml:"listen"`

	// Announce is the address, host and port, others reach it at, behind NAT.
	// Empty: that of Listen, or of the machine where Listen names none.
	Announce string `yaml:"announce"`
}

// Control is the section of role control.
type Control struct {
	API API `yaml:"api"`

	// Cluster is where edges join and follow the change feed (TLS).
	Cluster Endpoint `yaml:"cluster"`

	// Raft is where voters talk to each other (TLS).
	Raft Endpoint `yaml:"raft"`

	// BootstrapExpect is how many control nodes found the cluster together.
	// 0 with an empty Join: this one alone.
	BootstrapExpect int `yaml:"bootstrap_expect"`

	// Join lists the cluster addresses of control nodes, this one's too, the
	// same on each of them. The first BootstrapExpect of them found.
	Join []string `yaml:"join"`

	// VoterSecret is what control nodes share; `meridian cluster secret` makes
	// one. A node alone makes its own, in the file voter-secret under its Data.
	VoterSecret     Secret `yaml:"voter_secret"`
	VoterSecretFile string `yaml:"voter_secret_file"`

	// History is the database for sessions, chat, usage and audit:
	// postgres://user:password@host/database, required for several control
	// nodes and the same for all. Empty: a file under Data.
	History     Secret `yaml:"history"`
	HistoryFile string `yaml:"history_file"`

	SMTP     SMTP     `yaml:"smtp"`
	SMS      SMS      `yaml:"sms"`
	Webhooks Webhooks `yaml:"webhooks"`
}

// SMTP is the server that e-mail is handed to: invitations, reminders,
// welcomes. All control nodes have the same.
type SMTP struct {
	// Host is its name. Empty: no e-mail is sent.
	Host string `yaml:"host"`

	// Port is its port. 0: 587, with tls 465, with none 25.
	Port int `yaml:"port"`

	// Security is starttls, tls (from the first byte), or none, for a server on
	// the same machine.
	Security string `yaml:"security"`

	// User signs in with Password. Empty: nobody does.
	User         string `yaml:"user"`
	Password     Secret `yaml:"password"`
	PasswordFile string `yaml:"password_file"`

	// From is the address that letters come from; their sender's name is the
	// company's.
	From string `yaml:"from"`

	// Name is what the node calls itself (EHLO). Empty: the machine's name.
	Name string `yaml:"name"`
}

// SMS is a gateway for text messages, an HTTP API of whatever form. URL and
// Body are templates with {{.To}}, {{.Text}}, {{.ID}}, {{.From}} and the
// functions json (a quoted string) and query (escaped for a URL).
type SMS struct {
	// URL is where it is called. Empty: no SMS is sent.
	URL string `yaml:"url"`

	// Method is POST or GET.
	Method string `yaml:"method"`

	// ContentType is that of Body.
	ContentType string `yaml:"content_type"`
	Body        string `yaml:"body"`

	// Authorization is the header's value. Empty: there is none.
	Authorization     Secret `yaml:"authorization"`
	AuthorizationFile string `yaml:"authorization_file"`

	// From is the sender's name or number.
	From string `yaml:"from"`
}

// Webhooks says what companies may have called.
type Webhooks struct {
	// Allow lists networks that may be called although they are private or
	// otherwise special, as 10.1.0.0/16. To them plain http is allowed, too.
	Allow []string `yaml:"allow"`
}

// Edge is the section of role edge.
type Edge struct {
	HTTP  HTTP     `yaml:"http"`
	Media Media    `yaml:"media"`
	TURN  TURN     `yaml:"turn"`
	Relay Endpoint `yaml:"relay"`

	// Control lists the cluster addresses of control nodes.
	Control []string `yaml:"control"`

	// JoinSecret is what an edge shows to be given its certificate. A control
	// node makes it at its first start, in the file join-secret under its Data.
	JoinSecret     Secret `yaml:"join_secret"`
	JoinSecretFile string `yaml:"join_secret_file"`

	Limits Limits `yaml:"limits"`

	// Placement is what clients are sent near to: "nearest", the node with the
	// shortest way for them, or "room", of those hardly farther the one nearest
	// to the room's others.
	Placement string `yaml:"placement"`

	// Handicap is by how much this node counts as farther than it is.
	Handicap time.Duration `yaml:"handicap"`

	// GeoIP is a file in the MaxMind DB format that says in which city or country
	// addresses are. It is read again when it changes and on SIGHUP. Empty:
	// clients are where their time zone says.
	GeoIP string `yaml:"geoip"`

	Outbox Outbox `yaml:"outbox"`

	Photos Photos `yaml:"photos"`

	// Webhooks is how companies' own servers are reached that are asked about
	// visitors.
	Webhooks Webhooks `yaml:"webhooks"`

	// API is the base URL of a control node's API, to which this node passes
	// requests for /api/v1 on. Empty: it answers 404 to them.
	API string `yaml:"api"`
}

// Photos is where an edge looks for pictures of people.
type Photos struct {
	// Gravatar is the base URL of the service that is asked by the hash of an
	// e-mail address, unless a company wants initials alone. "none": no service is.
	Gravatar string `yaml:"gravatar"`

	// Allow lists networks that pictures may come from although they are private
	// or otherwise special, as 10.1.0.0/16.
	Allow []string `yaml:"allow"`
}

// NoGravatar is Photos.Gravatar where no service is asked.
const NoGravatar = "none"

// HTTP is an edge's public web server.
type HTTP struct {
	Listen string `yaml:"listen"`

	// URL is the address browsers reach this node at, without a path.
	URL string `yaml:"url"`

	// TLS is the certificate for it. Empty: plain HTTP, for a proxy in front.
	TLS TLS `yaml:"tls"`

	// Proxies lists networks of proxies in front, as 10.1.0.0/16, that are
	// believed whom a request is from (X-Forwarded-For).
	Proxies []string `yaml:"proxies"`
}

// Media is the UDP port for everything participants send and receive, and the
// TCP port for those whom UDP does not reach.
type Media struct {
	Listen string `yaml:"listen"`

	// Announce lists the IP addresses, with a port where it differs, that
	// browsers are told. Empty: those of the machine.
	Announce []string `yaml:"announce"`

	// Readers is how many sockets share the port, each of which keeps up to one
	// processor busy. 0: as many as this machine gains from.
	Readers int `yaml:"readers"`

	// TCP is the address of the TCP port, or "http": the port of HTTP serves
	// both. Empty: off.
	TCP string `yaml:"tcp"`

	// AnnounceTCP is as Announce, for TCP. Empty: the addresses of Announce, at
	// the port of TCP, where that is bound to them.
	AnnounceTCP []string `yaml:"announce_tcp"`
}

// WithHTTP is Media.TCP where HTTP's port serves both.
const WithHTTP = "http"

// TURN is the relay for participants who reach nothing else.
type TURN struct {
	// UDP and TCP are the addresses of its sockets; an empty one is off.
	UDP string `yaml:"udp"`
	TCP string `yaml:"tcp"`

	// Announce lists host names or IP addresses, with a port where it differs,
	// that browsers are told. Empty: those of Media.
	Announce []string `yaml:"announce"`

	// Realm is the realm of the long-term credentials (RFC 8489, 9.2).
	Realm string `yaml:"realm"`
}

// Limits are what an edge takes on before it sends newcomers elsewhere.
type Limits struct {
	// Participants is the most at a time; 0 is no limit.
	Participants int `yaml:"participants"`
}

// Outbox is where an edge keeps history until a control node has taken it.
type Outbox struct {
	// Dir is its directory. Empty: outbox in Data.
	Dir string `yaml:"dir"`

	// MiB is its size on disk, in MiB. When it is full the oldest records are
	// given up.
	MiB int `yaml:"mib"`
}

// Default returns the values of everything a file leaves out.
func Default() Config {
	return Config{
		Data:   "/var/lib/meridian",
		Drain:  30 * time.Second,
		Log:    Log{Level: "info", Format: "json"},
		Gossip: Gossip{Listen: "0.0.0.0:7946"},
		Control: Control{
			API:     API{Listen: ":8079"},
			Cluster: Endpoint{Listen: ":7900"},
			Raft:    Endpoint{Listen: ":7901"},
			SMTP:    SMTP{Security: "starttls"},
			SMS:     SMS{Method: "POST", ContentType: "application/json"},
		},
		Edge: Edge{
			HTTP:      HTTP{Listen: ":8080"},
			Media:     Media{Listen: ":7000", TCP: WithHTTP},
			TURN:      TURN{UDP: ":3478", TCP: ":3478", Realm: "turn"},
			Relay:     Endpoint{Listen: ":7002"},
			Placement: string(geo.Nearest),
			Outbox:    Outbox{MiB: 1024},
			Photos:    Photos{Gravatar: "https://www.gravatar.com/avatar"},
		},
	}
}

// Networks are the networks nodes are taken from, none for any.
func (g Gossip) Networks() []netip.Prefix { return networks(g.Allow) }

// Trusted are the networks of proxies in front.
func (h HTTP) Trusted() []netip.Prefix { return networks(h.Proxies) }
