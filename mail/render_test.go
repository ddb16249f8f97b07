package mail

import (
	"html"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/rules"
)

// TestRender_WritesSamples writes every mail to the folder named by
// MAIL_SAMPLES, to be looked at in a browser; without it to one that is removed.
func TestRender_WritesSamples(t *testing.T) {
	dir := os.Getenv("MAIL_SAMPLES")
	if dir == "" {
		dir = t.TempDir()
	}
	for _, template := range Templates() {
		for _, locale := range messages.Locales() {
			_, text, html, err := Render(sampleContent(t, template, locale, nil))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, key(template, locale)+".html"), []byte(html), 0o600))
			require.NoError(t, os.WriteFile(filepath.Join(dir, key(template, locale)+".txt"), []byte(text), 0o600))
		}
	}
}

func TestC8_EveryTemplateRendersInEveryLocale(t *testing.T) {
	require.ElementsMatch(t, rules.Templates(), Templates())
	for _, template := range Templates() {
		for _, locale := range messages.Locales() {
			t.Run(key(template, locale), func(t *testing.T) {
				text, page := render(t, template, locale, nil)
				require.Contains(t, page, `<html lang="`+locale+`"`)
				for _, content := range []string{text, html.UnescapeString(page)} {
					require.Contains(t, content, sampleBrand.Name)
					require.Contains(t, content, sampleBrand.SenderName)
					require.Contains(t, content, sampleBrand.Mailbox)
					require.Equal(t, !withoutPortal[template], strings.Contains(content, sampleBrand.PortalURL))
					require.NotContains(t, content, "<no value>")
					require.NotContains(t, content, "<nil>")
					require.NotContains(t, content, "ZgotmplZ")
				}
				require.NotContains(t, page, "<img")
				require.NotContains(t, page, "<script")
				require.NotContains(t, page, "url(", "nothing is fetched when the mail is read")
				require.NotContains(t, page, "<Ltda>")
				require.NotRegexp(t, `<(p|h1|td|ul|th scope="row")>`, page, "every element carries its style")
				require.NotRegexp(t, `\n\n\n`, text)
				require.NotRegexp(t, `(?m)[ \t]+$`, text)
				if locale == "en" {
					require.NotRegexp(t, `(?i)licença|pedido d|convite|conta de`,
						strings.ReplaceAll(text, sampleBrand.MenuServiceOrders, ""))
				} else {
					require.NotRegexp(t, `(?i)licen[cs]e|\border\b|invitation|\baccount\b`, text)
				}
			})
		}
	}
}

// The files are exactly those that can be rendered.
func TestTemplates_NoFileIsLeftOver(t *testing.T) {
	found, err := fs.Glob(files, "templates/*")
	require.NoError(t, err)
	require.Len(t, found, 2+len(Templates())*2)
}

// Templates give a mail its shape; its words are the catalogue's.
func TestTemplates_HoldNoTextsOfTheirOwn(t *testing.T) {
	markup := regexp.MustCompile(`(?s)\{\{.*?\}\}|<style>.*?</style>|<[^>]*>|&#?\w+;|\bSKU\b`)
	found, err := fs.Glob(files, "templates/*")
	require.NoError(t, err)
	for _, f := range found {
		text, err := fs.ReadFile(files, f)
		require.NoError(t, err)
		require.NotRegexp(t, `\pL{2}`, markup.ReplaceAllString(string(text), " "), f)
	}
}

var tags = regexp.MustCompile(`(?s)<style>.*?</style>|<title>.*?</title>|<div style="display:none.*?</div>|<[^>]*>`)

