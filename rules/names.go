package rules

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
	"golang.org/x/text/unicode/norm"
)

// NotAName is the code of a field that should hold a name, or an order's number, and holds a
// link or an address (S64).
const NotAName = "NOT_A_NAME"

// Names are shown in mails that the service sends to addresses which somebody typed. A
// name that is a link would make those mails carry whatever a stranger wants to say.
var (
	linkMark   = regexp.MustCompile(`[a-z][a-z0-9+.-]*:[/\\]|\b(?:mailto|javascript):`)
	urlMark    = regexp.MustCompile(`[a-z][a-z0-9+.-]*:[/\\]{2}|\bwww\d?\.`)
	worldWide  = regexp.MustCompile(`\bwww\d?\.`)
	numberPath = regexp.MustCompile(`\d\.\d+\.\d+(?::\d+)?[/\\]`)
	pathMark   = regexp.MustCompile(`([\pL\pN-]+(?:\.[\pL\pN-]+)+)\.?(?::\d+)?[/\\?#]`)
	mailMark   = regexp.MustCompile(`[^\s@]@[^\s@]+\.[^\s@]`)
	dottedWord = regexp.MustCompile(`[\pL\pN-]+(?:\.[\pL\pN-]+)+`)
	dots       = strings.NewReplacer("。", ".", "｡", ".", "．", ".", "․", ".")
)

// reservedDomains are last parts of domains that no registry has, and that look like one
// all the same.
var reservedDomains = set("example test invalid local localhost onion internal")

// readAsLink returns a name as a mail program reads it when it looks for links: letters
// folded, and every kind of dot, colon and slash as the plain one.
func readAsLink(name string) string {
	return strings.ToLower(norm.NFKC.String(dots.Replace(name)))
}

// companyIsMessage reports whether a company's name has a scheme, `www.`, a path or an
// `@`. A bare domain is a name: Booking.com B.V., Amazon.com, Inc.
func companyIsMessage(name string) bool {
	read := readAsLink(name)
	if strings.Contains(read, "@") || linkMark.MatchString(read) ||
		worldWide.MatchString(read) || numberPath.MatchString(read) {
		return true
	}

	return slices.ContainsFunc(beforePaths(read), isDomain)
}

// beforePaths returns the words between dots that a path or a query follows.
func beforePaths(read string) []string {
	var words []string
	for _, found := range pathMark.FindAllStringSubmatch(read, -1) {
		words = append(words, found[1])
	}
	return words
}

// personIsMessage is companyIsMessage for a person, who is not called like a domain
// either. Initials and titles are none: J.R. Silva, Ana.Souza.
func personIsMessage(name string) bool {
	return companyIsMessage(name) || hasDomain(readAsLink(name))
}

func hasDomain(text string) bool {
	for _, word := range dottedWord.FindAllString(text, -1) {
		if isDomain(word) {
			return true
		}
	}
	return false
}

// isDomain reports whether words between dots end in a part that a registry has, or in one
// below which a company gives names to everybody, such as github.io.
func isDomain(word string) bool {
	if reservedDomains[word[strings.LastIndexByte(word, '.')+1:]] {
		return true
	}
	suffix, known := publicsuffix.PublicSuffix(word)
	return known || strings.Contains(suffix, ".")
}

// isSite is isDomain for a number, in which one letter before a dot abbreviates a word:
// P.O.No/55.
func isSite(word string) bool {
	if !isDomain(word) {
		return false
	}
	suffix, _ := publicsuffix.PublicSuffix(word)
	name := strings.TrimSuffix(word, "."+suffix)
	return len([]rune(name[strings.LastIndexByte(name, '.')+1:])) > 1
}

// PersonName checks a mandatory name of a person (S64).
func (k *Checker) PersonName(pointer, value string, most int) bool {
	return k.Text(pointer, value, most) && k.person(pointer, value)
}

// OptionalPersonName checks a name of a person that may be empty (S64).
func (k *Checker) OptionalPersonName(pointer, value string, most int) bool {
	return k.Optional(pointer, value, most) && k.person(pointer, value)
}

// CompanyName checks a mandatory name of a company (S64).
func (k *Checker) CompanyName(pointer, value string, most int) bool {
	return k.Text(pointer, value, most) && k.company(pointer, value)
}

// OptionalCompanyName checks a name of a company that may be empty (S64).
func (k *Checker) OptionalCompanyName(pointer, value string, most int) bool {
	return k.Optional(pointer, value, most) && k.company(pointer, value)
}

func (k *Checker) company(pointer, value string) bool {
	if !companyIsMessage(value) {
		return true
	}
	k.Fail(pointer, NotAName, "A company's name has no link, mail address or path in it.",
		"Send the name alone, without http, www or @.")
	return false
}

func (k *Checker) person(pointer, value string) bool {
	if !personIsMessage(value) {
		return true
	}
	k.Fail(pointer, NotAName, "A person's name has no internet or mail address in it.",
		"Send the person's name alone; a blank follows a dot.")
	return false
}

// Place checks a mandatory name of a site, a street or a town: mails about an account's sites
// show it, and a link is none (S64). What else stands in it is up to who lives there:
// Rua 25 de Março, 1.234 c/ 5.
func (k *Checker) Place(pointer, value string, most int) bool {
	if !k.Text(pointer, value, most) {
		return false
	}
	read := readAsLink(value)
	if !linkMark.MatchString(read) && !worldWide.MatchString(read) &&
		!mailMark.MatchString(read) && !slices.ContainsFunc(beforePaths(read), isSite) {
		return true
	}
	k.Fail(pointer, NotAName, "A place has no link or mail address in it.",
		"Send the place alone, without http://, www, @ or the address of a page.")
	return false
}

// OrderNumber checks a mandatory number that somebody else gave an order: mails show it to
// strangers, and a link is none (S64). What else stands in it is up to who gave it.
func (k *Checker) OrderNumber(pointer, value string, most int) bool {
	if !k.Text(pointer, value, most) {
		return false
	}
	read := readAsLink(value)
	if !urlMark.MatchString(read) && !slices.ContainsFunc(beforePaths(read), isSite) {
		return true
	}
	k.Fail(pointer, NotAName, "A purchase order number has no link in it.",
		"Send the number alone, without http://, www or the address of a page.")
	return false
}

// CheckPersonName returns what is wrong with a name of a person that may be empty (S64).
func CheckPersonName(pointer, value string, most int) []FieldError {
	var k Checker
	k.OptionalPersonName(pointer, value, most)
	return k.Fields
}

// CheckCompanyName is CheckPersonName for a company.
func CheckCompanyName(pointer, value string, most int) []FieldError {
	var k Checker
	k.OptionalCompanyName(pointer, value, most)
	return k.Fields
}
