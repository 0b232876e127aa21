package state

import "time"

// Status of a tenant or a person.
const (
	// StatusActive companies hold meetings.
	StatusActive = "active"
	// StatusSuspended companies keep what they have and hold no meetings.
	StatusSuspended = "suspended"
)

const platformID = "platform"

// Platform is the singleton above all tenants.
type Platform struct {
	Meta
	// Epoch names this cluster's history. A copy taken under another epoch is not a prefix of this one.
	Epoch string `json:"epoch"`
	PlatformSpec
}

// PlatformSpec is what an operator chooses.
type PlatformSpec struct {
	DefaultCompany string   `json:"default_company,omitempty" maxLength:"64" doc:"Serves hosts that no room domain names; empty for none."`
	Zone           string   `json:"zone,omitempty" maxLength:"253" doc:"Companies without a reseller have rooms at <subdomain>.<zone>." example:"meet.example.net"`
	Settings       Settings `json:"settings,omitzero" doc:"What holds where no tenant chooses otherwise."`
}

func (p *Platform) spec() any { return &p.PlatformSpec }

func (p *Platform) check(tx *tx, _ Entity) error {
	if p.DefaultCompany != "" {
		if _, ok := Get[Company](tx.view(), p.DefaultCompany); !ok {
			return invalid("default_company", "is no company")
		}
	}
	if p.Zone != "" {
		if err := checkFQDN("zone", p.Zone); err != nil {
			return err
		}
	}
	return p.Settings.check("settings")
}

// POP is a site as partners know it; which nodes serve it is gossip's business.
type POP struct {
	Meta
	POPSpec
}

// POPSpec describes a POP. Its id is the code that nodes are started with.
type POPSpec struct {
	City    string   `json:"city,omitempty" maxLength:"100" example:"Frankfurt"`
	Region  string   `json:"region,omitempty" maxLength:"64" example:"eu"`
	Country string   `json:"country,omitempty" maxLength:"2" pattern:"^[A-Z]{2}$" doc:"ISO 3166-1 alpha-2." example:"DE"`
	Aliases []string `json:"aliases,omitempty" maxItems:"32" doc:"Names under which partners ask for it." example:"[\"serv2\"]"`
}

func (p *POP) spec() any { return &p.POPSpec }

func (p *POP) check(*tx, Entity) error {
	if err := checkName("city", p.City, false); err != nil {
		return err
	}
	if p.Country != "" && (len(p.Country) != 2 || p.Country < "AA" || p.Country > "ZZ") {
		return invalid("country", "must be two capital letters (ISO 3166-1)")
	}
	for _, a := range p.Aliases {
		if err := checkID("aliases", a); err != nil {
			return err
		}
	}
	if p.Region != "" {
		return checkID("region", p.Region)
	}
	return nil
}

// SigningKey is the public half of a control node's key for native tokens. The private half never enters the
// log: it stays on the node that made it.
type SigningKey struct {
	Meta             // the id is the kid
	PublicKey []byte `json:"public_key"` // ed25519, 32 bytes
	Node      string `json:"node"`
}

func (k *SigningKey) spec() any               { return &struct{}{} }
func (k *SigningKey) check(*tx, Entity) error { return nil }

// Reseller sells to companies under domains of its own.
type Reseller struct {
	Meta
	ResellerSpec
}

// ResellerSpec is what the platform says of a reseller.
type ResellerSpec struct {
	Name          string   `json:"name" minLength:"1" maxLength:"200"`
	Status        string   `json:"status,omitempty" enum:"active,suspended" doc:"Absent = active."`
	DialInNumbers []string `json:"dial_in_numbers,omitempty" maxItems:"64" doc:"Telephone numbers of its meetings (E.164)." example:"[\"+442071234567\"]"`
	DefaultPlan   string   `json:"default_plan,omitempty" maxLength:"64" doc:"Plan of new companies."`
	Settings      Settings `json:"settings,omitzero"`
}

func (r *Reseller) spec() any { return &r.ResellerSpec }

