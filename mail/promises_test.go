package mail

import (
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/portal"
)

// door is the portal as somebody without a session finds it.
type door struct{ url, strange string }

func openPortal(t *testing.T) door {
	t.Helper()
	gin.SetMode(gin.TestMode)
	engine := gin.New()
	o := portal.Options{
		Domains:   storetest.SQLite(t).Domains,
		Log:       slog.New(slog.NewTextHandler(io.Discard, nil)),
		PublicURL: sampleBrand.PortalURL,
		Insecure:  true,
	}
	require.NoError(t, portal.Register(engine, o))
	notFound, err := portal.NotFound(o)
	require.NoError(t, err)
	engine.NoRoute(notFound)
	server := httptest.NewServer(engine)
	t.Cleanup(server.Close)

	d := door{url: server.URL}
	_, _, d.strange = d.open(t, "/nowhere")
	require.NotEmpty(t, d.strange)
	return d
}

var pageTitle = regexp.MustCompile(`(?s)<h1[^>]*>(.*?)</h1>`)

// open opens a page, and returns where it sends the visitor and what stands above it.
func (d door) open(t *testing.T, path string) (status int, to, title string) {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	res, err := client.Get(d.url + path)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	if found := pageTitle.FindSubmatch(body); found != nil {
		title = string(found[1])
	}
	return res.StatusCode, res.Header.Get("Location"), title
}

// leads fails unless there is a page at the path: one that everybody opens, or one that is
// opened after signing in, and then shown.
func (d door) leads(t *testing.T, path string) {
	t.Helper()
	parsed, err := url.Parse(path)
	require.NoError(t, err)
	status, to, title := d.open(t, path)
	require.NotEqual(t, d.strange, title, "%s leads to no page", path)
	if status == http.StatusSeeOther && strings.HasPrefix(to, "/sign-in") && parsed.Path != "/" {
		require.Equal(t, "/sign-in?next="+url.QueryEscape(parsed.RequestURI()), to, "%s is no page that is shown after signing in", path)
	}
}

// secretPaths are where the service puts the secrets of links; see mail/letter/letter.go.
var secretPaths = map[string]string{
	"invitation":          "/invitation?token=6mZ0c9S1vX4mR2q7",
	"invitation_reminder": "/invitation?token=6mZ0c9S1vX4mR2q7",
	"password_reset":      "/password-reset/new?token=6mZ0c9S1vX4mR2q7",
}

var webLink = regexp.MustCompile(`https?://[^\s"<>]+`)

// Every link and button of every mail, in both languages, leads to a page of the portal; mails
// to people who do not sign in there have none.
func TestEveryLinkOfAMailLeadsToAPage(t *testing.T) {
	d := openPortal(t)
	for _, template := range Templates() {
		changes := map[string]any{}
		if path := secretPaths[template]; path != "" {
			changes["link"] = sampleBrand.PortalURL + path
		}
		ofOurs := secretPaths[template] != ""
		require.Equal(t, ofOurs || template == "session", takesLink(template), "%s: where does its link lead?", template)

		for _, locale := range messages.Locales() {
			text, page := render(t, template, locale, changes)
			links := append(webLink.FindAllString(text, -1), webLink.FindAllString(html.UnescapeString(page), -1)...)
			links = slices.DeleteFunc(links, func(l string) bool { return strings.HasPrefix(l, "http://www.w3.org/") })
			require.Equal(t, withoutPortal[template], len(links) == 0, "%s: %v", template, links)
			for _, link := range links {
				if template == "session" && strings.HasPrefix(link, "https://teams.microsoft.com/") {
					continue // to the meeting, whose host was held to those that are taken (S46)
				}
				path, ours := strings.CutPrefix(link, sampleBrand.PortalURL)
				require.True(t, ours, "%s leads elsewhere: %s", template, link)
				if path == "" {
					path = "/"
				}
				d.leads(t, path)
			}
		}
	}
}

func takesLink(template string) bool {
	return slices.ContainsFunc(parameters[template], func(p parameter) bool { return p.kind == asLink })
}

