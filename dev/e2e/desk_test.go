//go:build long

package e2e

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/sqlitedb"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/web/webtest"
)

// Two people of the desk, each in a browser of their own, on everything that a deployment has: an
// agent accepts an order that was held, and replaces a device from its room, with the promise seen
// before the approval, label, the carrier's scans, delivery, return and inspection; a manager reads
// on the page of processes, after each step, what is waited for. They read different languages.
// With ROOMCOVER_SCREENSHOTS there is a picture of each page that they came to.
func TestS55_AnAgentReplacesADeviceAndAManagerFollows(t *testing.T) {
	chromium := webtest.Chromium(t)
	dev := buildDev(t)
	data, n := t.TempDir(), free(t, 7)
	url := "http://localhost:" + n[0]
	up := start(t, os.Environ(), dev, "up", "--data", data, "--portal-port", n[0], "--temporal-port", n[1],
		"--temporal-ui-port", "0", "--smtp-port", n[2], "--mails-port", n[3], "--carrier-port", n[4],
		"--issuer-port", n[5], "--mail-in-port", n[6],
		"--oidc-port", "0", "--saml-port", "0", "--sync-port", "0")
	awaitOK(t, url+"/readyz")
	access := readAccess(t, data)

	agent := newPerson(t, chromium, url, "ari@desk.example", "en")
	manager := newPerson(t, chromium, url, "mauro@desk.example", "pt-BR")

	// An order that names somebody at a provider of personal mailboxes is held.
	order := postOrder(t, url+"/v1/orders", access.token(t, "reseller"), func(text string) string {
		return strings.Replace(text, "ana.souza@acme.example", "ana.souza@gmail.com", 1)
	})
	manager.reads("order", order, "NEEDS_REVIEW")
	agent.open("/console/orders/" + order + "/review")
	agent.sends("reason", "the seller knows her")
	agent.sends() // and confirms what follows
	agent.sees(messages.In("en").Say("console.flash.held"))
	manager.reads("order", order, "FULFILLED")

	env := openData(t, data, access.Key)
	room, serial := equip(t, env, order)

	// The device in the room fails.
	agent.open("/console/replacements/new?find=Sala+1")
	agent.follows(`main a[href*="room=` + room + `"]`)
	agent.follows(`main a[href*="serial=` + serial + `"]`)
	require.Regexp(t, `(arrives by|Approved until).*\d`, agent.text("main .promise"),
		"the promised day, before it is requested")
	agent.sends("fault", "No picture.")
	number := strings.TrimPrefix(agent.path(), "/console/replacements/")
	require.Regexp(t, `^RMA-\w+$`, number)
	manager.reads("rma", number, "REQUESTED")

	does := func(command string, fields ...string) {
		agent.open("/console/replacements/" + number + "/do/" + command)
		agent.sends(fields...)
		require.Equal(t, "/console/replacements/"+number, agent.path(), agent.text("main"))
	}
	agent.open("/console/replacements/" + number + "/do/approve")
	require.Regexp(t, `arrives by|promises`, agent.text("main"), "the promised day, before the approval")
	does("approve", "defect", "yes")
	manager.reads("rma", number, "ALLOCATED")

	agent.becomes("/console/replacements/"+number,
		`[...document.querySelectorAll("main a")].some(a => a.href.includes("label"))`)
	does("ship", "serial", "NEW-100")
	manager.reads("rma", number, "SHIPPED")

	scan := func(way, kind string) { command(t, os.Environ(), dev, "scan", "--data", data, number, way, kind) }
	scan("out", "picked_up")
	scan("out", "delivered")
	manager.reads("rma", number, "AWAITING_RETURN")
	scan("return", "picked_up")
	manager.reads("rma", number, "RETURN_IN_TRANSIT")
	scan("return", "delivered")
	manager.reads("rma", number, "RETURN_RECEIVED")

	followed := manager.process
	does("inspect", "serial", serial, "outcome", "DEFECT")
	agent.becomes("/console/replacements/"+number, `document.querySelector("main .badge").innerText === "Closed"`)
	manager.open(followed)
	manager.sees(messages.In(manager.locale).Say("console.processes.over"))
	require.Zero(t, up.stop(t))
}

