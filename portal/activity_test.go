package portal

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/logistics"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/shipping"
)

var (
	verbGiven = regexp.MustCompile(`\bVerb:\s+"([^"]+)"`)
	verbLike  = regexp.MustCompile(`"([a-z]+\.[a-z]+(?:_[a-z]+)*)"`)
)

// verbsOfTheAudit are the verbs that the models write: those that are given as such, and those of
// a composed one.
func verbsOfTheAudit(t *testing.T) map[string]bool {
	t.Helper()
	verbs := map[string]bool{}
	for _, kind := range []shipping.StockKind{
		shipping.StockReceipt, shipping.StockReservation, shipping.StockRelease, shipping.StockShipment,
		shipping.StockAdjustment,
	} {
		verbs[logistics.StockVerb(kind)] = true
	}
	require.NoError(t, filepath.WalkDir("../models", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") ||
			strings.Contains(path, "/storetest/") || strings.HasSuffix(path, "account/activity.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, found := range verbGiven.FindAllStringSubmatch(string(text), -1) {
			verbs[found[1]] = true
		}
		for _, found := range verbLike.FindAllStringSubmatch(string(text), -1) {
			// Operators read it in their audit, so it is a verb.
			if messages.In("en").Has("console.did." + found[1]) {
				verbs[found[1]] = true
			}
		}
		return err
	}))
	require.Greater(t, len(verbs), 150)
	return verbs
}

// Whatever the models write into the audit, somebody has said whether members see it; what they
// see has words in both languages, and nothing is hidden or shown that is not written.
func TestEachVerbOfTheAuditIsShownInWordsOrHidden(t *testing.T) {
	verbs := verbsOfTheAudit(t)
	for verb := range verbs {
		kind, decided := account.ActivityOf(verb)
		require.True(t, decided, "say in models/account/activity.go whether members see %s", verb)
		for _, locale := range messages.Locales() {
			require.Equal(t, kind != "", messages.In(locale).Has("activity.did."+verb), "%s in %s", verb, locale)
		}
	}
	for _, verb := range account.ActivityVerbs("") {
		kind, _ := account.ActivityOf(verb)
		require.Contains(t, account.ActivityKinds(), kind)
		require.True(t, verbs[verb] || messages.In("en").Has("console.did."+verb), "%s is no verb", verb)
	}
	for _, internal := range []string{"task.", "operator.", "stock.", "mail.", "audit.", "csm.", "view."} {
		require.False(t, slices.ContainsFunc(account.ActivityVerbs(""), func(verb string) bool {
			return strings.HasPrefix(verb, internal)
		}), internal)
	}
}

// The account's people read who did what: their own by name, operators as the support, with no
// reason that was not meant for them.
func TestR42_TheActivityNamesMembersAndNoOperator(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		ana.post("/colleagues", "name", "Bruno Lima", "email", "bruno@acme.example", "role", "READ_ONLY")
		bruno := w.guest()
		bruno.accept(w.latestInvitation("bruno@acme.example"), "Bruno Lima")
		ids := w.memberIDs(inv.AccountID)
		ana.post("/colleagues/"+ids["bruno@acme.example"]+"/role", "role", "ADMIN")
		ana.post("/colleagues/"+ids["bruno@acme.example"]+"/role", "role", "READ_ONLY")
		room := w.Room(t, inv.AccountID, "Aurora")
		d := w.desk(rules.OperatorAgent)
		d.looksAt(inv.AccountID)
		_, err := w.ArchiveRoom(d.acts, room.ID, "secret of the desk", room.Version)
		require.NoError(t, err)

		page := bruno.get("/activity")
		require.Equal(t, 200, page.status)
		for _, said := range []string{
			"Ana Souza invited a person", "Bruno Lima accepted the invitation",
			"Ana Souza made a person an administrator", "Ana Souza made a person read-only",
			"Support archived a room", "Aurora", "Support looked at the portal as you see it",
			"you called about a room",
		} {
			require.Contains(t, page.body, said)
		}
		require.NotContains(t, page.body, "Ari Prado")
		require.NotContains(t, page.body, d.operator.ID)
		require.NotContains(t, page.body, "secret of the desk")
		require.NotContains(t, page.body, "console.")
		portuguese := w.member(inv.AccountID, "lia@acme.example", identity.RoleReadOnly)
		portuguese.lang = "pt-BR"
		require.Contains(t, portuguese.get("/activity?lang=pt-BR").body, "O suporte arquivou uma sala")

		narrowed := bruno.get("/activity?person=support&kind=rooms").body
		require.Contains(t, narrowed, "archived a room")
		require.NotContains(t, narrowed, "invited a person")
		require.NotContains(t, narrowed, "looked at the portal")
		require.Contains(t, bruno.get("/activity?person=usr_nobody").body, "Nothing to show")

		file := bruno.get("/activity?format=csv")
		require.Equal(t, "text/csv; charset=utf-8", file.header.Get("Content-Type"))
		require.Contains(t, file.body, "Support archived a room")
		require.NotContains(t, file.body, "Ari Prado")
		require.NotContains(t, file.body, "secret of the desk")
		gil, _ := w.site("gil@globex.example")
		require.NotContains(t, gil.get("/activity").body, "Aurora")
		require.Equal(t, 400, gil.get("/activity?after=x").status)
	})
}

// The pages of people and of activity ask the database a dozen times at most, with however many
// events there are.
func TestThePagesOfPeopleAskLittle(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		for _, name := range strings.Fields("A B C D E F G H I J K L M N O P Q R S T U V W X Y Z") {
			for _, kind := range []string{"1", "2", "3"} {
				w.Room(t, inv.AccountID, name+kind)
			}
		}
		for range 5 {
			w.pending(inv.AccountID, "p"+strings.ToLower(time.Now().Format("150405.000000000"))+"@acme.example")
		}
		for _, path := range []string{"/activity", "/colleagues"} {
			w.withinBudget(ana, path)
		}
		require.Contains(t, ana.get("/activity").body, "after=")
	})
}
