package token

import (
	"errors"
	"strings"
	"testing"
)

func TestWhomATokenNames(t *testing.T) {
	for text, want := range map[string]Person{
		"user:u-1":         {UserPerson, "u-1"},
		"customer:c:1":     {CustomerPerson, "c:1"},
		"attendee:m.owner": {AttendeePerson, "m.owner"},
		"user:" + strings.Repeat("a", maxPersonID): {UserPerson, strings.Repeat("a", maxPersonID)},
	} {
		c, err := ring().Verify(eddsa(keys().native, `{"alg":"EdDSA","typ":"meridian-join+jwt","kid":"n1"}`,
			`{"iss":"meridian","company":"acme","room":"demo","exp":4102444800,"person":"`+text+`"}`), expect(Join), noon)
		if err != nil || c.Person != want || c.Person.String() != text {
			t.Errorf("%s: %+v, %v", text, c.Person, err)
		}
		if _, there := c.Attributes["person"]; there {
			t.Errorf("%s is an attribute, too", text)
		}
	}
}

func TestWhoIsNoPerson(t *testing.T) {
	for _, value := range []string{
		`"u-1"`, `":u-1"`, `"user:"`, `"user: "`, `"user:a b"`, `"user:a "`, `"User:u-1"`, `"admin:u-1"`, `"user"`, `7`, `true`, `{}`,
		`"user:` + strings.Repeat("a", maxPersonID+1) + `"`,
	} {
		_, err := ring().Verify(eddsa(keys().native, `{"alg":"EdDSA","typ":"meridian-join+jwt","kid":"n1"}`,
			`{"iss":"meridian","company":"acme","room":"demo","exp":4102444800,"person":`+value+`}`), expect(Join), noon)
		if !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", value, err)
		}
	}
}

// What many may share names nobody, and a partner names nobody of ours.
func TestWhoMayBeNamed(t *testing.T) {
	named := map[Kind]Person{
		Join: {UserPerson, "u-1"}, Participant: {CustomerPerson, "c-7"}, Attendee: {AttendeePerson, "17"}, Session: {AttendeePerson, "17"},
	}
	for _, kind := range native {
		c, err := ring().Verify(mint(t, sample(kind)), expect(kind), noon)
		if err != nil || c.Person != named[kind] {
			t.Errorf("%s: %+v, %v", kind, c.Person, err)
		}
	}
	c, err := Verify(rs256(keys().own, partnerHead, `{"person":"user:u-1","sub":"u-1"}`), ring(), noon)
	if err != nil || c.Person != (Person{}) || c.Attributes["person"] != "user:u-1" {
		t.Errorf("a partner's: %+v, %v", c, err)
	}
}