// The text twin has what the HTML says: every word of one is in the other,
// button labels and the hint below the button aside.
func TestRender_TextTwinSaysTheSame(t *testing.T) {
	words := regexp.MustCompile(`[\pL\pN]+`)
	addresses := regexp.MustCompile(`https?://\S*[^\s.,]`)
	numbers := regexp.MustCompile(`(?m)^\d\. `) // of a list, which HTML counts by itself
	for _, template := range Templates() {
		for _, locale := range messages.Locales() {
			text, page := render(t, template, locale, nil)
			text = numbers.ReplaceAllString(text, "")
			seen := map[string]bool{}
			for _, w := range words.FindAllString(html.UnescapeString(tags.ReplaceAllString(page, " ")), -1) {
				seen[strings.ToLower(w)] = true
			}
			for _, address := range addresses.FindAllString(text, -1) {
				require.Contains(t, html.UnescapeString(page), `href="`+address+`"`, template)
			}
			for _, w := range words.FindAllString(addresses.ReplaceAllString(text, " "), -1) {
				switch w = strings.ToLower(w); w {
				case "abra", "este", "no", "open", "this", "address", "in":
					// "open this address", in place of "click the button"
				default:
					require.True(t, seen[w], "%s.%s: %q is in the text only", template, locale, w)
				}
			}
			for _, n := range regexp.MustCompile(`[0-9][0-9.,-]*`).FindAllString(
				html.UnescapeString(tags.ReplaceAllString(page, " ")), -1,
			) {
				require.Contains(t, text, n, "%s.%s: a number is in the HTML only", template, locale)
			}
		}
	}
}

func TestRender_LinkIsInTextAndHTML(t *testing.T) {
	for _, template := range []string{"invitation", "invitation_reminder", "password_reset"} {
		for _, locale := range messages.Locales() {
			text, page := render(t, template, locale, nil)
			require.Contains(t, text, "\n"+sampleLink+"\n", "alone on its line")
			require.Contains(t, html.UnescapeString(page), `href="`+sampleLink+`"`)
		}
	}
}

func TestR100b_R100c_ConfirmationForAllThreeRecipients(t *testing.T) {
	for locale, want := range map[string][]string{
		"pt-BR": {
			"Na atribuição da primeira licença,", "o mais tardar em 22 de dezembro de 2026", "1.201",
			"1.200 licenças por 3 anos", "1 licença por 1 ano",
		},
		"en": {
			"When the first license is assigned,", "no later than 22 December 2026", "1,201", "1,200 licenses for 3 years",
			"1 license for 1 year",
		},
	} {
		// A link among the parameters must not get through (R100c).
		text, page := render(t, "order_confirmation", locale, map[string]any{
			"link":  sampleLink,
			"token": "6mZ0c9S1vX4mR2q7",
		})
		for _, content := range []string{text, html.UnescapeString(page)} {
			require.Contains(t, content, "RC-2026-000123", "R100b")
			require.Contains(t, content, "PO-4711")
			require.Contains(t, content, "Acme & Filhos <Ltda>")
			require.Contains(t, content, "994-000150")
			require.Contains(t, content, "Suporte avançado")
			require.Contains(t, content, sampleBrand.MenuServiceOrders, "R98")
			require.NotContains(t, content, "6mZ0c9S1vX4mR2q7", "R100c")
			for _, w := range want {
				require.Contains(t, strings.ToLower(content), strings.ToLower(w))
			}
		}
		require.Contains(t, page, "Acme &amp; Filhos &lt;Ltda&gt;")
	}
}

func TestR96_ConfirmationWithKnownDates(t *testing.T) {
	one := []any{map[string]any{"service_type": "SELECT", "sku": "994-000150", "quantity": 2, "term_years": 1}}
	text, _ := render(t, "order_confirmation", "pt-BR", map[string]any{
		"start_on":        "2026-03-01",
		"end_on":          "2027-02-28",
		"latest_start_on": nil,
		"lines":           one,
		"total_licences":  nil,
	})
	require.Contains(t, text, "Início: 1º de março de 2026")
	require.Contains(t, text, "Último dia coberto: 28 de fevereiro de 2027")
	require.Contains(t, text, "Logitech Select (SKU 994-000150): 2 licenças por 1 ano")
	require.Contains(t, text, "Total de licenças: 2", "summed if not given")
	require.NotContains(t, text, "no mais tardar")

	text, _ = render(t, "order_confirmation", "en", map[string]any{"start_on": "2026-03-01", "end_on": "2027-02-28"})
	require.Contains(t, text, "Start: 1 March 2026")
	require.NotContains(t, text, "Last covered day", "one end date would be wrong for lines of different terms")
}