func (r *Reseller) check(tx *tx, _ Entity) error {
	if err := checkName("name", r.Name, true); err != nil {
		return err
	}
	if err := checkStatus(&r.Status); err != nil {
		return err
	}
	for _, n := range r.DialInNumbers {
		if err := checkPhone("dial_in_numbers", n); err != nil {
			return err
		}
	}
	if r.DefaultPlan != "" {
		if p, ok := Get[Plan](tx.view(), r.DefaultPlan); !ok || p.Reseller != "" && p.Reseller != r.ID {
			return invalid("default_plan", "is no plan of this reseller")
		}
	}
	return r.Settings.check("settings")
}

// kept keeps a reseller while it has companies, whose people would lose everything by one call.
func (r *Reseller) kept(tx *tx) error {
	for range List[Company](tx.view(), OfReseller(r.ID), "") {
		return conflict("id", "the reseller has companies; delete them first")
	}
	return nil
}

// deleted takes the reseller's plans, domains and keys along: none may open anything of a later reseller of that id.
func (r *Reseller) deleted(tx *tx) error { return tx.deleteOwned(OfReseller(r.ID)) }

// RootDomain is a reseller's domain below which its companies have their subdomains.
type RootDomain struct {
	Meta
	RootDomainSpec
}

// RootDomainSpec names the domain.
type RootDomainSpec struct {
	FQDN     string `json:"fqdn" minLength:"1" maxLength:"253" doc:"Host name in ASCII form." example:"conf.example.com"`
	Reseller string `json:"reseller,omitempty" maxLength:"64"`
}

func (d *RootDomain) spec() any     { return &d.RootDomainSpec }
func (d *RootDomain) owner() string { return OfReseller(d.Reseller) }

func (d *RootDomain) check(tx *tx, was Entity) error {
	if err := checkFQDN("fqdn", d.FQDN); err != nil {
		return err
	}
	if old, ok := was.(*RootDomain); ok && old.RootDomainSpec != d.RootDomainSpec {
		return invalid("fqdn", "cannot be changed; add another domain")
	}
	if _, ok := Get[Reseller](tx.view(), d.Reseller); !ok {
		return invalid("reseller", "is no reseller")
	}
	return tx.freeHost(d.FQDN, d.ID)
}

// Company is a tenant that owns rooms, keys, people and domains.
type Company struct {
	Meta
	CompanySpec
	Secret *CompanySecret `json:"secret,omitempty" hidden:"true"`
}

// CompanySecret is sealed with the operator's key.
type CompanySecret struct {
	OpenID []byte `json:"openid,omitempty"` // client secret
}

// CompanySpec is what is configured for a company.
type CompanySpec struct {
	Name            string   `json:"name" minLength:"1" maxLength:"200"`
	Status          string   `json:"status,omitempty" enum:"active,suspended" doc:"Absent = active. The platform's or reseller's to say."`
	Reseller        string   `json:"reseller,omitempty" maxLength:"64" doc:"Absent = the platform's own. Fixed at creation."`
	Subdomain       string   `json:"subdomain,omitempty" maxLength:"63" doc:"Unique with the reseller, part of host names." example:"acme"`
	EmailDomain     string   `json:"email_domain,omitempty" maxLength:"253" example:"acme.example"`
	TimeZone        string   `json:"time_zone,omitempty" maxLength:"64" doc:"IANA name; absent = UTC." example:"Europe/Berlin"`
	OpenID          *OpenID  `json:"openid,omitempty"`
	HostLimitLocked bool     `json:"host_limit_locked" required:"false" doc:"The company cannot raise its host limit by itself."`
	MaxParticipants int      `json:"max_participants" required:"false" minimum:"0" maximum:"100000" doc:"Of a call; 0 = the platform's default. The platform's or reseller's to say."`
	MaxSpeakers     int      `json:"max_speakers" required:"false" minimum:"0" maximum:"1000" doc:"Of a webinar; 0 = the platform's default."`
	MaxViewers      int      `json:"max_viewers" required:"false" minimum:"0" maximum:"100000" doc:"Of a webinar; 0 = the platform's default."`
	Settings        Settings `json:"settings,omitzero"`
}

// OpenID is a company's own provider for signing in.
type OpenID struct {
	Enabled  bool   `json:"enabled" required:"false"`
	Issuer   string `json:"issuer" maxLength:"2048" doc:"https URL of the provider."`
	ClientID string `json:"client_id" maxLength:"255"`
}

