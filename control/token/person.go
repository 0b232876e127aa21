package token

import (
	"fmt"
	"slices"
	"strings"
)

// PersonKind is what a person is to a company.
type PersonKind string

// The kinds of person.
const (
	UserPerson     PersonKind = "user"
	CustomerPerson PersonKind = "customer"
	AttendeePerson PersonKind = "attendee"
)

// maxPersonID is the length of the longest id of a person, in bytes.
const maxPersonID = 64

// Person is whom of its people a company knows the bearer as, under an id that
// does not change with the peer id. The zero value is nobody. In a token it is
// one text, the kind and the id with a colon between.
type Person struct {
	Kind PersonKind
	ID   string
}

// String is the form in a token; empty for nobody.
func (p Person) String() string {
	if p == (Person{}) {
		return ""
	}
	return string(p.Kind) + ":" + p.ID
}

// Valid tells whether a token may name the person: nobody, or somebody of a
// known kind with an id of at most 64 bytes and no blanks.
func (p Person) Valid() bool {
	known := slices.Contains([]PersonKind{UserPerson, CustomerPerson, AttendeePerson}, p.Kind)
	return p == (Person{}) || known && len(p.ID) <= maxPersonID && oneID(p.ID)
}

// readPerson is the reverse of String.
func readPerson(text string) (Person, error) {
	if text == "" {
		return Person{}, nil
	}
	kind, id, _ := strings.Cut(text, ":")
	p := Person{PersonKind(kind), id}
	if !p.Valid() {
		return Person{}, fmt.Errorf("%w: claim person", ErrMalformed)
	}
	return p, nil
}
