package mail

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
)

func TestRender_OptionalParametersMayBeAbsent(t *testing.T) {
	for _, template := range Templates() {
		for _, locale := range messages.Locales() {
			changes := map[string]any{}
			for _, p := range parameters[template] {
				if p.optional && p.name != "latest_start_on" {
					changes[p.name] = nil
				}
			}
			text, page := render(t, template, locale, changes)
			require.NotContains(t, text+page, "no value")
			require.NotContains(t, text+page, "&lt;nil&gt;")
			require.NotContains(t, text, "<nil>")
		}
	}
}

func TestRender_NamesEveryMissingParameter(t *testing.T) {
	for _, template := range Templates() {
		for _, p := range parameters[template] {
			if p.optional {
				continue
			}
			for _, value := range []any{nil, " "} {
				_, _, _, err := Render(sampleContent(t, template, "pt-BR", map[string]any{p.name: value}))
				require.ErrorContains(t, err, "parameter "+p.name+" is missing")
			}
			_, _, _, err := Render(sampleContent(t, template, "pt-BR", map[string]any{p.name: map[string]any{"a": 1}}))
			require.ErrorContains(t, err, "parameter "+p.name+" is malformed")
		}
		_, _, _, err := Render(Content{Template: template, Locale: "en", Brand: sampleBrand, Subject: "s"})
		for _, p := range parameters[template] {
			if !p.optional {
				require.ErrorContains(t, err, p.name, "all at once")
			}
		}
	}
	_, _, _, err := Render(sampleContent(t, "order_confirmation", "en", map[string]any{"latest_start_on": nil}))
	require.ErrorContains(t, err, "latest_start_on")
	_, _, _, err = Render(sampleContent(t, "order_confirmation",
		"en", map[string]any{"lines": []any{map[string]any{"sku": "x"}}}))
	require.ErrorContains(t, err, "lines[0].quantity")
}

func TestRender_RefusesWrongContent(t *testing.T) {
	for name, change := range map[string]func(*Content){
		"unknown template": func(c *Content) { c.Template = "nothing" },
		"unknown locale":   func(c *Content) { c.Locale = "xx" },
		"no subject":       func(c *Content) { c.Subject = "" },
		"no mailbox":       func(c *Content) { c.Brand.Mailbox = "" },
		"portal address":   func(c *Content) { c.Brand.PortalURL = "portal" },
		"script link":      func(c *Content) { c.Params["link"] = "javascript:alert(1)" },
		"relative link":    func(c *Content) { c.Params["link"] = "/i/abc" },
		"link with blank":  func(c *Content) { c.Params["link"] = "https://x.example/a b" },
		"date":             func(c *Content) { c.Params["expires_on"] = "22/12/2026" },
		"unknown role":     func(c *Content) { c.Params["role"] = "OWNER" },
	} {
		c := sampleContent(t, "invitation", "pt-BR", nil)
		change(&c)
		_, _, _, err := Render(c)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "Ana")
	}
}

func TestRender_TextStaysOnItsLine(t *testing.T) {
	text, _ := render(t, "order_rejected", "en", map[string]any{
		"reason":    "first\r\nSubject: second\u202e\x00third",
		"po_number": "\tPO  1 ",
	})
	require.Contains(t, text, "Reason: first Subject: second third\n")
	require.Contains(t, text, "Purchase order: PO 1\n")
}

func TestWholeNumber(t *testing.T) {
	for _, v := range []any{3, int64(3), 3.0, json.Number("3")} {
		n, ok := wholeNumber(v)
		require.True(t, ok)
		require.Equal(t, 3, n)
	}
	for _, v := range []any{-1, 1.5, json.Number("x"), "3", nil, 1e300} {
		_, ok := wholeNumber(v)
		require.False(t, ok, "%v", v)
	}
}

// A company may be called like its domain; no mail program is to make a link of it, and
// what else stands in a name from before names were checked is none either.
func TestS64_NamesInMailsAreNoLinks(t *testing.T) {
	for name, want := range map[string]string{
		"Amazon.com, Inc.":       "Amazon.\u200bcom, Inc.",
		"Booking.com B.V.":       "Booking.\u200bcom B.V.",
		"Acme S.A.":              "Acme S.A.",
		"Acme S/A":               "Acme S/A",
		"Dr. Ana Souza":          "Dr. Ana Souza",
		"https://www.x.example/": "https:\u200b//www.x.\u200bexample/",
		"ana@x.example":          "ana@\u200bx.\u200bexample",
	} {
		require.Equal(t, want, unlinked(name))
	}

	for _, locale := range messages.Locales() {
		text, page := render(t, "invitation", locale, map[string]any{
			"company": "Amazon.com, Inc.", "contact_name": "www.evil.example",
		})
		for _, body := range []string{text, page} {
			require.NotContains(t, body, "Amazon.com")
			require.NotContains(t, body, "evil.example")
		}
	}
}

// An order's number is typed by its seller, and strangers read it: from before it was checked
// it may be a link as well. So it is with all texts that somebody types.
func TestS64_TypedTextsInMailsAreNoLinks(t *testing.T) {
	const typed = "PO-X http://evil.example/pay www.evil.example"
	for template, names := range map[string][]string{
		"order_confirmation":       {"po_number", "company"},
		"order_review_reminder":    {"po_number", "company", "seller"},
		"order_rejected":           {"po_number", "company"},
		"order_cancelled":          {"po_number", "company"},
		"order_reopened":           {"po_number"},
		"order_in_your_name":       {"po_number", "distributor", "reseller"},
		"invitation":               {"company", "contact_name"},
		"invitation_unclaimed":     {"po_number", "company"},
		"invitation_undeliverable": {"po_number", "company"},
		"admin_notice":             {"company", "invitee", "seller", "sent_by"},
		"contact_question":         {"company", "invitee", "seller", "sent_by"},
		"site_notice":              {"company", "by", "site", "before", "after"},
		"rma_update":               {"serial", "site", "room", "company", "carrier", "tracking"},
		"spare_update":             {"serial", "site", "company", "carrier", "tracking"},
		"renewal_reminder":         {"company", "contract"},
	} {
		for _, locale := range messages.Locales() {
			params := map[string]any{}
			for _, name := range names {
				params[name] = typed
			}
			c := sampleContent(t, template, locale, params)
			subject, text, page, err := Render(c)
			require.NoError(t, err)
			for _, shown := range []string{subject, text, page} {
				require.NotContains(t, shown, "http://evil", template)
				require.NotContains(t, shown, "evil.example", template)
				require.NotContains(t, shown, "www.evil", template)
			}
		}
	}
}

func TestSecurityNoticeTellsTheTimeOfThePersonsPlace(t *testing.T) {
	for _, c := range []struct{ zone, locale, want string }{
		{"America/Sao_Paulo", "pt-BR", "em 1º de agosto de 2026, 09:00 em São Paulo"},
		{"America/Chicago", "en", "on 1 August 2026, 07:00 in Chicago"},
		{"", "en", "on 1 August 2026, 12:00 UTC"},
		{"Nowhere/Else", "en", "on 1 August 2026, 12:00 UTC"},
	} {
		text, _ := render(t, "security_notice", c.locale, map[string]any{"zone": c.zone})
		require.Contains(t, strings.ReplaceAll(text, "\u00a0", " "), c.want)
	}
	_, _, _, err := Render(sampleContent(t, "security_notice", "en", map[string]any{"at": "yesterday"}))
	require.ErrorContains(t, err, "parameter at is malformed")
}