// Suspended says that the company holds no meetings for now.
func (c Company) Suspended() bool { return c.Status != StatusActive }

func (c *Company) spec() any     { return &c.CompanySpec }
func (c *Company) owner() string { return OfReseller(c.Reseller) }
func (c *Company) secrets() any  { return secretOf(&c.Secret) }
func (c *Company) masked() Entity {
	m := *c
	m.Secret = nil
	return &m
}

func (c *Company) check(tx *tx, was Entity) error {
	if err := checkName("name", c.Name, true); err != nil {
		return err
	}
	if err := checkStatus(&c.Status); err != nil {
		return err
	}
	if old, ok := was.(*Company); ok && old.Reseller != c.Reseller {
		return invalid("reseller", "cannot be changed")
	}
	if c.Reseller != "" {
		if _, ok := Get[Reseller](tx.view(), c.Reseller); !ok {
			return invalid("reseller", "is no reseller")
		}
	}
	if c.Subdomain != "" {
		if err := checkLabel("subdomain", c.Subdomain); err != nil {
			return err
		}
	}
	if c.EmailDomain != "" {
		if err := checkFQDN("email_domain", c.EmailDomain); err != nil {
			return err
		}
	}
	if err := checkZoneName("time_zone", c.TimeZone); err != nil {
		return err
	}
	if c.OpenID != nil {
		if err := checkHTTPS("openid.issuer", c.OpenID.Issuer); err != nil {
			return err
		}
		if c.OpenID.ClientID == "" {
			return invalid("openid.client_id", "must not be empty")
		}
	}
	if err := checkLimits(c.MaxParticipants, c.MaxSpeakers, c.MaxViewers); err != nil {
		return err
	}
	return c.Settings.check("settings")
}

// created gives a reseller's new company the reseller's default plan.
func (c *Company) created(tx *tx) error {
	r, ok := Get[Reseller](tx.view(), c.Reseller)
	if !ok || r.DefaultPlan == "" {
		return nil
	}
	return tx.create(KindSubscription, &Subscription{Meta: Meta{ID: c.ID + ".default", Company: c.ID}, SubscriptionSpec: SubscriptionSpec{Plan: r.DefaultPlan}})
}

// deleted takes everything the company owns along.
func (c *Company) deleted(tx *tx) error {
	if err := tx.deleteOwned(c.ID); err != nil {
		return err
	}
	if p := tx.view().Platform(); p.DefaultCompany == c.ID {
		p.DefaultCompany = ""
		return tx.put(KindPlatform, &p)
	}
	return nil
}

// RoomDomain maps a host name of meeting links to the company that owns it.
type RoomDomain struct {
	Meta
	RoomDomainSpec
}

// RoomDomainSpec names the host. The id is the name.
type RoomDomainSpec struct {
	FQDN string `json:"fqdn" minLength:"1" maxLength:"253" doc:"Host name of meeting links, in ASCII form." example:"meet.example.com"`
}

func (d *RoomDomain) spec() any { return &d.RoomDomainSpec }

func (d *RoomDomain) check(tx *tx, was Entity) error {
	if err := checkFQDN("fqdn", d.FQDN); err != nil {
		return err
	}
	if d.ID != d.FQDN || was != nil {
		return invalid("fqdn", "cannot be changed; add another domain")
	}
	return tx.freeHost(d.FQDN, d.ID)
}

// freeHost refuses a name that is a domain of any kind already.
func (t *tx) freeHost(fqdn, id string) error {
	if d, ok := Find[RoomDomain](t.view(), "fqdn", fqdn); ok && d.ID != id {
		return conflict("fqdn", "the name is taken")
	}
	if d, ok := Find[RootDomain](t.view(), "fqdn", fqdn); ok && d.ID != id {
		return conflict("fqdn", "the name is taken")
	}
	return nil
}

// AllowedOrigin is a site that may embed the company's meetings.
type AllowedOrigin struct {
	Meta
	AllowedOriginSpec
}

// AllowedOriginSpec is the pattern of an origin.
type AllowedOriginSpec struct {
	Pattern string `json:"pattern" minLength:"1" maxLength:"300" doc:"https://host, https://*.host, with a port where it is not 443." example:"https://*.example.com"`
}

