package console

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web/crawltest"
)

// languagesOf are those in which the pages of a role are walked: what a lead sees, in both.
func languagesOf(role rules.Role) []string {
	if role == rules.OperatorLead {
		return []string{"en", "pt-BR"}
	}
	return []string{"pt-BR"}
}

// From the start page of a full desk, as each role and in both languages: every link of every
// page answers, and every form that is shown may be sent. That what a role may not do is refused
// stands in TestS53_EachRouteForEachRole.
func TestS53_EachLinkAnswersAndEachFormShownIsAllowed(t *testing.T) {
	w := worldOn(t, storetest.Postgres(t), true)
	w.everyPage()
	routes := w.site.routes()
	for _, role := range tableRoles {
		b := w.signedIn(byRole[role])
		for _, lang := range languagesOf(role) {
			t.Run(string(role)+" "+lang, func(t *testing.T) {
				b.choosesLanguage(byRole[role].Email, lang)
				forms, pages := crawltest.Crawl(t, []string{Root},
					func(address string) (int, string, string) {
						r := b.get(address)
						media := r.header.Get("Content-Type")
						if strings.HasPrefix(media, "text/html") && r.status == http.StatusOK {
							assert.Contains(t, r.body, `<html lang="`+lang+`"`, address)
							assert.NotEqual(t, signInPath, r.path, address)
						}
						return r.status, media, r.body
					})
				t.Logf("%d addresses, %d forms", pages, len(forms))
				require.Greater(t, pages, 50)
				for _, f := range forms {
					known := false
					for _, r := range routes {
						if r.method == f.Method && r.leadsTo(f.Path) {
							known = true
							assert.True(t, r.allows(role), "%s %s is shown on %s", f.Method, f.Path, f.On)
						}
					}
					assert.True(t, known, "%s %s on %s leads nowhere", f.Method, f.Path, f.On)
				}
			})
		}
	}
	require.NotContains(t, w.log.String(), "level=ERROR")
}