// promises are the sentences of mails that name a page or what is done there, with the pages
// that keep them; a path that begins with /v1 is one of the API. None: the sentence speaks of
// the portal as a whole, or of the mail itself.
var promises = map[string][]string{
	"mail.portal":                         {"/"},
	"mail.button":                         {},
	"mail.order_confirmation.portal":      {"/service-orders"},
	"mail.order_cancelled.portal":         {"/service-orders"},
	"mail.renewal_reminder.again":         {"/service-orders"},
	"mail.renewal_reminder.seller":        {"/"},
	"mail.renewal_reminder.unclaimed":     {"/"},
	"mail.order_in_your_name.known":       {"/v1/orders/{id}"},
	"mail.order_in_your_name.unknown":     {"/v1/orders/{id}/cancellation"},
	"mail.invitation.preheader":           {"/invitation"},
	"mail.invitation.lead":                {"/"},
	"mail.invitation.click":               {"/invitation"},
	"mail.invitation.open":                {"/invitation"},
	"mail.invitation.role.ADMIN":          {"/colleagues", "/sites", "/replacements/request", "/service-orders"},
	"mail.invitation.role.READ_ONLY":      {"/service-orders", "/replacements", "/spares"},
	"mail.invitation_reminder.lead":       {"/"},
	"mail.invitation_reminder.open":       {"/invitation"},
	"mail.invitation_reminder.first":      {"/invitation"},
	"mail.invitation_unclaimed.lead":      {"/"},
	"mail.invitation_undeliverable.lead":  {"/"},
	"mail.one_time_code.lead":             {"/invitation/code"},
	"mail.mailbox_received.support":       {"/tickets/new"},
	"mail.password_reset.click":           {"/password-reset/new"},
	"mail.password_reset.open":            {"/password-reset/new"},
	"mail.security_notice.password.text":  {"/sessions"},
	"mail.security_notice.signin.text":    {"/sessions"},
	"mail.security_notice.signin.browser": {"/sessions"},
	"mail.security_notice.factor.added":   {"/me"},
	"mail.security_notice.factor.removed": {"/me"},
	"mail.security_notice.factor.reset":   {"/me"},
	"mail.security_notice.codes.made":     {"/me"},
	"mail.security_notice.code.used":      {"/me"},
	"mail.security_notice.unknown":        {"/sign-in", "/password-reset"},
	"mail.security_notice.open":           {"/"},
	"mail.export_ready.text":              {"/privacy"},
	"mail.admin_notice.open":              {"/"},
	"mail.delegation.ASKED.CUSTOMER":      {"/partners"},
	"mail.delegation.ASKED.PARTNER":       {"/partners"},
	"mail.delegation.ACCEPTED.CUSTOMER":   {"/partners"},
	"mail.delegation.role.ADMIN":          {"/partners"},
	"mail.own_sign_in.text.CERTIFICATE":   {"/own-sign-in"},
	"mail.own_sign_in.text.DOMAIN":        {"/own-sign-in"},
	"mail.own_sign_in.text.BREAK_GLASS":   {"/own-sign-in"},
	"mail.own_sign_in.look":               {"/own-sign-in"},
	"mail.room_health.next":               {"/rooms/rom_01k0example", "/rooms/rom_01k0example/help"},
	"mail.room_health.open":               {"/rooms/rom_01k0example"},
	"mail.room_health.list":               {"/rooms?health=down"},
	"mail.room_health.well":               {"/tickets"},
	"mail.contact_question.unknown":       {"/colleagues/questions/qst_01k0example"},
	"mail.rma_update.REJECTED.text":       {"/replacements/RMA-7F3K2"},
	"mail.site_notice.last":               {"/sites"},
	"mail.site_notice.look":               {"/sites"},
	"mail.return.label":                   {"/replacements/RMA-7F3K2"},
	"mail.return.nolabel":                 {"/colleagues"},
	"mail.recall.label":                   {"/spares"},
	"mail.rma_update.portal":              {"/replacements/RMA-7F3K2"},
	"mail.spare_update.SELECTED.text":     {"/spares"},
	"mail.spare_update.ON_SITE.text":      {"/replacements/request"},
	"mail.spare_update.portal":            {"/spares"},
	"mail.ticket.ANSWERED.title":          {"/tickets/TK-7F3K2"},
	"mail.ticket.CANCELLED.text":          {"/tickets/TK-7F3K2"},
	"mail.ticket.CANCELLED.title":         {"/tickets/TK-7F3K2"},
	"mail.ticket.CLOSED.text":             {"/tickets/TK-7F3K2"},
	"mail.ticket.CLOSED.title":            {"/tickets/TK-7F3K2"},
	"mail.ticket.OPENED.text":             {"/tickets/TK-7F3K2"},
	"mail.ticket.OPENED.title":            {"/tickets/TK-7F3K2"},
	"mail.ticket.REMINDER.text":           {"/tickets/TK-7F3K2"},
	"mail.ticket.REMINDER.title":          {"/tickets/TK-7F3K2"},
	"mail.ticket.RESOLVED.text":           {"/tickets/TK-7F3K2"},
	"mail.ticket.RESOLVED.title":          {"/tickets/TK-7F3K2"},
	"mail.ticket.number":                  {"/tickets/TK-7F3K2"},
	"mail.ticket.open":                    {"/tickets/TK-7F3K2"},
	"mail.session.CANCELLED.open":         {"/tickets/TK-7F3K2"},
	"mail.session.page":                   {"/tickets/TK-7F3K2", "/guest/tsp_01k0example"},
	"mail.participant.title":              {"/guest/tsp_01k0example"},
	"mail.participant.text":               {"/guest/tsp_01k0example"},
	"mail.participant.open":               {"/guest/tsp_01k0example"},
	"mail.participant.code":               {"/guest/tsp_01k0example"},
}

