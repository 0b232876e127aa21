package entry

// Question is what a partner's server is asked.
type Question string

// The questions.
const (
	AccessCheck Question = "access_check" // may this access token come in (GC-H1)
	JoinPeer    Question = "join_peer"    // may this person join (GC-H2)
)

// Ask is one question that is due, once per entry: not for who returns inside
// the reconnect grace, and before anybody in the room learns of it.
type Ask struct {
	Question Question
	// Endpoint is who is asked. An empty URL is one that was given and is no
	// https address: it counts as a server that does not answer.
	Endpoint Endpoint
	// AccessToken is what the visitor brought; may be empty for JoinPeer.
	AccessToken string
	// FailOpen lets in who cannot be asked about; else they are asked to try
	// again.
	FailOpen bool
}

// partner is step 9 as far as it is no question to anybody.
func (d *decision) partner() *Refusal {
	if !d.rules.asksPartner {
		return nil
	}
	c, access := d.in.Company, d.a[AccessToken]
	d.out.AccessToken = access
	d.out.Tells, _ = d.endpoint(APIEvent, AuthEvent, c.Close)
	if d.in.Live.Returning {
		return nil
	}
	if e, ok := d.endpoint(AccessURL, AuthorizationAccess, c.Access); ok && access != "" && !c.JWTMandatory { // GC-T07
		d.out.Asks = append(d.out.Asks, Ask{AccessCheck, e, access, e.failOpen(c)})
	}
	if e, ok := d.endpoint(APIEvent, AuthEvent, c.Event); ok {
		d.out.Asks = append(d.out.Asks, Ask{JoinPeer, e, access, e.failOpen(c)})
	}
	return nil
}

func (e Endpoint) failOpen(c *Company) bool {
	if e.FailOpen != nil {
		return *e.FailOpen
	}
	return c.WebhookFailOpen
}

// endpoint finds whom to ask: what is signed, else what is registered, else
// what the URL says if the company tries things out. A registered
// header is never sent to an address that a URL gave.
func (d *decision) endpoint(address, authorization string, registered Endpoint) (Endpoint, bool) {
	signedURL, isSigned := get(d.signed, address)
	signedAuth, hasAuth := get(d.signed, authorization)
	e := registered
	if hasAuth {
		e.Authorization, e.Registered = signedAuth, ""
	}
	switch fromURL, given := get(d.in.URL, address); {
	case isSigned:
		e.URL = signedURL
	case e.URL == "" && given && d.in.Company.DebugAttributes:
		e = Endpoint{URL: fromURL}
		e.Authorization, _ = get(d.in.URL, authorization)
	case e.URL == "":
		return Endpoint{}, false
	}
	e.URL = httpsURL(e.URL)
	return e, true
}