// person is somebody of the desk, signed in to the console in a browser of their own.
type person struct {
	t       *testing.T
	ctx     context.Context
	url     string
	locale  string
	process string // the page of the process that was read last
	seen    int    // pages
}

func newPerson(t *testing.T, chromium, url, email, locale string) *person {
	t.Helper()
	allocator, stop := chromedp.NewExecAllocator(context.Background(),
		webtest.Options(chromium, t.TempDir(), locale, 1280)...)
	ctx, quit := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx)
		quit()
		stop()
	})
	p := &person{t: t, ctx: ctx, url: url, locale: locale}
	p.path() // the browser lives as long as the context in which it is asked first
	p.open("/console/sign-in/start?as=" + email)
	require.True(t, p.holds(`!!document.getElementById("nav")`), "signed in")
	return p
}

func (p *person) open(path string) {
	p.t.Helper()
	p.leads(chromedp.Navigate(p.url + path))
}

// leads does something that leads to another page.
func (p *person) leads(action chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	_, err := chromedp.RunResponse(ctx, action)
	require.NoError(p.t, err, "no other page came from %s", p.path())
	p.picture()
}

// picture takes a picture of the page, where somebody wants to look at it.
func (p *person) picture() {
	p.t.Helper()
	dir := os.Getenv("ROOMCOVER_SCREENSHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(p.ctx, chromedp.FullScreenshot(100))
	require.NoError(p.t, err)
	require.NoError(p.t, os.MkdirAll(dir, 0o755))
	p.seen++
	name := fmt.Sprintf("desk-%s-%03d.png", p.locale, p.seen)
	require.NoError(p.t, os.WriteFile(filepath.Join(dir, name), png, 0o644))
}

// follows presses a link.
func (p *person) follows(selector string) {
	p.t.Helper()
	require.True(p.t, p.holds("document.querySelector("+quoted(selector)+") !== null"),
		"%s is not on %s:\n%s", selector, p.path(), p.text("main"))
	p.leads(pressed(selector))
}

// sends fills fields of the page's form, by their names, and presses its main button.
func (p *person) sends(fields ...string) {
	p.t.Helper()
	for i := 0; i+1 < len(fields); i += 2 {
		require.True(p.t, p.holds(`(() => {
			const field = [...document.querySelectorAll("main form[method=post] [name=`+fields[i]+`]")]
				.find(e => e.type !== "radio" || e.value === `+quoted(fields[i+1])+`);
			if (!field) return false;
			if (field.type === "radio") field.checked = true;
			else field.value = `+quoted(fields[i+1])+`;
			return true;
		})()`), "no field %s on %s:\n%s", fields[i], p.path(), p.text("main"))
	}
	p.leads(pressed("main form[method=post] button.main"))
}

// reads reads, on the page of processes, what the process of a number or an id waits for, and
// waits until it is what a state waits for. It opens the process too, which says the same.
func (p *person) reads(kind, number, state string) {
	p.t.Helper()
	sentence := messages.In(p.locale).Say("process." + kind + "." + state + ".waits")
	waits := sentence[:strings.IndexAny(sentence, ",;:{")]
	p.becomes("/console/processes?q="+number,
		"document.querySelector('main').innerText.includes("+quoted(waits)+")")
	p.follows(`main a[href^="/console/processes/` + kind + `/"]`)
	require.Contains(p.t, p.text("main .promise"), waits)
	p.process = p.path()
}

// becomes opens a page again and again until something holds in it.
func (p *person) becomes(path, expression string) {
	p.t.Helper()
	for until := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		p.open(path)
		if p.holds(expression) {
			return
		}
		require.True(p.t, time.Now().Before(until), "%s: %s:\n%s", path, expression, p.text("main"))
	}
}

