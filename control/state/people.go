package state

import (
	"slices"
	"strings"
	"time"
)

// Role of a user. Each holds the ones after it.
const (
	RoleReseller = "RESELLER_ADMIN"
	RoleCompany  = "COMPANY_ADMIN"
	RoleHost     = "HOST"
)

// User is a person with an account.
type User struct {
	Meta
	UserSpec
	// Room is the user's permanent room; it comes and goes with the user.
	Room   string      `json:"room,omitempty"`
	Secret *UserSecret `json:"secret,omitempty" hidden:"true"`
}

// UserSecret is what the user proves to be it with.
type UserSecret struct {
	Password string     `json:"password,omitempty"`  // argon2id, PHC form
	LoginKey []byte     `json:"login_key,omitempty"` // SHA-256 of the SSO login key
	Link     []byte     `json:"link,omitempty"`      // SHA-256 of the open password link
	LinkEnds *time.Time `json:"link_ends,omitempty"` // when the link ends
}

// UserSpec describes a user.
type UserSpec struct {
	Role          string   `json:"role,omitempty" enum:"RESELLER_ADMIN,COMPANY_ADMIN,HOST" doc:"Absent = HOST."`
	Name          string   `json:"name,omitempty" maxLength:"200" doc:"Shown in meetings; absent = first and last name."`
	FirstName     string   `json:"first_name,omitempty" maxLength:"100"`
	LastName      string   `json:"last_name,omitempty" maxLength:"100"`
	Email         string   `json:"email,omitempty" maxLength:"254" doc:"Unique in the company."`
	Phone         string   `json:"phone,omitempty" maxLength:"20" doc:"E.164." example:"+442071234567"`
	Locale        string   `json:"locale,omitempty" maxLength:"35"`
	TimeZone      string   `json:"time_zone,omitempty" maxLength:"64"`
	Inactive      bool     `json:"inactive" required:"false" doc:"Signs in nowhere and hosts nothing."`
	Silent        bool     `json:"silent" required:"false" doc:"Gets no mail of ours."`
	OpenIDSubject string   `json:"openid_subject,omitempty" maxLength:"255" doc:"The sub of the company's provider."`
	Photo         string   `json:"photo,omitempty" maxLength:"2048" doc:"https URL."`
	Settings      Settings `json:"settings,omitzero"`
}

func (u *User) spec() any    { return &u.UserSpec }
func (u *User) secrets() any { return secretOf(&u.Secret) }
func (u *User) masked() Entity {
	m := *u
	m.Secret = nil
	return &m
}

// DisplayName is what others see.
func (u User) DisplayName() string {
	if u.Name != "" {
		return u.Name
	}
	return strings.TrimSpace(u.FirstName + " " + u.LastName)
}

func (u *User) check(tx *tx, _ Entity) error {
	if _, ok := Get[Company](tx.view(), u.Company); !ok {
		return notFound("company")
	}
	if u.Role == "" {
		u.Role = RoleHost
	}
	if !slices.Contains([]string{RoleReseller, RoleCompany, RoleHost}, u.Role) {
		return invalid("role", "must be RESELLER_ADMIN, COMPANY_ADMIN or HOST")
	}
	if err := checkNames("name", u.Name, "first_name", u.FirstName, "last_name", u.LastName, "openid_subject", u.OpenIDSubject); err != nil {
		return err
	}
	if u.DisplayName() == "" && u.Email == "" {
		return invalid("name", "a user needs a name or an e-mail address")
	}
	if err := checkContact(u.Email, u.Phone, u.Photo); err != nil {
		return err
	}
	if u.Locale != "" {
		if err := checkLocale("locale", u.Locale); err != nil {
			return err
		}
	}
	if err := checkZoneName("time_zone", u.TimeZone); err != nil {
		return err
	}
	return u.Settings.check("settings")
}

// changed tells the user's rooms what the user chose: edges hold rooms and no users.
func (u *User) changed(tx *tx) error {
	rooms := slices.Collect(ByIndex[Room](tx.view(), "user", u.ID, ""))
	for _, r := range rooms {
		r.UserSettings = u.Settings
		if err := tx.touch(KindRoom, &r); err != nil {
			return err
		}
	}
	return nil
}

// deleted takes the user's permanent room along, and frees the places in subscriptions. Other rooms stay.
func (u *User) deleted(tx *tx) error {
	for s := range List[Subscription](tx.view(), u.Company, "") {
		i := slices.Index(s.Users, u.ID)
		if i < 0 {
			continue
		}
		s.Users = slices.Delete(slices.Clone(s.Users), i, i+1)
		if err := tx.put(KindSubscription, &s); err != nil {
			return err
		}
	}
	for r := range ByIndex[Room](tx.view(), "user", u.ID, "") {
		if r.ID == u.Room {
			return tx.remove(KindRoom, r.ID)
		}
	}
	return nil
}

// Customer is a person whom users of the company meet.
type Customer struct {
	Meta
	CustomerSpec
}

// CustomerSpec describes a customer.
type CustomerSpec struct {
	Email     string `json:"email" minLength:"3" maxLength:"254" doc:"Unique in the company."`
	Name      string `json:"name,omitempty" maxLength:"200"`
	FirstName string `json:"first_name,omitempty" maxLength:"100"`
	LastName  string `json:"last_name,omitempty" maxLength:"100"`
	Phone     string `json:"phone,omitempty" maxLength:"20" doc:"E.164."`
	Photo     string `json:"photo,omitempty" maxLength:"2048" doc:"https URL."`
	Inactive  bool   `json:"inactive" required:"false"`
}

func (c *Customer) spec() any { return &c.CustomerSpec }

// DisplayName is what others see.
func (c Customer) DisplayName() string {
	if c.Name != "" {
		return c.Name
	}
	return strings.TrimSpace(c.FirstName + " " + c.LastName)
}

func (c *Customer) check(tx *tx, _ Entity) error {
	if _, ok := Get[Company](tx.view(), c.Company); !ok {
		return notFound("company")
	}
	if err := checkNames("name", c.Name, "first_name", c.FirstName, "last_name", c.LastName); err != nil {
		return err
	}
	if err := checkEmail("email", c.Email); err != nil {
		return err
	}
	return checkContact(c.Email, c.Phone, c.Photo)
}

// Contact is a customer on a user's list.
type Contact struct {
	Meta
	ContactSpec
}

// ContactSpec joins the two.
type ContactSpec struct {
	User     string `json:"user" minLength:"1" maxLength:"64" doc:"Whose list."`
	Customer string `json:"customer" minLength:"1" maxLength:"64" doc:"Who is on it."`
}

func (c *Contact) spec() any { return &c.ContactSpec }

func (c *Contact) check(tx *tx, was Entity) error {
	if old, ok := was.(*Contact); ok && old.ContactSpec != c.ContactSpec {
		return invalid("customer", "cannot be changed")
	}
	if _, ok := GetOwned[User](tx.view(), c.Company, c.User); !ok {
		return invalid("user", "is no user of the company")
	}
	if _, ok := GetOwned[Customer](tx.view(), c.Company, c.Customer); !ok {
		return invalid("customer", "is no customer of the company")
	}
	return nil
}

func checkContact(email, phone, photo string) error {
	if email != "" {
		if err := checkEmail("email", email); err != nil {
			return err
		}
	}
	if phone != "" {
		if err := checkPhone("phone", phone); err != nil {
			return err
		}
	}
	if photo != "" {
		return checkHTTPS("photo", photo)
	}
	return nil
}