func (o *AllowedOrigin) spec() any { return &o.AllowedOriginSpec }
func (o *AllowedOrigin) check(*tx, Entity) error {
	return checkOrigin("pattern", o.Pattern)
}

// Caller is an address range from which the company's servers may call.
type Caller struct {
	Meta
	CallerSpec
}

// CallerSpec is the range.
type CallerSpec struct {
	CIDR string `json:"cidr" minLength:"1" maxLength:"49" doc:"Address range; a single address has /32 or /128." example:"192.0.2.0/24"`
}

func (c *Caller) spec() any               { return &c.CallerSpec }
func (c *Caller) check(*tx, Entity) error { return checkCIDR("cidr", c.CIDR) }

// Plan is what a company may subscribe to.
type Plan struct {
	Meta
	PlanSpec
}

// PlanSpec describes a plan or an add-on.
type PlanSpec struct {
	Slug     string   `json:"slug" minLength:"1" maxLength:"64" doc:"Unique with the reseller." example:"pro"`
	Reseller string   `json:"reseller,omitempty" maxLength:"64" doc:"Absent = every reseller's."`
	Name     string   `json:"name,omitempty" maxLength:"200"`
	AddOn    bool     `json:"add_on" required:"false"`
	Features []string `json:"features,omitempty" maxItems:"64"`
	Price    string   `json:"price,omitempty" maxLength:"200" doc:"Reference in the billing system."`
	Hosts    int      `json:"hosts" required:"false" minimum:"0" maximum:"1000000" doc:"Host limit of a new subscription."`
}

func (p *Plan) spec() any     { return &p.PlanSpec }
func (p *Plan) owner() string { return OfReseller(p.Reseller) }

func (p *Plan) check(tx *tx, was Entity) error {
	if err := checkID("slug", p.Slug); err != nil {
		return err
	}
	if err := checkName("name", p.Name, false); err != nil {
		return err
	}
	if old, ok := was.(*Plan); ok && old.Reseller != p.Reseller {
		return invalid("reseller", "cannot be changed")
	}
	if p.Reseller != "" {
		if _, ok := Get[Reseller](tx.view(), p.Reseller); !ok {
			return invalid("reseller", "is no reseller")
		}
	}
	for _, f := range p.Features {
		if err := checkID("features", f); err != nil {
			return err
		}
	}
	return checkCount("hosts", p.Hosts, 1_000_000)
}

func (p *Plan) kept(tx *tx) error {
	for range ByIndex[Subscription](tx.view(), "plan", p.ID, "") {
		return conflict("id", "a company subscribes to the plan")
	}
	return nil
}

// Subscription is a company's plan or add-on with the hosts who use it (INV-11).
type Subscription struct {
	Meta
	SubscriptionSpec
}

// SubscriptionSpec is what is subscribed to.
type SubscriptionSpec struct {
	Plan      string     `json:"plan" minLength:"1" maxLength:"64"`
	HostLimit int        `json:"host_limit" required:"false" minimum:"0" maximum:"1000000" doc:"0 = the plan's."`
	Users     []string   `json:"users,omitempty" maxItems:"10000" doc:"Assigned users."`
	Ends      *time.Time `json:"ends,omitempty"`
}

func (s *Subscription) spec() any { return &s.SubscriptionSpec }

func (s *Subscription) check(tx *tx, was Entity) error {
	c, ok := Get[Company](tx.view(), s.Company)
	if !ok {
		return notFound("company")
	}
	p, ok := Get[Plan](tx.view(), s.Plan)
	if !ok || p.Reseller != "" && p.Reseller != c.Reseller {
		return invalid("plan", "is no plan of this company's reseller")
	}
	if s.HostLimit == 0 {
		s.HostLimit = p.Hosts
	}
	if err := checkCount("host_limit", s.HostLimit, 1_000_000); err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, u := range s.Users {
		if _, ok := GetOwned[User](tx.view(), s.Company, u); !ok || seen[u] {
			return invalid("users", "must be different users of the company")
		}
		seen[u] = true
	}
	if old, ok := was.(*Subscription); ok && len(s.Users) <= len(old.Users) && s.HostLimit == old.HostLimit {
		return nil
	}
	if len(s.Users) > s.HostLimit {
		return conflict("host_limit", "is below the number of assigned users")
	}
	return nil
}