// A bundle's JumpStart has no term of years and grants no licences.
func TestR30a_ConfirmationOfJumpStartCountsUnits(t *testing.T) {
	lines := []any{map[string]any{
		"service_type": "JUMPSTART",
		"sku":          "TAP-BUNDLE-TEAMS",
		"quantity":     3,
		"term_years":   0,
	}}
	for locale, want := range map[string][3]string{
		"pt-BR": {"JumpStart (SKU TAP-BUNDLE-TEAMS): 3 unidades\n", "compra do serviço JumpStart para", "licença"},
		"en":    {"JumpStart (SKU TAP-BUNDLE-TEAMS): 3 units\n", "purchase of the JumpStart service for", "license"},
	} {
		for _, total := range []any{nil, 0} {
			text, page := render(t, "order_confirmation", locale, map[string]any{
				"lines":          lines,
				"total_licences": total,
				"start_on":       "2026-11-20",
				"end_on":         "2027-02-17",
			})
			require.Contains(t, text, want[0])
			require.Contains(t, text, want[1])
			require.Contains(t, page, want[1])
			facts := page[strings.Index(page, "<table class=\"facts\""):strings.LastIndex(page, "<p class=\"text\"")]
			require.NotContains(t, strings.SplitN(facts, "</table>", 2)[0], want[2])
			require.NotContains(t, text, "0 ano")
			require.NotContains(t, text, "0 year")
		}
	}
}

func TestR117a_InvitationHasOneButtonWithTheLink(t *testing.T) {
	for locale, want := range map[string][]string{
		"pt-BR": {
			">Começar</a>", "não pode ser encaminhado", "Válido até 22 de dezembro de 2026", "convidar colegas de TI",
		},
		"en": {">Get started</a>", "cannot be forwarded", "Valid until 22 December 2026", "invite colleagues from IT"},
	} {
		text, page := render(t, "invitation", locale, nil)
		escaped := strings.ReplaceAll(sampleLink, "&", "&amp;")
		require.Equal(t, 2, strings.Count(page, `href="`+escaped+`"`), "the button, and the visible address below it")
		require.Contains(t, page, ">"+escaped+"</a>")
		for _, w := range want {
			require.Contains(t, page, w)
		}
		require.Contains(t, text, sampleLink)

		reader, _ := render(t, "invitation", locale, map[string]any{"role": "READ_ONLY"})
		require.Contains(t, reader, map[string]string{"pt-BR": "somente leitura", "en": "read-only"}[locale])
	}
}

func TestInvitationReminder_WithAndWithoutLink(t *testing.T) {
	for _, locale := range messages.Locales() {
		text, page := render(t, "invitation_reminder", locale, nil)
		require.Contains(t, text, sampleLink)
		require.Contains(t, page, `class="button"`)
		text, page = render(t, "invitation_reminder", locale, map[string]any{"link": nil, "role": nil})
		require.NotContains(t, page, `<td align="center" class="button"`)
		require.Contains(t, text,
			map[string]string{"pt-BR": "use o botão do primeiro convite", "en": "use the button in the first"}[locale])
	}
}

func TestS16_S17_NoticesToTheResellerNameNobody(t *testing.T) {
	for _, template := range []string{"invitation_unclaimed", "invitation_undeliverable"} {
		for _, locale := range messages.Locales() {
			text, page := render(t, template, locale,
				map[string]any{"contact_name": "Ana Lima", "link": sampleLink, "email": "ana@acme.example"})
			for _, content := range []string{text, page} {
				require.Contains(t, content, "RC-2026-000123")
				require.Contains(t, content, "PO-4711")
				require.NotContains(t, content, "Ana")
				require.NotContains(t, content, "ana@")
				require.NotContains(t, content, sampleLink[:40])
			}
		}
	}
}

