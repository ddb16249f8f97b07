package portal

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// desk is an operator with a session of the console.
type desk struct {
	*world
	operator identity.Operator
	session  string // its hash
	acts     context.Context
}

// desk adds an operator who is signed in to the console.
func (w *world) desk(role rules.Role) desk {
	w.t.Helper()
	ctx := db.WithSystem(w.Context)
	o, _, err := w.Domains.Operators.AddOperator(ctx, identity.NewOperator{
		Email: strings.ToLower(string(role)) + "@desk.example", Name: "Ari Prado", Role: role, Reason: "works here",
	})
	require.NoError(w.t, err)
	d := desk{world: w, operator: o, session: "session-of-" + o.ID}
	d.acts = db.WithScope(w.Context, db.Scope{
		System: true, Actor: db.Actor{ID: o.ID, Role: role, OrgID: account.OperatorOrgID},
	})
	d.signIn()
	return d
}

func (d desk) signIn() {
	d.t.Helper()
	require.NoError(d.t, d.Domains.Operators.PutSession(d.Context, identity.Session{
		TokenHash: d.session, UserID: &d.operator.ID, Label: "Firefox", Data: []byte{}, ExpiresAt: db.RealNow().Add(8 * time.Hour),
	}))
}

// looksAt is a browser in which the operator sees the portal as the account does.
func (d desk) looksAt(accountID string) *guest {
	d.t.Helper()
	token, _, err := d.Domains.Operators.LookAtAccount(d.acts, accountID, d.session, "you called about a room")
	require.NoError(d.t, err)
	g := d.guest()
	g.setCookie(web.CookieName(web.LookCookie, false), token)
	return g
}

// everyRow is what stands in the database, table by table.
func (w *world) everyRow() map[string]string {
	w.t.Helper()
	pool, err := w.Pool()
	require.NoError(w.t, err)
	tables := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
	if w.Domains.DB.Postgres() {
		tables = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
	}
	out := map[string]string{}
	for _, table := range w.Strings(w.t, tables) {
		rows, err := pool.Query("SELECT * FROM " + table)
		require.NoError(w.t, err, table)
		columns, err := rows.Columns()
		require.NoError(w.t, err)
		var lines []string
		for rows.Next() {
			values := make([]any, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			require.NoError(w.t, rows.Scan(values...))
			line := ""
			for _, v := range values {
				line += fmt.Sprintf("%v|", *v.(*any))
			}
			lines = append(lines, line)
		}
		require.NoError(w.t, rows.Err())
		require.NoError(w.t, rows.Close())
		slices.Sort(lines)
		out[table] = fmt.Sprintf("%d %x", len(lines), sha256.Sum256([]byte(strings.Join(lines, "\n"))))
	}
	require.Greater(w.t, len(out), 40)
	return out
}

// pathOf is an address of a route, with the ids of things that exist where a form names one.
func pathOf(r route, forms map[string][]string) string {
	before, after, named := strings.Cut(r.path, ":id")
	if !named {
		return r.path
	}
	for path, form := range forms {
		if known, _, _ := strings.Cut(path, ":id"); known == before && path != r.path || path == r.path {
			id, _, _ := strings.Cut(strings.TrimPrefix(form[0], before), "/")
			return before + id + after
		}
	}
	return before + "rma_none" + after
}

// Whatever a look asks for, by whatever method: nothing in the database changes, nothing that
// changes something is reached, and no page fails.
func TestS53_ALookChangesNothingByAnyRouteAndMethod(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		_, inv := w.admin()
		w.member(inv.AccountID, "dora@acme.example", identity.RoleReadOnly)
		forms := w.adminForms(inv.AccountID)
		look := w.desk(rules.OperatorAgent).looksAt(inv.AccountID)
		look.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

		before := w.everyRow()
		shown := 0
		for _, r := range routes() {
			path := pathOf(r, forms)
			for _, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "GET", "HEAD"} {
				form := url.Values{"confirmed": {"yes"}}
				if known := forms[r.path]; r.method == post && known != nil {
					for i := 1; i+1 < len(known); i += 2 {
						form.Set(known[i], known[i+1])
					}
				}
				req, err := http.NewRequest(method, w.url+path, strings.NewReader(form.Encode()))
				require.NoError(t, err)
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				req.Header.Set("Sec-Fetch-Site", "same-origin")
				answer := look.do(req)
				reads := method == "GET" || method == "HEAD"
				switch {
				case !reads, r.method == get && !r.shownInLook():
					require.Equal(t, 403, answer.status, "%s %s", method, path)
				case r.method == post: // there may be a page, or none
					require.Contains(t, []int{200, 403, 404}, answer.status, "%s %s", method, path)
				case answer.status == 200:
					shown++
				default:
					require.Contains(t, []int{303, 403, 404}, answer.status, "%s %s", method, path)
				}
			}
		}
		require.Greater(t, shown, 15, "pages are shown")
		require.Equal(t, before, w.everyRow(), "nothing changed in any table")
		require.NotContains(t, w.log.String(), "level=ERROR")
	})
}