// namesAPage finds sentences that must stand among the promises.
var namesAPage = regexp.MustCompile(`(?i)\{menu\}|\{address\}|\bportal|\bpages?\b|\bpágina|\bbuttons?\b|\bbot(ão|ões)\b|` +
	`look up|consultar|acompanh|\bopen |\babr[ai]\b|\bappeal once|recorrer|\byou can\b|você poderá|ticket|tíquete|chamado|sign-in page|` +
	`request the replacement|peça a substituição|has to agree|precisa concordar|must agree`)

// pageless are things that people would look for on a page that the portal does not have.
var pageless = regexp.MustCompile(`(?i)\b(add|assign) (the )?(rooms?|licen)|look up rooms|` +
	`(adicionar|consultar|cadastrar) salas|atribuir (as )?licenças|under Rooms|em Salas`)

// What a mail says of a page is kept by one, in both languages; a new sentence that names a
// page fails here until somebody says which page keeps it.
func TestEveryPromiseOfAMailHasItsPage(t *testing.T) {
	d := openPortal(t)
	paths := apiPaths(t)
	used := map[string]bool{}
	for _, locale := range messages.Locales() {
		for key, sentence := range mailTexts(t, locale) {
			require.NotRegexp(t, pageless, sentence, "%s in %s promises what no page has", key, locale)
			_, known := promises[key]
			used[key] = used[key] || known
			if namesAPage.MatchString(sentence) {
				require.True(t, known, "%s in %s names a page; which one keeps it? %q", key, locale, sentence)
			}
		}
	}

	for key, pages := range promises {
		require.True(t, used[key], "no mail says %s", key)
		for _, path := range pages {
			if strings.HasPrefix(path, "/v1/") {
				require.Contains(t, paths, path, key)
				continue
			}
			d.leads(t, path)
		}
	}
}

// mailTexts are a language's sentences of mails, each plural form for itself.
func mailTexts(t *testing.T, locale string) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../messages/" + locale + "/mail.json")
	require.NoError(t, err)
	var all map[string]any
	require.NoError(t, json.Unmarshal(text, &all))
	out := map[string]string{}
	for key, value := range all {
		switch v := value.(type) {
		case string:
			out[key] = v
		case map[string]any:
			for _, form := range v {
				out[key] += form.(string) + " "
			}
		}
	}
	return out
}

func apiPaths(t *testing.T) map[string]any {
	t.Helper()
	text, err := os.ReadFile("../api/openapi.json")
	require.NoError(t, err)
	var described struct {
		Paths map[string]any `json:"paths"`
	}
	require.NoError(t, json.Unmarshal(text, &described))
	return described.Paths
}

// The buttons of the question about a contact lead to the forms on its page.
func TestTheButtonsOfAContactQuestionLeadToItsForms(t *testing.T) {
	page, err := os.ReadFile("../portal/templates/pages/question.html")
	require.NoError(t, err)
	text, _ := render(t, "contact_question", "en", nil)
	for _, link := range webLink.FindAllString(text, -1) {
		if _, anchor, found := strings.Cut(link, "#"); found {
			require.Contains(t, string(page), `id="`+anchor+`"`)
		}
	}
}