func TestS15_TheQuestionSaysWhoByWhichOrderByWhichSellerAndLeadsToThePage(t *testing.T) {
	for locale, answers := range map[string][]string{
		"en":    {"Give this person access", "Deny access", "December 2026"},
		"pt-BR": {"Dar acesso a esta pessoa", "Recusar o acesso", "dezembro de 2026"},
	} {
		text, page := render(t, "contact_question", locale, nil)
		for _, want := range append(answers, "rui.lima@acme.example", "RC-2026-000123", "Distribuidora Norte",
			"https://portal.services.example/colleagues/questions/qst_01k0example",
			"https://portal.services.example/colleagues/questions/qst_01k0example/refuse") {
			require.Contains(t, text, want)
			require.Contains(t, page, want)
		}
		require.Contains(t, text, "Rui <Lima>")
		require.Contains(t, page, "Rui &lt;Lima&gt;")
		require.Equal(t, 1, strings.Count(page, `class="button"`), "to refuse is no second main act")
		require.NotContains(t, page, ">https://portal.services.example/colleagues/questions", "no bare address")
		text, _ = render(t, "contact_question", locale, map[string]any{"sent_by": nil})
		require.NotContains(t, text, "Distribuidora")
	}
}

func TestS15_TheNoticeNamesPersonAddressOrderAndSeller(t *testing.T) {
	for _, locale := range messages.Locales() {
		text, page := render(t, "admin_notice", locale, map[string]any{
			"invitee":         "Rui Lima",
			"email":           "rui@other.example",
			"vendor_order_no": "SO-12345-67890",
			"seller":          "Revenda Sul",
		})
		for _, want := range []string{"Rui Lima", "rui@other.example", "SO-12345-67890", "Revenda Sul"} {
			require.Contains(t, text, want)
			require.Contains(t, page, want)
		}
	}
}

func TestS15_WhoIsNoAdministratorAnyMore(t *testing.T) {
	for change, want := range map[string]string{
		"REMOVED":   "and no longer has access",
		"SUSPENDED": "was suspended",
		"DEMOTED":   "now has read-only access",
	} {
		text, _ := render(t, "admin_removed", "en", map[string]any{"change": change})
		require.Contains(t, text, want)
		require.Contains(t, text, "made by Rui & Lima")
	}
	text, _ := render(t, "admin_removed", "en", map[string]any{"by": nil})
	require.Contains(t, text, "our support team")
	text, _ = render(t, "admin_removed", "en", map[string]any{"self": true})
	require.Contains(t, text, "You no longer have access to the account of Acme & Filhos <Ltda>")
	require.NotContains(t, text, "Ana <Lima>", "the reader is spoken to")
	text, _ = render(t, "admin_removed", "en", map[string]any{"own_act": true})
	require.Contains(t, text, "You made this change")
}

func TestS12_CancellationWholeAndPartial(t *testing.T) {
	text, _ := render(t, "order_cancelled", "pt-BR", nil)
	require.Contains(t, text, "cancelado por inteiro")
	require.Contains(t, text, "Licenças canceladas: 1.200")
	text, _ = render(t, "order_cancelled", "pt-BR", map[string]any{"whole": false, "quantity": 5, "remaining": 7})
	require.Contains(t, text, "Parte do pedido")
	require.Contains(t, text, "Licenças canceladas: 5\nLicenças restantes: 7\n")
	text, _ = render(t, "order_cancelled", "en", map[string]any{"whole": false, "quantity": 1})
	require.Contains(t, text, "Licenses canceled: 1\n")
	require.NotContains(t, text, "remaining")
}

func TestS5_RenewalReminder(t *testing.T) {
	for days, want := range map[int]string{0: "Seu contrato termina hoje", 1: "em 1 dia\n", 90: "em 90 dias\n"} {
		text, _ := render(t, "renewal_reminder", "pt-BR", map[string]any{"days_left": days})
		require.Contains(t, text, want)
	}
}

