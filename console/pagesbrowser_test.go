package console

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web/webtest"
)

// Every page of the console with something on it: as wide as the screen at most, without a style
// or script of its own, and without a fault that axe finds; on a desk by day in English, on a
// phone by night in Portuguese. Axe takes longer than all else: it looks at one page on the desk
// and at the next on the phone, in a long run at each on both.
func TestEveryPageInABrowser(t *testing.T) {
	axe := webtest.AxeCore(t)
	w := issuerWorld(t)
	pages := w.everyPage()

	for n, look := range []struct {
		name, scheme, locale string
		width                int64
	}{
		{"desk", "light", "en", 1280},
		{"phone", "dark", "pt-BR", 390},
	} {
		t.Run(look.name, func(t *testing.T) {
			own := *w
			own.t = t
			b := newChromium(t, &own)
			b.open(StartPath + "?as=" + byRole[rules.OperatorLead].Email)
			require.NoError(t, chromedp.Do(b.ctx, chromedp.EmulateViewport(look.width, 900)))
			_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: look.scheme}},
			})
			require.NoError(t, err)
			people, err := w.Domains.Operators.ListOperators(w.system())
			require.NoError(t, err)
			for _, o := range people {
				require.NoError(t, w.Domains.Operators.ChooseOperatorLanguage(w.system(), o.ID, look.locale))
			}
			for i, page := range pages {
				if !strings.Contains(page, os.Getenv("ROOMCOVER_PAGES")) { // those that are worked on
					continue
				}
				b.open(page)
				b.picture(fmt.Sprintf("console-%s-%02d-%s", look.name, i, fileName(page)))
				b.faultless(page)
				if i%2 == n || storetest.Sized(1, 2) > 1 {
					b.accessible(page, axe)
				}
			}
		})
	}
}

// everyPage fills the desk, and returns the address of each of its pages.
func (w *world) everyPage() []string {
	w.t.Helper()
	replacements := w.many(5)
	storetest.Stocked(w.t, w.Env, "BR-1", "BR", "RALLY-BAR", 3)
	c := w.CoveredFor(w.t, "Construtora Horizonte Azul e Participações do Sul Ltda", "maria@horizonte.example", "SN-900")
	asked := w.Requested(w.t, c)
	_, unit := w.SpareFor(w.t, "Beta Ltda", "bia@beta.example", "SN-901")
	_, held := storetest.InReview(w.t, w.Env)
	task := w.raise("SWEEP_LATE", "one")
	parcel := storetest.ShipmentOf(w.t, w.Env, c.Account, "TRACK-1")
	mail := w.Mails(w.t, rules.TemplateOrderConfirmation)[0]

	ticket := w.talkedAbout(w.t, c)
	served, ends := w.partnered(c.Account)

	var pages []string
	for _, r := range w.site.routes() {
		if r.method == get && r.access != anyone && !strings.Contains(r.path, ":") {
			pages = append(pages, r.path)
		}
	}
	for _, tab := range []string{
		"", "/contracts", "/rooms", "/devices", "/people", "/tickets", "/replacements", "/mails", "/tasks", "/timeline", "/correct",
	} {
		pages = append(pages, accountsPath+"/"+c.Account+tab)
	}
	return append(pages,
		served,
		ends,
		queuePath+"?who=all&open="+task.ID,
		taskPath(task.ID),
		orderPath(c.Order.ID),
		orderPath(held.ID),
		orderPath(held.ID)+"/review",
		orderPath(held.ID)+"/reject",
		orderPath(held.ID)+"/amend",
		replacementPath(asked.Name()),
		replacementPath(asked.Name())+"/do/approve",
		replacementPath(replacements[0].Name()),
		replacementPath(replacements[3].Name()),
		replacementsPath+"/new?serial=SN901",
		ticketPath(ticket.Number),
		ticketPath(ticket.Number)+"/do/wait_for_replacement",
		ticketPath(ticket.Number)+"/do/set_severity",
		newTicketPath+"?find=sala",
		newTicketPath+"?room="+c.Room.ID,
		spareUnitPath(unit.Name()),
		sparesPath+"/"+unit.ParentOrgID,
		shipmentsPath+"/"+parcel.ID,
		mailsPath+"/"+mail.ID,
		roomPath(c.Room.ID),
		roomPath(c.Room.ID)+"/do/move",
		devicePath(c.Device.ID),
		searchPath+"?q=horizonte",
		searchPath+"?q=nothing",
		numbersPath+"?period=quarter",
		Root+"/settings/calendars/BR",
	)
}

