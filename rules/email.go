package rules

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

// MaxEmailLength is the longest address in octets that SMTP can carry (RFC 5321).
const MaxEmailLength = 254

const maxLocalPartLength = 64

// NormaliseEmail returns the form in which addresses are stored and compared:
// trimmed, the local part in lower case, the domain in lower case and IDNA's
// ASCII form. Only ASCII letters of the local part change, so that look-alikes
// such as the Kelvin sign never become an ordinary letter of another mailbox. IDNA
// composes the domain (S63).
func NormaliseEmail(s string) string {
	s = strings.TrimSpace(s)
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return lowerASCII(s)
	}

	domain := s[at+1:]
	if ascii, err := idna.Lookup.ToASCII(domain); err == nil && ascii != "" {
		domain = ascii
	}

	return lowerASCII(s[:at]) + "@" + lowerASCII(domain)
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// messageID is what a Message-ID looks like without its angle brackets.
var messageID = regexp.MustCompile(`^[!-;=?-~]{1,400}$`)

// ValidMessageID reports whether the Message-ID of somebody else's mail, without its angle
// brackets, can stand in a header of ours: nothing in it ends the header or begins another.
func ValidMessageID(id string) bool { return messageID.MatchString(id) }

// ValidEmail reports whether s is exactly one plain address that any SMTP server
// takes: no display name, no quoting, an ASCII local part of at most 64 octets, a
// domain with a dot, at most 254 octets in all, no control character anywhere.
func ValidEmail(s string) bool {
	if strings.ContainsFunc(s, unicode.IsControl) {
		return false
	}
	n := NormaliseEmail(s)

	at := strings.LastIndexByte(n, '@')
	if at < 1 || at > maxLocalPartLength || len(n) > MaxEmailLength || !isASCII(n) {
		return false
	}

	address, err := mail.ParseAddress(n)
	return err == nil && address.Name == "" && address.Address == n && validDomain(n[at+1:])
}

// BeyondASCII reports whether an e-mail address has a character beyond ASCII, such as a letter
// with an accent, for which it is refused.
func BeyondASCII(email string) bool { return !isASCII(email) }

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

// validDomain asks for two or more labels of letters, digits and inner hyphens
// and a last one that is not a number, which rules out IP addresses.
func validDomain(domain string) bool {
	labels := strings.Split(domain, ".")
	for _, label := range labels {
		if !validLabel(label) {
			return false
		}
	}

	last := labels[len(labels)-1]
	return len(labels) > 1 && len(last) > 1 && strings.Trim(last, "0123456789") != ""
}

func validLabel(label string) bool {
	if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
		return false
	}
	return strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// EmailDomain returns the normalised domain of an address, or "" if it has none.
func EmailDomain(s string) string {
	n := NormaliseEmail(s)
	at := strings.LastIndexByte(n, '@')
	if at < 0 {
		return ""
	}
	return n[at+1:]
}

// SameOrganisation reports whether two domains are registered by the same owner:
// mail.acme.com.br and acme.com.br are, acme.com.br and other.com.br are not.
func SameOrganisation(a, b string) bool {
	return a != "" && b != "" && registered(a) == registered(b)
}

// AtOneOf reports whether a domain is registered by the owner of one of the others.
func AtOneOf(domain string, others []string) bool {
	return slices.ContainsFunc(others, func(other string) bool {
		return SameOrganisation(domain, other)
	})
}

// NormaliseDomain returns a mail domain as NormaliseEmail writes it; an address is none and
// stays as it is.
func NormaliseDomain(domain string) string {
	domain = strings.TrimSpace(domain)
	if strings.Contains(domain, "@") {
		return domain
	}
	return EmailDomain("a@" + domain)
}

// CheckMailDomain returns what is wrong with a normalised domain that an operator records
// as a company's own: one that is none, a public suffix, a provider of personal mailboxes.
func CheckMailDomain(pointer, domain string) []FieldError {
	var k Checker
	suffix, _ := publicsuffix.PublicSuffix(domain)
	switch {
	case len(domain) > MaxEmailLength || !validDomain(domain):
		k.Fail(pointer, InvalidDomain, "This is not a mail domain.",
			"Send what stands behind the @ of the company's addresses.")
	case suffix == domain || IsFreeMail(domain):
		k.Fail(pointer, InvalidDomain, "This domain is not one company's own.",
			"Leave out providers of mailboxes and suffixes such as com.br.")
	}
	return k.Fields
}

// SameMailDomain reports whether two domains of addresses are the same organisation's own
// (S15, S60). A provider of personal mailboxes is nobody's, so that two of its addresses
// have nothing in common.
func SameMailDomain(a, b string) bool {
	return SameOrganisation(a, b) && OwnMailDomain(a) && OwnMailDomain(b)
}

// OwnMailDomain reports whether a domain can stand for one organisation: it is not a free
// mail provider's, nor below one.
func OwnMailDomain(domain string) bool {
	return domain != "" && !IsFreeMail(domain) && !IsFreeMail(registered(domain))
}

func registered(domain string) string {
	if d, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return d
	}
	return domain
}
