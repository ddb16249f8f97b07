package doctor

import (
	"context"
	"slices"
	"strings"

	"roomcover.dev/roomcover/models/sso"
)

const aboutNames = "name service"

// usualSelectors are the names under which mail services publish their keys.
var usualSelectors = []string{
	"default", "dkim", "mail", "s1", "s2", "k1", "k2", "k3", "selector1", "selector2", "google",
	"smtp", "mx", "20230601", "scph0922", "pm", "resend", "zoho", "fm1", "fm2", "fm3",
}

// names looks up what receivers ask for about mails of ours: without it they are refused, or
// nobody sees them.
func (r *report) names(
	ctx context.Context, records sso.Records, from string, selectors []string,
) {
	_, domain, _ := strings.Cut(from, "@")
	domain = strings.ToLower(domain)

	texts, err := records.TXT(ctx, domain)
	if err != nil {
		r.warn(aboutNames, "Nobody says what is published for "+domain+
			": SPF, DKIM and DMARC are not looked at.", "Have the name service reached from here.")
		return
	}

	r.spf(domain, beginning(texts, "v=spf1"))
	r.dkim(ctx, records, domain, selectors)
	r.dmarc(ctx, records, domain)
}

// beginning are the texts that begin with a version's tag, in any case.
func beginning(texts []string, version string) (out []string) {
	for _, text := range texts {
		first, _, _ := strings.Cut(strings.ReplaceAll(text, ";", " "), " ")
		if strings.EqualFold(first, version) {
			out = append(out, strings.ToLower(text))
		}
	}
	return out
}

func (r *report) spf(domain string, texts []string) {
	switch {
	case len(texts) == 0:
		r.fail(aboutNames, domain+" publishes no SPF: mails of ours may be refused.",
			"Publish a TXT record there that names the mail server, such as v=spf1 mx -all.")
	case len(texts) > 1:
		r.fail(aboutNames, domain+" publishes more than one SPF record: none counts.",
			"Put them into one.")
	case slices.ContainsFunc(strings.Fields(texts[0]), allows):
		r.warn(aboutNames, "The SPF record of "+domain+" lets everybody send in its name.",
			"End it with -all or ~all.")
	}
}

// allows reports whether a term of an SPF record lets everybody send.
func allows(term string) bool { return slices.Contains([]string{"all", "+all", "?all"}, term) }

// dkim looks for a key by which receivers check signatures. Which one the mail server signs with
// only its operator knows: of names that were not given, none that is found proves nothing.
func (r *report) dkim(
	ctx context.Context, records sso.Records, domain string, given []string,
) {
	selectors := given
	if len(given) == 0 {
		selectors = usualSelectors
	}

	found := false
	for _, selector := range selectors {
		texts, err := records.TXT(ctx, selector+"._domainkey."+domain)
		if err != nil && len(given) == 0 {
			break
		}

		there := slices.ContainsFunc(texts, holdsKey)
		found = found || there
		if !there && len(given) > 0 {
			r.fail(aboutNames, "There is no DKIM key "+selector+" of "+domain+
				": signatures of mails cannot be checked.",
				"Publish the mail server's key at "+selector+"._domainkey."+domain+".")
		}
	}
	if !found && len(given) == 0 {
		r.warn(aboutNames, "No DKIM key of "+domain+" is found under the usual names.",
			"Have the mail server sign, and name its selector with --dkim-selector.")
	}
}

// holdsKey reports whether a DKIM record holds a key; an empty one says that it was revoked.
func holdsKey(text string) bool {
	for tag := range strings.SplitSeq(text, ";") {
		name, value, _ := strings.Cut(tag, "=")
		if strings.TrimSpace(name) == "p" {
			return strings.TrimSpace(value) != ""
		}
	}
	return false
}

// dmarc looks for the policy at the domain, and then at those above it, as receivers do.
func (r *report) dmarc(ctx context.Context, records sso.Records, domain string) {
	for name := domain; strings.Contains(name, "."); _, name, _ = strings.Cut(name, ".") {
		texts, err := records.TXT(ctx, "_dmarc."+name)
		if err != nil {
			r.warn(aboutNames, "Nobody says whether "+name+" publishes DMARC.",
				"Have the name service reached from here.")
			return
		}

		switch policies := beginning(texts, "v=dmarc1"); {
		case len(policies) == 0:
			continue
		case len(policies) > 1:
			r.fail(aboutNames, name+" publishes more than one DMARC record: none counts.",
				"Leave one.")
		case !strings.Contains(strings.ReplaceAll(policies[0], " ", ""), ";p="):
			r.fail(aboutNames, "The DMARC record of "+name+" says no policy.",
				"Add p=none, p=quarantine or p=reject.")
		}
		return
	}
	r.fail(aboutNames, domain+" publishes no DMARC: mails of ours may be refused.",
		"Publish a TXT record at _dmarc."+domain+", to begin with v=DMARC1; p=none.")
}