// A handler that writes by mistake is stopped by the database, whatever context it takes.
func TestS53_AForgottenWriteOfALookFailsInTheDatabase(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		_, inv := w.admin()
		look := w.desk(rules.OperatorLead).looksAt(inv.AccountID)
		anas := w.memberIDs(inv.AccountID)["ana.souza@acme.example"]
		before := w.everyRow()

		for name, write := range map[string]func(*visit) error{
			"own": func(v *visit) error { return v.throttle("forgotten", 1, time.Hour) },
			"account": func(v *visit) error {
				_, err := v.people.ChangeMembership(v.named(), anas, identity.RoleReadOnly, rules.MembershipRemoved, "x")
				return err
			},
			"session": func(v *visit) error {
				v.setValue(keyFlash, "flash.role")
				return nil
			},
			"tenant": func(v *visit) error {
				return v.db.Write(v.acting(), func(tx *db.Tx) error {
					return tx.Exec("UPDATE memberships SET role = 'READ_ONLY'").Error
				})
			},
		} {
			engine := gin.New()
			engine.GET("/forgotten", w.portal.serve(route{get, "/forgotten", member, func(v *visit) (answer, error) {
				return answer{page: "problem", title: "problem.form.title", data: problemPage{
					Title: "problem.form.title", Text: "problem.form.text", Back: "/"}}, write(v)
			}}))
			server := httptest.NewServer(engine)
			u, err := url.Parse(server.URL)
			require.NoError(t, err)
			look.client.Jar.SetCookies(u, []*http.Cookie{{Name: web.LookCookie, Value: look.cookie(web.LookCookie)}})
			req, err := http.NewRequest(http.MethodGet, server.URL+"/forgotten", nil)
			require.NoError(t, err)
			got := look.do(req)
			server.Close()
			if name == "session" {
				require.Equal(t, 200, got.status, "a look has no session to keep anything in")
				continue
			}
			require.Equal(t, 403, got.status, name)
			require.Contains(t, got.body, "Nothing can be changed here", name)
		}
		require.Equal(t, before, w.everyRow())
		require.Contains(t, w.log.String(), "a page writes where it should only read")
	})
}

// A look shows one account as its members see it, says so on each page, and hands out no file.
func TestS53_ALookShowsWhatTheMembersSeeAndNoMore(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		ana, inv := w.admin()
		_, other := w.site("gil@globex.example")
		forms := w.adminForms(inv.AccountID)
		d := w.desk(rules.OperatorCSM)
		look := d.looksAt(inv.AccountID)

		page := look.get("/")
		require.Equal(t, 200, page.status, w.log.String())
		require.Contains(t, page.body, "You see the portal as Acme Ltda sees it. Nothing can be changed here.")
		require.Contains(t, page.body, "It ends by itself in 30 minutes.")
		require.Contains(t, page.body, `action="/console/accounts/`+inv.AccountID+`/look/end"`)
		require.NotContains(t, page.body, `action="/sign-out"`)
		require.NotContains(t, ana.get("/").body, "Nothing can be changed here")
		require.Contains(t, look.get("/colleagues").body, "ana.souza@acme.example")
		require.NotContains(t, look.get("/colleagues").body, `method="post" action="/colleagues`)
		require.Contains(t, look.get("/?lang=pt-BR").body, "Você vê o portal como Acme Ltda o vê.")
		look.get("/?lang=en")

		label, _, _ := strings.Cut(forms["/replacements/:id/withdraw"][0], "/withdraw")
		require.Contains(t, []int{403, 404}, look.get(label+"/return-label").status)
		require.Equal(t, 403, look.get("/sessions").status, "no sessions of one's own")
		require.Equal(t, 403, look.get("/sign-in").status)
		require.Equal(t, 403, look.get("/tokens").status, "an administrator's")
		require.Equal(t, 404, look.get("/nowhere").status)

		globex := d.looksAt(other.ID)
		for _, path := range []string{"/", "/colleagues", "/service-orders", "/replacements", "/sites"} {
			require.NotContains(t, strings.ToLower(globex.get(path).body), "acme", path)
		}
		require.Equal(t, 403, look.get("/").status, "another look of the session takes its place")
		require.NotContains(t, w.log.String(), "level=ERROR")
	})
}

