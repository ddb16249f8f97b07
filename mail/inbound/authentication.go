package inbound

import (
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/authres"
	"golang.org/x/net/publicsuffix"
)

// Authentication is how far the domain of a mail's sender is proved.
type Authentication struct {
	Verdict Verdict
	Method  string // dmarc, dkim or spf: what decided; empty for NONE
}

// Verdict is whether a mail comes from the domain that it names.
type Verdict string

// The verdicts.
const (
	Pass Verdict = "PASS"
	Fail Verdict = "FAIL" // the domain says that it is not from there
	None Verdict = "NONE" // nobody knows
)

// authenticate reads what our own mail server found out about the sender: DMARC decides; else
// a DKIM signature or SPF of the sender's own domain passes. Where two results contradict each
// other, the worse one counts.
func authenticate(h header, from string, o Options) Authentication {
	_, domain, _ := strings.Cut(from, "@")
	if domain == "" {
		return Authentication{Verdict: None}
	}

	var passed string
	judged := false
	for _, result := range trustedResults(h, o) {
		switch r := result.(type) {
		case *authres.DMARCResult:
			if judged { // the first is the highest, and our own server's
				continue
			}
			judged = true
			named := r.From == "" || strings.EqualFold(r.From, domain)
			switch {
			case r.Value == authres.ResultFail || r.Value == authres.ResultPass && !named:
				return Authentication{Verdict: Fail, Method: "dmarc"}
			case r.Value == authres.ResultPass:
				passed = "dmarc"
			}
		case *authres.DKIMResult:
			if r.Value == authres.ResultPass && passed == "" && aligned(dkimDomain(r), domain) {
				passed = "dkim"
			}
		case *authres.SPFResult:
			if r.Value == authres.ResultPass && passed == "" && aligned(r.From, domain) {
				passed = "spf"
			}
		}
	}

	if passed == "" {
		return Authentication{Verdict: None}
	}
	return Authentication{Verdict: Pass, Method: passed}
}

func dkimDomain(r *authres.DKIMResult) string {
	if r.Domain != "" {
		return r.Domain
	}
	return r.Identifier // @example.com
}

// trustedResults are the results that our own mail server wrote: under one of its names, and
// above the Received line of the server before ours. What stands further down came with the
// mail, and may say anything.
func trustedResults(h header, o Options) (results []authres.Result) {
	received := 0
	for _, f := range h.fields {
		if f.name == "received" {
			if received++; received > o.Hops {
				return results
			}
		}
		if f.name != "authentication-results" {
			continue
		}

		id, found, _ := authres.Parse(plainResults(f.value))
		ours := slices.ContainsFunc(o.AuthServIDs, func(own string) bool {
			return strings.EqualFold(own, id)
		})
		if ours {
			results = append(results, found...)
		}
	}
	return results
}

// plainResults takes the comments and quotation marks out of an Authentication-Results field.
// The library splits it at semicolons and blanks wherever they stand, and a sender's address
// may hold them within quotation marks: `smtp.mailfrom="a; dmarc=pass"@example.com`.
func plainResults(value string) string {
	var out strings.Builder
	depth, quoted, escaped := 0, false, false
	for _, r := range value {
		switch {
		case escaped:
			escaped = false
			if quoted && depth == 0 {
				out.WriteByte('_')
			}
		case r == '\\' && (quoted || depth > 0):
			escaped = true
		case r == '"' && depth == 0:
			quoted = !quoted
		case quoted:
			if strings.ContainsRune("; \t=", r) {
				r = '_'
			}
			out.WriteRune(r)
		case r == '(':
			depth++
			out.WriteByte(' ')
		case r == ')' && depth > 0:
			depth--
		case depth == 0:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// aligned reports whether an address or domain belongs to the same organisation as the sender's
// domain (relaxed alignment, RFC 7489).
func aligned(proved, domain string) bool {
	proved = strings.ToLower(proved[strings.LastIndex(proved, "@")+1:])
	if proved == "" {
		return false
	}
	if proved == domain {
		return true
	}
	a, err := publicsuffix.EffectiveTLDPlusOne(proved)
	if err != nil {
		return false
	}
	b, err := publicsuffix.EffectiveTLDPlusOne(domain)
	return err == nil && a == b
}