// partnered has a service partner act for a customer, and another one ask to. It returns the pages
// that make the customer one itself, and that end what the first may do.
func (w *world) partnered(accountID string) (makes, ends string) {
	w.t.Helper()
	terms := identity.DelegationTerms{Role: identity.RoleAdmin, Days: 365}
	for _, name := range []string{"Parceira Ltda", "Integradora de Salas e Audiovisual do Sul Ltda"} {
		acc, err := w.CreateAccount(w.system(),
			rules.Party{Company: name, Address: storetest.Form("x").EndCustomer.Address},
			"", account.ModeSite)
		require.NoError(w.t, err)
		org, err := w.PutOrg(w.system(), account.OrgChange{
			Kind: account.OrgPartner, Name: name, Country: "BR",
		})
		require.NoError(w.t, err)
		_, err = w.Domains.People.MakePartner(w.system(), org.ID, acc.ID, "their contract")
		require.NoError(w.t, err)
		d, err := w.Domains.People.AskPartner(storetest.Customer(accountID), accountID, name, terms)
		require.NoError(w.t, err)
		if ends == "" {
			_, err = w.Domains.People.AnswerDelegation(storetest.Customer(acc.ID), d.ID, true)
			require.NoError(w.t, err)
			ends = delegationPath(d.ID)
		}
	}
	return accountPath(accountID) + "/partner", ends
}

// fileName is the address of a page in the name of its picture.
func fileName(page string) string {
	return strings.Trim(regexp.MustCompile(`[^a-z]+`).ReplaceAllString(page, "-"), "-")
}

// picture takes a picture of the page, where somebody wants to look at it.
func (b *chromium) picture(name string) {
	b.t.Helper()
	dir := os.Getenv("ROOMCOVER_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	require.NoError(b.t, err)
	require.NoError(b.t, os.MkdirAll(dir, 0o755))
	require.NoError(b.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
}

// faultless looks at the page's width, and for a style or script of its own.
func (b *chromium) faultless(page string) {
	b.t.Helper()
	at, err := chromedp.Run(b.ctx, chromedp.Location())
	require.NoError(b.t, err)
	require.NotContains(b.t, at, signInPath, page)
	wide, err := chromedp.Run(b.ctx, chromedp.EvaluateAsDevTools[string](
		`document.documentElement.scrollWidth <= window.innerWidth ? "" : [...document.querySelectorAll("main *")]
			.filter(e => e.getBoundingClientRect().right > window.innerWidth).map(e => e.outerHTML.slice(0, 120)).join("\n")`))
	require.NoError(b.t, err)
	if wide != "" {
		b.t.Errorf("%s is wider than the screen:\n%s", page, wide)
	}
	if !b.holds("document.querySelectorAll('script:not([src]), [style], style').length === 0") {
		b.t.Errorf("%s has an inline script or style", page)
	}
}

// accessible looks at the page with axe.
func (b *chromium) accessible(page, axe string) {
	b.t.Helper()
	at, err := chromedp.Run(b.ctx, chromedp.Location())
	require.NoError(b.t, err)
	_, err = chromedp.Run(b.ctx, chromedp.EvaluateAsDevTools[bool](axe+"; true"))
	require.NoError(b.t, err)
	report, err := chromedp.Run(b.ctx, chromedp.EvaluateAsDevTools[string](
		`axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.map(v => v.id + ": " + v.help + " " +
			v.nodes.map(n => n.target + " " + n.failureSummary).join("; ")).join("\n"))`,
		chromedp.EvalAwaitPromise))
	require.NoError(b.t, err)
	if report != "" {
		b.t.Errorf("axe finds faults on %s (%s):\n%s", page, at, report)
	}
}