func TestS5_TheSellerIsRemindedOfTheCustomersContract(t *testing.T) {
	changes := map[string]any{"seller": true, "company": "Acme & Filhos <Ltda>"}
	text, page := render(t, "renewal_reminder", "en", changes)
	require.Contains(t, text, "The contract of Acme & Filhos <Ltda> ends in 30 days\n")
	require.Contains(t, page, "<h1")
	require.NotContains(t, text+page, "Your contract")
	text, _ = render(t, "renewal_reminder", "pt-BR", changes)
	require.Contains(t, text, "O contrato da Acme & Filhos <Ltda> termina em 30 dias\n")
	changes["days_left"] = 0
	text, _ = render(t, "renewal_reminder", "pt-BR", changes)
	require.Contains(t, text, "O contrato da Acme & Filhos <Ltda> termina hoje\n")
}

// The same mail goes to customer and sellers: only the customer signs in at the portal.
func TestAMailToASellerHasNoAddressOfThePortal(t *testing.T) {
	for _, template := range []string{"order_confirmation", "order_cancelled", "renewal_reminder"} {
		for _, locale := range messages.Locales() {
			for _, seller := range []bool{false, true} {
				text, page := render(t, template, locale, map[string]any{"seller": seller, "company": "Acme"})
				for _, content := range []string{text, page} {
					require.Equal(t, !seller, strings.Contains(content, sampleBrand.PortalURL), "%s %s", template, locale)
				}
			}
		}
	}
}

func TestTheReviewReminderNamesTheOrderAsPeopleDo(t *testing.T) {
	changes := map[string]any{"seller": "Revenda Sul", "company": "Acme"}
	text, page := render(t, "order_review_reminder", "en", changes)
	require.Contains(t, page, "Purchase order PO-4711 from Revenda Sul for Acme needs a decision.")
	require.Contains(t, text, "Ordered through: Revenda Sul\nCustomer: Acme\n")
	require.NotContains(t, text+page, "ord_01k0example")
	text, page = render(t, "order_review_reminder", "pt-BR", nil)
	require.Contains(t, page, "O pedido de compra PO-4711 precisa de uma decisão.")
	require.NotContains(t, text+page, "ord_01k0example")
}

func TestOneTimeCode_IsNotInThePreview(t *testing.T) {
	text, page := render(t, "one_time_code", "pt-BR", nil)
	require.Contains(t, text, "482913")
	require.Equal(t, 1, strings.Count(page, "482913"), "once, and not in the text shown on a locked screen")
	require.Contains(t, text, "10 minutos")
}

func TestR1_AnotherProgramLooksLikeItself(t *testing.T) {
	for _, template := range Templates() {
		for _, locale := range messages.Locales() {
			c := sampleContent(t, template, locale, nil)
			c.Brand = Brand{Name: "Rooms One", SenderName: "Rooms One Support", SenderAddress: "a@one.example",
				Mailbox: "help@one.example", PortalURL: "https://one.example", MenuServiceOrders: "Orders"}
			_, text, page, err := Render(c)
			require.NoError(t, err)
			require.Contains(t, page, "Rooms One")
			require.NotRegexp(t, `(?i)logitech|\bselect\b`, text+page)
		}
	}
}

// A mail's button leads to where its reader does what the mail is about.
func TestButtonsLeadToWhatTheMailIsAbout(t *testing.T) {
	for template, path := range map[string]string{
		"security_notice": "/password-reset",
		"admin_notice":    "/colleagues",
		"export_ready":    "/privacy",
	} {
		for _, locale := range messages.Locales() {
			text, page := render(t, template, locale, nil)
			require.Contains(t, text, "https://portal.services.example"+path+"\n", template)
			require.Contains(t, page, `href="https://portal.services.example`+path+`"`, template)
		}
	}
}

func TestS25_TheNoticeOfASiteNamesTheCountry(t *testing.T) {
	for locale, country := range map[string]string{"en": "Brazil", "pt-BR": "Brasil"} {
		text, html := render(t, "site_notice", locale, nil)
		for _, shown := range []string{text, html} {
			require.Contains(t, shown, "Rua A, 1, Campinas, "+country)
			require.Contains(t, shown, "Rua B, 2, Osasco, "+country)
		}
	}
}