// A file is refused even where a page hands it out.
func TestS53_ALookHandsOutNoFile(t *testing.T) {
	w := newWorld(t)
	_, inv := w.admin()
	look := w.desk(rules.OperatorAgent).looksAt(inv.AccountID)
	engine := gin.New()
	engine.GET("/table", w.portal.serve(route{get, "/table", member, func(*visit) (answer, error) {
		return answer{file: &file{"text/csv", "table.csv", []byte("secret")}}, nil
	}}))
	rec := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodGet, "/table", nil)
	req.AddCookie(&http.Cookie{Name: web.LookCookie, Value: look.cookie(web.LookCookie)})
	engine.ServeHTTP(rec, req)
	require.Equal(t, 403, rec.Code)
	require.NotContains(t, rec.Body.String(), "secret")
}

// A look ends by a click, with its time, with the session of the console, and when the operator
// may look no more; each time with the next request.
func TestS53_ALookEndsWithWhatItWasBegunBy(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		_, inv := w.admin()
		d := w.desk(rules.OperatorAgent)
		operators := w.Domains.Operators
		role := func(role rules.Role) func() {
			return func() {
				_, err := operators.ChangeOperatorRole(w.as(rules.OperatorLead), d.operator.ID, role, "another desk")
				require.NoError(t, err)
			}
		}
		for name, end := range map[string]func(){
			"click": func() { require.NoError(t, operators.EndAccountLook(d.acts, d.session)) },
			"time": func() {
				require.NoError(t, w.Exec("UPDATE account_looks SET expires_at = '2020-01-01 00:00:00+00:00'"))
			},
			"session": func() { require.NoError(t, operators.DeleteSession(d.acts, d.session)) },
			"role":    role(rules.OperatorManager),
			"disabled": func() {
				_, err := operators.DisableOperator(w.as(rules.OperatorLead), d.operator.ID, "left")
				require.NoError(t, err)
			},
		} {
			look := d.looksAt(inv.AccountID)
			require.Equal(t, 200, look.get("/").status, name)
			end()
			over := look.get("/colleagues")
			require.Equal(t, 403, over.status, name)
			require.Contains(t, over.body, "no longer see the portal", name)
			require.NotContains(t, over.body, "ana.souza", name)
			require.Equal(t, "/sign-in", look.get("/colleagues").path, "%s: the cookie is gone", name)

			_, _ = operators.EnableOperator(w.as(rules.OperatorLead), d.operator.ID, "back")
			if name == "role" {
				role(rules.OperatorAgent)()
			}
			d.signIn()
		}

		_, _, err := operators.LookAtAccount(d.acts, inv.AccountID, "another session", "why")
		require.Equal(t, rules.NotFound, rules.CodeOf(err))
		_, _, err = operators.LookAtAccount(d.acts, "acc_none", d.session, "why")
		require.Equal(t, rules.NotFound, rules.CodeOf(err))
		_, _, err = operators.LookAtAccount(d.acts, inv.AccountID, d.session, " ")
		require.Equal(t, rules.ReasonRequired, rules.CodeOf(err))
		manager := w.desk(rules.OperatorManager)
		_, _, err = operators.LookAtAccount(manager.acts, inv.AccountID, manager.session, "why")
		require.Equal(t, rules.Forbidden, rules.CodeOf(err))

		begun, ended := 0, 0
		for _, verb := range w.verbs(inv.AccountID) {
			if verb == "account.look_begun" {
				begun++
			}
			if verb == "account.look_ended" {
				ended++
			}
		}
		require.Equal(t, []int{5, 1}, []int{begun, ended}, "the account's audit has each look")
		require.NoError(t, operators.EndAccountLook(d.acts, d.session), "again")
		require.NoError(t, w.Exec("UPDATE account_looks SET expires_at = '2020-01-01 00:00:00+00:00'"))
		require.NoError(t, w.PruneSessions(w.Context))
		require.Zero(t, w.Count(t, "SELECT count(*) FROM account_looks"))
	})
}
