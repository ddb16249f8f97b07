package portal

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/portal/help"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
)

// The questions of the FAQ: its index, and those that stand in its body only.
var faqQuestions = map[string][]string{
	"index": {
		"buy-any-time", "moving-devices-and-licenses", "what-is-the-portal", "first-access",
		"forwarding-the-invitation", "lost-invitation", "getting-support", "video-calls",
		"supported-products", "canceling", "order-details", "why-details", "purchase-confirmation",
		"confirmation-copies", "extra-person", "one-service-per-order", "contact-on-the-order",
		"after-the-invitation", "finding-the-invitation", "invitation-validity",
		"expired-invitation", "terms-on-sale",
	},
	"title": {"what-is-the-service"},
	"body": {
		"shared-mailbox", "single-sign-on", "license-status", "rooms-in-other-countries",
		"jumpstart", "without-sync", "how-spares-are-earned", "choosing-spares", "which-address",
		"earlier-warranties", "invitation-copies",
	},
}

// ofAnswers finds the answers of a page: the anchor, the question and the text.
var ofAnswers = regexp.MustCompile(
	`(?s)<section class="answer" id="([a-z0-9-]+)"[^>]*>\s*<h2 [^>]*>([^<]+)</h2>(.*?)<form`)

func TestR2_EveryQuestionOfTheFAQHasItsAnswerInBothLanguages(t *testing.T) {
	w := newWorld(t)
	require.Len(t, faqQuestions["index"], 22)
	require.Len(t, faqQuestions["body"], 11)

	byLanguage := map[string][]string{}
	for _, locale := range messages.Locales() {
		guest := w.guest()
		guest.lang = locale
		answers := map[string]string{}
		for _, page := range help.Groups {
			got := guest.get(help.Path + "/" + page + "?lang=" + locale)
			require.Equal(t, 200, got.status, page)
			for _, m := range ofAnswers.FindAllStringSubmatch(got.body, -1) {
				require.Empty(t, answers[m[1]], "%s is answered once", m[1])
				text := strings.TrimSpace(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(m[3], ""))
				require.Greater(t, len(text), 100, "%s is answered in %s", m[1], locale)
				require.NotContains(t, text, "{", "%s: every placeholder is filled in", m[1])
				answers[m[1]] = text
			}
		}

		for _, list := range faqQuestions {
			for _, anchor := range list {
				require.NotEmpty(t, answers[anchor], "%s in %s", anchor, locale)
			}
		}
		byLanguage[locale] = slices.Sorted(maps.Keys(answers))
		require.Equal(t, w.portal.help.Anchors(), byLanguage[locale])
	}
	require.Equal(t, byLanguage["en"], byLanguage["pt-BR"])
}

var ofLinks = regexp.MustCompile(`href="(/[^"]*|#[^"]*)"`)

// Every link of the help leads to a page that is there, and to an answer that stands on it.
func TestR2_EveryLinkOfTheHelpLeadsSomewhere(t *testing.T) {
	w := newWorld(t)
	ana, _ := w.admin()
	for _, locale := range messages.Locales() {
		pages := map[string]string{}
		visit := func(path string) string {
			if _, seen := pages[path]; !seen {
				got := ana.get(path + "?lang=" + locale)
				if path != "/invitation/request" { // which says first that a link is dead
					require.Equal(t, 200, got.status, path)
				}
				require.Less(t, got.status, 411, path)
				pages[path] = got.body
			}
			return pages[path]
		}

		followed := 0
		for _, page := range append([]string{"", "/countries"}, chapterPaths()...) {
			from := help.Path + page
			_, main, _ := strings.Cut(visit(from), "<main")
			for _, m := range ofLinks.FindAllStringSubmatch(main, -1) {
				path, anchor, _ := strings.Cut(m[1], "#")
				path, _, _ = strings.Cut(path, "?")
				body := visit(from)
				if path != "" && !strings.HasPrefix(path, "/assets/") {
					body = visit(path)
				}
				if anchor != "" {
					require.Contains(t, body, `id="`+anchor+`"`, "%s leads to %s", from, m[1])
				}
				followed++
			}
		}
		require.Greater(t, followed, 200)
	}
}

func chapterPaths() (paths []string) {
	for _, group := range help.Groups {
		paths = append(paths, "/"+group)
	}
	return paths
}

// What the program decides is nowhere written down: another program's help speaks of it alone.
func TestC8_TheHelpSpeaksOfTheProgramAtHand(t *testing.T) {
	w := newWorld(t)
	ref, err := w.Programs.Reference(w.Context)
	require.NoError(t, err)
	p := ref.Program.Named("Rooms *of* <Acme>")
	p.Mailbox = "help_me@acme.example"
	p.SenderName, p.SenderNames = "Acme", nil
	p.InviteDays, p.CancelDays, p.StartFallbackDays = 31, 32, 63
	p.SpareRatio, p.WarrantyCapYears, p.UserLimit = 41, 6, 77
	p.Replacement.ReturnDays, p.Replacement.SpareRecallDays = 11, 33
	p.InviteReminderDays, p.Replacement.ReturnReminderDays = []int{7}, []int{3}
	_, err = w.ChangeProgram(storetest.Operator(), p, ref.Version)
	require.NoError(t, err)
	w.Programs.ForgetReference()

	var all strings.Builder
	for _, path := range append([]string{""}, chapterPaths()...) {
		all.WriteString(w.guest().get(help.Path + path + "?lang=en").body)
	}
	text := all.String()
	for _, own := range []string{
		"Rooms *of* &lt;Acme&gt;", "31 days", "32 days", "63 days", "every 41 licenses", "6 years", "77 people",
		"11 business days", `href="mailto:help_me@acme.example"`, "Welcome to Rooms *of* &lt;Acme&gt;",
	} {
		require.Contains(t, text, own)
	}
	for _, foreign := range []string{"Logitech Select", "Select@logitech.com", "30 days", "60 days", "100 people"} {
		require.NotContains(t, text, foreign)
	}
	require.NotContains(t, text, "<Acme>")
}

