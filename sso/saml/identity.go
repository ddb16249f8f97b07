package saml

import (
	"slices"
	"strings"
	"time"

	"github.com/crewjam/saml"

	"roomcover.dev/roomcover/rules"
)

// Identity is whom a provider has signed in. Issuer and Subject name the person for ever;
// Email and Name are what the provider says of them now, and may be empty.
type Identity struct {
	Issuer  string
	Subject string
	Email   string
	Name    string
	// At is when the person proved themselves to the provider.
	At time.Time
	// Session is the provider's name for the session there, or empty.
	Session string
	// Attributes are all that the provider said, for whoever sets the connection up.
	Attributes []Attribute
}

// Attribute is one thing that a provider says of a person.
type Attribute struct {
	Name   string
	Values []string
}

// The names under which providers say who somebody is, the first that is there counts.
const objectIdentifier = "http://schemas.microsoft.com/identity/claims/objectidentifier"

var (
	emailNames = []string{
		"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
		"urn:oid:0.9.2342.19200300.100.1.3",
		"mail",
		"email",
	}
	fullNames = []string{
		"http://schemas.microsoft.com/identity/claims/displayname",
		"urn:oid:2.16.840.1.113730.3.1.241",
		"displayName",
		"urn:oid:2.5.4.3",
		"cn",
	}
	givenNames = []string{
		"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
		"urn:oid:2.5.4.42",
		"givenName",
		"firstName",
	}
	familyNames = []string{
		"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
		"urn:oid:2.5.4.4",
		"sn",
		"lastName",
	}
)

// The bounds of what is taken over.
const (
	longestSubject   = 255
	longestValue     = 255
	longestAttribute = 1024
	mostAttributes   = 200
)

// identityOf reads who somebody is from an assertion that holds.
func identityOf(
	a *saml.Assertion, ourName string, asked Asked, now time.Time,
) (Identity, error) {
	in := Identity{Issuer: a.Issuer.Value, Attributes: attributesOf(a)}

	for _, statement := range a.AuthnStatements {
		if end := statement.SessionNotOnOrAfter; end != nil && !now.Before(end.Add(Skew)) {
			return Identity{}, refuse(SessionOver)
		}
		if statement.AuthnInstant.After(in.At) {
			in.At, in.Session = statement.AuthnInstant, text(statement.SessionIndex, longestValue)
		}
	}
	if in.At.After(now.Add(Skew)) {
		return Identity{}, &Refusal{Reason: Clock, Ahead: in.At.Sub(now).Round(time.Second)}
	}
	if asked.Fresh && in.At.Before(asked.At.Add(-Skew)) {
		return Identity{}, refuse(NotFresh)
	}

	var err error
	if in.Subject, err = subjectOf(a, in, ourName); err != nil {
		return Identity{}, err
	}

	in.Email = in.first(emailNames, rules.MaxEmailLength)
	nameID := a.Subject.NameID
	if in.Email == "" && nameID.Format == string(saml.EmailAddressNameIDFormat) {
		in.Email = text(nameID.Value, rules.MaxEmailLength)
	}
	in.Name = in.first(fullNames, longestValue)
	if in.Name == "" {
		in.Name = text(in.first(givenNames, longestValue)+" "+in.first(familyNames, longestValue),
			longestValue)
	}
	return in, nil
}

// subjectOf is the name that stays with the person: the object identifier of Entra ID, and
// else the NameID, unless it is one for this session alone.
func subjectOf(a *saml.Assertion, in Identity, ourName string) (string, error) {
	nameID := a.Subject.NameID
	if q := nameID.SPNameQualifier; q != "" && q != ourName {
		return "", refuse(Subject)
	}

	if objects := in.valuesOf(objectIdentifier); len(objects) > 0 {
		if len(objects) > 1 || text(objects[0], longestSubject) == "" {
			return "", refuse(Subject)
		}
		return text(objects[0], longestSubject), nil
	}

	switch saml.NameIDFormat(nameID.Format) {
	case saml.PersistentNameIDFormat, saml.EmailAddressNameIDFormat,
		saml.UnspecifiedNameIDFormat, "":
	default:
		return "", refuse(Subject)
	}
	subject := text(nameID.Value, longestSubject)
	if subject == "" {
		return "", refuse(Subject)
	}
	if nameID.Format == string(saml.EmailAddressNameIDFormat) {
		subject = rules.NormaliseEmail(subject)
	}
	return subject, nil
}

// attributesOf reads what the statements say, the values of one name together.
func attributesOf(a *saml.Assertion) (attributes []Attribute) {
	for _, statement := range a.AttributeStatements {
		for _, said := range statement.Attributes {
			at := slices.IndexFunc(attributes, func(have Attribute) bool {
				return have.Name == said.Name
			})
			if at < 0 {
				if len(attributes) == mostAttributes || text(said.Name, longestValue) != said.Name {
					continue
				}
				at = len(attributes)
				attributes = append(attributes, Attribute{Name: said.Name})
			}

			one := &attributes[at]
			for _, value := range said.Values {
				v := text(value.Value, longestAttribute)
				if v != "" && !slices.Contains(one.Values, v) && len(one.Values) < mostAttributes {
					one.Values = append(one.Values, v)
				}
			}
		}
	}
	return attributes
}

func (i Identity) valuesOf(name string) []string {
	for _, a := range i.Attributes {
		if a.Name == name {
			return a.Values
		}
	}
	return nil
}

// first is the first value under the first of some names that has one.
func (i Identity) first(names []string, longest int) string {
	for _, name := range names {
		for _, value := range i.valuesOf(name) {
			if v := text(value, longest); v != "" {
				return v
			}
		}
	}
	return ""
}

// text is a value without space around it; one that is too long is none.
func text(value string, longest int) string {
	value = strings.TrimSpace(value)
	if len(value) > longest || !rules.Storable(value) {
		return ""
	}
	return value
}
