package state

// The kinds of entity. A kind keeps its word for good: it stands in logs, snapshots and edges' copies.
const (
	KindPlatform     Kind = "platform"
	KindPOP          Kind = "pop"
	KindSigningKey   Kind = "signing_key"
	KindPlan         Kind = "plan"
	KindReseller     Kind = "reseller"
	KindRootDomain   Kind = "root_domain"
	KindCompany      Kind = "company"
	KindDomain       Kind = "domain"
	KindOrigin       Kind = "origin"
	KindCaller       Kind = "caller"
	KindTenantKey    Kind = "tenant_key"
	KindAPIKey       Kind = "api_key"
	KindWebhook      Kind = "webhook"
	KindTemplate     Kind = "template"
	KindUser         Kind = "user"
	KindSession      Kind = "auth_session"
	KindCustomer     Kind = "customer"
	KindContact      Kind = "contact"
	KindSubscription Kind = "subscription"
	KindRoom         Kind = "room"
	KindMeeting      Kind = "meeting"
	KindAttendee     Kind = "attendee"
	KindPlacement    Kind = "placement"
	KindFirstUse     Kind = "first_use"
	KindRevocation   Kind = "revocation"
	KindOnce         Kind = "once"
	KindEvent        Kind = "event"
	KindCounter      Kind = "counter"
)

// tables is every kind with its indexes, in the order of snapshots and feeds: what others refer to comes first.
var tables = []*table{
	of[Platform](KindPlatform, table{edges: true, internal: true}),
	of[POP](KindPOP, table{edges: true}),
	of[SigningKey](KindSigningKey, table{edges: true, internal: true}),
	of[Plan](KindPlan, table{}, one("slug", "slug", func(p *Plan) []string { return []string{p.Reseller, p.Slug} })),
	of[Reseller](KindReseller, table{edges: true}),
	of[RootDomain](KindRootDomain, table{edges: true},
		one("fqdn", "fqdn", func(d *RootDomain) []string { return []string{d.FQDN} }),
		by("reseller", KindReseller, func(d *RootDomain) string { return d.Reseller })),
	of[Company](KindCompany, table{edges: true, numbered: true},
		one("subdomain", "subdomain", func(c *Company) []string {
			if c.Subdomain == "" {
				return nil
			}
			return []string{c.Reseller, c.Subdomain}
		})),
	of[RoomDomain](KindDomain, table{edges: true}, one("fqdn", "fqdn", func(d *RoomDomain) []string { return []string{d.FQDN} })),
	of[AllowedOrigin](KindOrigin, table{edges: true}, one("pattern", "pattern", func(o *AllowedOrigin) []string { return []string{o.Company, o.Pattern} })),
	of[Caller](KindCaller, table{edges: true}, one("cidr", "cidr", func(c *Caller) []string { return []string{c.Company, c.CIDR} })),
	of[TenantKey](KindTenantKey, table{edges: true}),
	of[APIKey](KindAPIKey, table{edges: true}),
	of[Webhook](KindWebhook, table{edges: true}),
	of[Template](KindTemplate, table{}, one("letter", "letter", func(t *Template) []string { return []string{t.Company, t.Letter, t.Language} })),
	of[User](KindUser, table{numbered: true},
		one("email", "email", func(u *User) []string {
			if u.Email == "" {
				return nil
			}
			return []string{u.Company, fold(u.Email)}
		}),
		one("openid", "openid_subject", func(u *User) []string {
			if u.OpenIDSubject == "" {
				return nil
			}
			return []string{u.Company, u.OpenIDSubject}
		})),
	of[AuthSession](KindSession, table{internal: true, expires: func(e Entity) int64 { return e.(*AuthSession).Expires.UnixMilli() }},
		by("user", KindUser, func(s *AuthSession) string { return s.User })),
	of[Customer](KindCustomer, table{numbered: true},
		one("email", "email", func(c *Customer) []string { return []string{c.Company, fold(c.Email)} })),
	of[Contact](KindContact, table{numbered: true},
		one("pair", "customer", func(c *Contact) []string { return []string{c.User, c.Customer} }),
		by("user", KindUser, func(c *Contact) string { return c.User }),
		by("customer", KindCustomer, func(c *Contact) string { return c.Customer })),
	of[Subscription](KindSubscription, table{}, by("plan", "", func(s *Subscription) string { return s.Plan })),
	of[Room](KindRoom, table{edges: true, numbered: true},
		one("public_id", "public_id", func(r *Room) []string { return []string{r.Company, r.PublicID} }),
		one("access_code", "access_code", func(r *Room) []string {
			if r.AccessCode == "" {
				return nil
			}
			return []string{r.DialIn, r.AccessCode}
		}),
		one("moderator_pin", "moderator_pin", func(r *Room) []string {
			if r.Secret == nil || r.Secret.PINDigest == "" {
				return nil
			}
			return []string{r.DialIn, r.Secret.PINDigest}
		}),
		by("user", "", func(r *Room) string { return r.User })),
	of[Meeting](KindMeeting, table{edges: true, numbered: true},
		by("room", KindRoom, func(m *Meeting) string { return m.Room }),
		by("user", KindUser, func(m *Meeting) string { return m.User }),
		by("starts", "", func(m *Meeting) string { return starts(m.StartsAt) }),
		by("begins", "", func(m *Meeting) string { return begins(m.Room, m.StartsAt) }),
		one("one_time_code", "one_time_code", func(m *Meeting) []string {
			if m.OneTimeCode == "" {
				return nil
			}
			return []string{m.DialIn, m.OneTimeCode}
		})),
	of[Attendee](KindAttendee, table{numbered: true},
		one("person", "person", func(a *Attendee) []string { return []string{a.Meeting, a.person()} }),
		by("meeting", KindMeeting, func(a *Attendee) string { return a.Meeting }),
		by("user", KindUser, func(a *Attendee) string { return a.User }),
		by("customer", KindCustomer, func(a *Attendee) string { return a.Customer })),
	of[Placement](KindPlacement, table{edges: true, internal: true, expires: func(e Entity) int64 { return e.(*Placement).Expires.UnixMilli() }}),
	of[FirstUse](KindFirstUse, table{internal: true, expires: func(e Entity) int64 { return e.(*FirstUse).Expires.UnixMilli() }}),
	of[Revocation](KindRevocation, table{edges: true, internal: true, expires: func(e Entity) int64 { return e.(*Revocation).Expires.UnixMilli() }}),
	of[Once](KindOnce, table{internal: true, expires: func(e Entity) int64 { return e.(*Once).Expires.UnixMilli() }}),
	of[Event](KindEvent, table{internal: true}),
	of[counter](KindCounter, table{internal: true}),
}