func TestR2_TheHelpIsOpenBeforeAnybodyIsIn(t *testing.T) {
	w := newWorld(t)
	guest := w.guest()
	require.Equal(t, 200, guest.get("/help").status)
	require.Equal(t, 200, guest.get("/help/invitation").status)
	require.Equal(t, 200, guest.get("/help/countries").status)
	require.Equal(t, 404, guest.get("/help/nothing").status)

	w.invited()
	require.Equal(t, 200, guest.get("/help/invitation").status, "an invitation that waits changes nothing")
}

// People ask without accents and with other endings than the answers have.
func TestR2_SearchFindsAnswersByTitleAndText(t *testing.T) {
	w := newWorld(t)
	for _, q := range []struct{ locale, query, first string }{
		{"pt-BR", "cancelamento do pedido", "/help/orders#canceling"},
		{"pt-BR", "condicoes pais", "/help/service#country-terms"},
		{"pt-BR", "SUBSTITUICAO recusada não aprovada", "/help/replacements#appeal"},
		{"pt-BR", "como devolvo", "/help/replacements#returning-a-device"},
		{"pt-BR", "senha", "/help/people#signing-in"},
		{"en", "cancel an order", "/help/orders#canceling"},
		{"en", "returning faulty device", "/help/replacements#returning-a-device"},
		{"en", "SSO", "/help/people#single-sign-on"},
		{"en", "shared mailbox", "/help/invitation#shared-mailbox"},
		{"en", "spam", "/help/invitation#finding-the-invitation"},
	} {
		guest := w.guest()
		got := guest.get("/help?lang=" + q.locale + "&q=" + strings.ReplaceAll(q.query, " ", "+"))
		require.Equal(t, 200, got.status)
		_, hits, ok := strings.Cut(got.body, `id="hits-head"`)
		require.True(t, ok, q.query)
		hits, _, _ = strings.Cut(hits, "</section>")
		links := ofLinks.FindAllStringSubmatch(hits, -1)
		require.NotEmpty(t, links, q.query)
		require.LessOrEqual(t, len(links), 12)
		near := []string{}
		for _, l := range links[:min(3, len(links))] {
			near = append(near, l[1])
		}
		require.Contains(t, near, q.first, q.query)
	}

	none := w.guest().get("/help?lang=en&q=%3Cscript%3Exyzzy")
	require.Equal(t, 200, none.status)
	require.Contains(t, none.body, "Nothing found for “&lt;script&gt;xyzzy”")
	require.Contains(t, none.body, "Select@logitech.com", "and says whom to ask")
	require.Equal(t, 200, w.guest().get("/help?q="+strings.Repeat("a", 5000)).status)
}

func TestR2_WhetherAnAnswerWasUsefulIsCountedWithoutAPerson(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		guest := w.guest()
		guest.lang = "en"
		vote := func(anchor, useful string) reply {
			return guest.post("/help/useful", "anchor", anchor, "useful", useful)
		}
		got := vote("canceling", "yes")
		require.Equal(t, 200, got.status)
		require.Contains(t, got.body, "your answer was counted")
		require.Equal(t, 200, vote("canceling", "yes").status, "a double click is one vote")
		require.Equal(t, 200, vote("sites", "no").status)

		votes, err := w.ListHelpVotes(w.Context)
		require.NoError(t, err)
		counts := map[string][2]int64{}
		for _, v := range votes {
			counts[v.Anchor+" "+v.Locale] = [2]int64{v.Useful, v.Useless}
		}
		require.Equal(t, map[string][2]int64{"canceling en": {1, 0}, "sites en": {0, 1}}, counts)

		require.Equal(t, 400, vote("no-such-answer", "yes").status)
		require.Equal(t, 400, vote("canceling", "perhaps").status)
		for range helpVotesAnHour {
			got = vote("roles", "yes")
		}
		require.Equal(t, 429, got.status, "a network votes so often an hour, and no more")
	})
}

// The terms of every country are public, with what has changed (R78d).
func TestR78d_TheTermsOfEachCountryAreOnAPublicPage(t *testing.T) {
	w := newWorld(t)

	before := w.guest().get("/help/countries?lang=en")
	require.Equal(t, 200, before.status)
	require.Equal(t, len(rules.Countries()), strings.Count(before.body, `<td><b>`))
	require.NotContains(t, before.body, "What has changed")
	require.LessOrEqual(t, len(before.body), 120<<10)

	today := civil.DateOf(w.DB.Now().UTC())
	_, err := w.PublishTerms(storetest.Operator(), catalogue.CountryTerms{
		Country:       "DE",
		EffectiveFrom: today,
		Available:     true,
		RMASpeed:      calendar.RMASpeed("3BD"),
		Languages:     []string{"en"},
	}, "three days from now on")
	require.NoError(t, err)

	after := w.guest().get("/help/countries?lang=en").body
	require.Contains(t, after, "What has changed")
	require.Contains(t, after, "three days from now on")
	require.Contains(t, after, "3 business days after approval")
	require.Contains(t, w.guest().get("/help/countries?lang=pt-BR").body, "Alemanha")
}