func (p *person) sees(text string) {
	p.t.Helper()
	require.Contains(p.t, p.text("body"), text)
}

func (p *person) holds(expression string) bool {
	p.t.Helper()
	out, err := chromedp.Run(p.ctx, chromedp.EvaluateAsDevTools[bool](expression))
	require.NoError(p.t, err, expression)
	return out
}

// text is what the first element of a selector shows.
func (p *person) text(selector string) string {
	p.t.Helper()
	out, err := chromedp.Run(p.ctx, chromedp.EvaluateAsDevTools[string](
		"(document.querySelector("+quoted(selector)+") || {innerText: ''}).innerText"))
	require.NoError(p.t, err)
	return strings.Join(strings.Fields(out), " ")
}

func (p *person) path() string {
	p.t.Helper()
	at, err := chromedp.Run(p.ctx, chromedp.Location())
	require.NoError(p.t, err)
	return strings.TrimPrefix(at, p.url)
}

// pressed clicks on the middle of an element.
func pressed(selector string) chromedp.Action[chromedp.Void] {
	middle := chromedp.EvaluateAsDevTools[[]float64](`(() => {
		const e = document.querySelector(` + quoted(selector) + `);
		e.scrollIntoView({block: "center", behavior: "instant"});
		const box = e.getClientRects()[0];
		return [box.left + box.width / 2, box.top + box.height / 2];
	})()`)
	return func(ctx context.Context, t *chromedp.Target) (none chromedp.Void, err error) {
		at, err := middle(ctx, t)
		if err != nil {
			return none, err
		}
		return chromedp.MouseClickXY(at[0], at[1])(ctx, t)
	}
}

func quoted(text string) string {
	out, _ := json.Marshal(text) // a string always has JSON
	return string(out)
}

// access is the file of a data folder with its key and a token for each role.
type access struct {
	Key    string
	Tokens []struct{ Name, Secret string }
}

func readAccess(t *testing.T, data string) (a access) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(data, "access.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &a))
	return a
}

func (a access) token(t *testing.T, name string) string {
	t.Helper()
	for _, token := range a.Tokens {
		if token.Name == name {
			return token.Secret
		}
	}
	require.Fail(t, "no token", name)
	return ""
}

// openData opens the database of a data folder beside the processes that use it.
func openData(t *testing.T, data, key string) storetest.Env {
	t.Helper()
	secret, err := hex.DecodeString(key)
	require.NoError(t, err)
	d, err := domains.Open(sqlitedb.Open(filepath.Join(data, "roomcover.db")),
		domains.Options{Options: db.Options{Key: secret}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.DB.Close() })
	return storetest.Env{Context: db.WithSystem(context.Background())}.With(d)
}

// equip has the person whom the order names join, and puts a covered device into a room: one that
// has been known for long. It fills a depot as well.
func equip(t *testing.T, env storetest.Env, orderID string) (room, serial string) {
	t.Helper()
	env.Join(t, env.InvitationOf(t, orderID))
	o, err := env.GetOrder(env.Context, orderID)
	require.NoError(t, err)
	env.Site(t, *o.AccountID, "HQ", "BR", "SP")
	r := env.Room(t, *o.AccountID, "Sala 1")
	env.Assigned(t, env.Licences(t, o)[0], r)
	bought := time.Now().AddDate(0, -6, 0)
	d := env.Device(t, r, "SN-100", "RALLY-BAR", bought.Format(time.DateOnly))
	require.NoError(t, env.Exec("UPDATE devices SET created_at = '"+
		bought.UTC().Format("2006-01-02 15:04:05+00:00")+"' WHERE id = '"+d.ID+"'"))
	storetest.Stocked(t, env, "BR-1", "BR", "RALLY-BAR", 5)
	return r.ID, *d.Serial
}
