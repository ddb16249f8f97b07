package portal

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/replacement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// The widths between which no page scrolls sideways: a small phone, a phone, a tablet, a
// small and a usual laptop, a desktop.
var widths = []int64{320, 390, 768, 1024, 1280, 1440}

// What people really call things, at its longest, and the longest that has no blank.
const (
	longCompany = "Companhia Brasileira de Desenvolvimento Tecnológico, Telecomunicações Integradas e " +
		"Serviços Compartilhados do Nordeste S.A."
	longPerson = "Maria Aparecida Fernandes de Albuquerque Cavalcanti e Vasconcelos Guimarães"
	longEmail  = "maria.aparecida.fernandes.de.albuquerque.cavalcanti.vasconcelos" +
		"@desenvolvimento-tecnologico-e-telecomunicacoes.example"
	longRoom = "Sala de Reuniões Presidente Juscelino Kubitschek de Oliveira – 27º andar, ala norte, " +
		"Donaudampfschifffahrtsgesellschaftskonferenzraum"
	longSerial = "LOGI2026SN0012345678901234567890ABCDEFGHIJ"
	longPlace  = "Centro Empresarial Governador Mário Covas – Avenida Engenheiro Luís Carlos Berrini"
)

// No page scrolls sideways from 320 to 1,440 pixels with the longest real content, in
// either language, with every menu open.
func TestNoPageScrollsSidewaysInABrowser(t *testing.T) {
	s := newScreen(t, "narrow", look{"pt-BR", 1280})
	pages := s.fullPages()

	s.signIn(longEmail)
	for _, locale := range []string{"pt-BR", "en"} {
		s.open("/?lang=" + locale)
		for _, path := range pages {
			s.fits(locale, path)
		}
	}

	s.signOut()
	for _, locale := range []string{"pt-BR", "en"} {
		s.open("/sign-in?lang=" + locale)
		for _, path := range s.pagesOutside() {
			s.fits(locale, path)
		}
	}
}

// fits measures a page at every width.
func (s *screen) fits(locale, path string) {
	s.t.Helper()
	s.open(path)
	for _, width := range widths {
		s.do(chromedp.EmulateViewport(width, 900))
		wide, err := chromedp.Run(s.ctx, chromedp.EvaluateAsDevTools[string](tooWideInPage))
		require.NoError(s.t, err)
		require.Empty(s.t, wide, "%s, %s at %d", path, locale, width)
	}
	s.do(chromedp.EmulateViewport(1280, 900))
}

// tooWideInPage opens whatever can be opened, and names what sticks out on the right; empty
// where the page fits.
const tooWideInPage = `(() => {
	document.querySelectorAll("details").forEach(d => { d.open = true });
	const all = document.documentElement;
	if (all.scrollWidth <= window.innerWidth) return "";
	return [...document.querySelectorAll("body *")]
		.filter(e => e.getBoundingClientRect().right > window.innerWidth + 0.5 && !e.closest(".unseen"))
		.map(e => e.tagName + "." + e.getAttribute("class") + " to " +
			Math.round(e.getBoundingClientRect().right) + ": " + e.textContent.trim().slice(0, 40))
		.slice(0, 8).join("; ") || "width " + all.scrollWidth;
})()`

// fullPages fills an account with the longest content and gives the address of every page
// of who is signed in.
func (s *screen) fullPages() []string {
	t := s.t
	c, u, _, _ := s.withSpare()
	s.proposed(c, u)
	cables, err := s.RequestRMA(storetest.Customer(c.Account), replacement.NewRMA{
		AccountID: c.Account,
		RoomID:    c.Room.ID,
		ModelCode: "STRONG-USB-CABLE",
		Quantity:  2,
		Fault:     "Loose",
	})
	require.NoError(t, err)
	r := s.DeliveredRMA(t, c)
	q := s.question(c.Account, "PO-1234567890-1234567890-1234567890", "rui@acme.example")
	inv := s.pending(c.Account, "pending@acme.example")
	_, other := s.site("gil@globex.example")
	eva := s.guest()
	eva.get(s.link(s.pending(other.ID, "eva@acme.example")))
	eva.post("/sign-in", "email", "eva@acme.example", "password", goodPassword)
	eva.post("/invitation/accept")
	s.looksAfter(c.Account, rules.CSMForm{
		Name:  longPerson,
		Email: longEmail,
		Phone: "+55 11 4000-1234",
	})

	for _, change := range []string{
		"accounts SET legal_name = '" + longCompany + "', street = '" + longPlace + "'",
		"users SET name = '" + longPerson + "'",
		"users SET email = '" + longEmail + "' WHERE email = 'eva@acme.example'",
		"rooms SET name = '" + longRoom + "'",
		"sites SET name = '" + longPlace + "', street = '" + longPlace + "'",
		"devices SET serial = '" + longSerial + "' || id WHERE serial IS NOT NULL",
		"rmas SET faulty_serial = '" + longSerial + "', replacement_serial = '" + longSerial +
			"', tracking = '" + longSerial + "', carrier = '" + longPlace + "'",
		"spare_units SET serial = '" + longSerial + "' || id, tracking = '" + longSerial + "'",
		"contact_questions SET contact_name = '" + longPerson + "', email = '" + longEmail +
			"', seller = '" + longCompany + "', sent_by = '" + longCompany + "'",
		"invitations SET contact_name = '" + longPerson + "' WHERE id = '" + inv.ID + "'",
	} {
		require.NoError(t, s.Exec("UPDATE "+change), change)
	}

	ids := map[string]string{
		"/service-orders/:id/cancellation":   c.Order.ID,
		"/replacements/:id":                  r.ID,
		"/replacements/:id/withdraw":         cables.ID,
		"/colleagues/:id/remove":             s.memberIDs(c.Account)[longEmail],
		"/colleagues/invitations/:id/revoke": inv.ID,
		"/colleagues/questions/:id":          q.ID,
		"/colleagues/questions/:id/refuse":   q.ID,
		"/tokens/:id/revoke":                 s.token(c.Account),
		"/sites/:id":                         c.Site.ID,
	}

	downloads := map[string]bool{"/replacements/:id/return-label": true, "/spares/:id/return-label": true}
	var pages []string
	for _, route := range routes() {
		if route.method != get || route.access == anyone || downloads[route.path] {
			continue
		}
		path := route.path
		if strings.Contains(path, ":id") {
			require.NotEmpty(t, ids[path], "no page is known for %s", path)
			path = strings.ReplaceAll(path, ":id", ids[path])
		}
		pages = append(pages, path)
	}
	return pages
}

// pagesOutside are the pages of who is not signed in.
func (s *screen) pagesOutside() []string {
	inv := s.latestInvitation("pending@acme.example")
	return []string{
		"/sign-in?next=/colleagues", "/password-reset", "/invitation/request", "/nowhere",
		s.link(inv), "/password-reset/new?token=unknown",
	}
}
