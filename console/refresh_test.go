package console

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// refreshed is a page that a browser has open: it asks for what is new as console.js does.
type refreshed struct {
	*browser
	path, version string
}

// open shows a page that refreshes itself.
func (b *browser) open(path string) *refreshed {
	b.t.Helper()
	page := b.get(path)
	require.Equal(b.t, http.StatusOK, page.status, path)
	p := &refreshed{browser: b, path: path}
	p.keep(page)
	return p
}

func (p *refreshed) keep(page reply) {
	p.t.Helper()
	found := regexp.MustCompile(`id="live" data-version="([^"]+)"`).FindStringSubmatch(page.body)
	require.NotEmpty(p.t, found, "%s refreshes itself", p.path)
	p.version = found[1]
}

// ask asks for what is new, and keeps the version of what it got.
func (p *refreshed) ask() reply {
	p.t.Helper()
	req, err := http.NewRequest(http.MethodGet, p.url+p.path, nil)
	require.NoError(p.t, err)
	req.Header.Set(versionHeader, p.version)
	req.Header.Set("HX-Request", "true")
	r := p.do(req)
	if r.status == http.StatusOK {
		p.keep(r)
	}
	return r
}

func TestAPageIsToldThatNothingIsNew(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		for n := range 60 {
			w.raise(db.TaskSweepLate, fmt.Sprintf("subject-%03d", n))
		}
		task := w.raise(db.TaskShipmentContradicted, "one")
		o := w.Fulfilled(t, w.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		require.NoError(t, w.Exec("UPDATE outbox_events SET delivered_at = created_at")) // something moves
		b := w.signedIn(byRole[rules.OperatorLead])
		pages := map[string]*refreshed{}
		paths := []string{queuePath + "?who=all&kind=SWEEP_LATE", taskPath(task.ID), ordersPath + "/" + o.ID}
		for _, g := range sections {
			for _, s := range g.items {
				if strings.Contains(b.get(s.path).body, "hx-get") {
					paths = append(paths, s.path)
				}
			}
		}
		require.Subset(t, paths, []string{Root, queuePath, ordersPath})
		for _, path := range paths {
			pages[path] = b.open(path)
			r := pages[path].ask()
			require.Equal(t, http.StatusNoContent, r.status, path)
			require.Empty(t, r.body, path)
		}
		w.Calendar.Set(w.Calendar.Now().Add(time.Minute))
		for path, p := range pages {
			require.Equal(t, http.StatusNoContent, p.ask().status, "%s: minutes alone are nothing new", path)
		}

		w.raise(db.TaskMailUnknown, "two")
		for path, p := range pages {
			r := p.ask()
			require.Equal(t, http.StatusOK, r.status, "%s: the navigation counts another task", path)
			require.NotContains(t, r.body, "<html", "only what is new")
			require.NotContains(t, r.body, "<script")
			require.Contains(t, r.body, `<nav class="nav" id="nav" hx-swap-oob="outerMorph"`)
			require.Equal(t, 1, strings.Count(r.body, `id="live"`))
			require.Equal(t, http.StatusNoContent, p.ask().status, path)
		}
	})
}

// What is said once is for the page that comes next, not for a refresh on the way.
func TestARefreshTakesNothingThatIsSaidOnce(t *testing.T) {
	w := issuerWorld(t)
	task := w.raise(db.TaskSweepLate, "one")
	b := w.signedIn(byRole[rules.OperatorAgent])
	p := b.open(queuePath)
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	seen := hiddenIn(b.get(taskPath(task.ID)).body, "seen")
	require.Equal(t, http.StatusSeeOther, b.post(taskPath(task.ID)+"/take", "seen", seen).status)
	require.NotContains(t, p.ask().body, "The task is yours")
	require.Contains(t, b.get(taskPath(task.ID)).body, "The task is yours")
}

// A page that is another one by now is opened anew, as a whole: who is signed out signs in.
func TestARefreshOfWhatIsGoneOpensThePageAnew(t *testing.T) {
	w := issuerWorld(t)
	p := w.signedIn(byRole[rules.OperatorAgent]).open(queuePath)
	p.post("/console/sign-out")
	r := p.ask()
	require.Equal(t, http.StatusNoContent, r.status)
	require.Equal(t, "true", r.header.Get("HX-Refresh"))
	require.Empty(t, r.body)
	require.Equal(t, queuePath, r.path, "the browser asks itself, and is led to sign in then")

	other := w.signedIn(byRole[rules.OperatorAgent])
	keys := &refreshed{browser: other, path: keysPath, version: "x"}
	require.Equal(t, "true", keys.ask().header.Get("HX-Refresh"), "a page that does not refresh itself")
}

func TestKeysAreExplainedOnAPage(t *testing.T) {
	w := issuerWorld(t)
	page := w.signedIn(byRole[rules.OperatorManager]).get(keysPath)
	require.Contains(t, page.body, "<kbd>g</kbd><kbd>q</kbd></dt><dd>Queue</dd>")
	require.Contains(t, page.body, `href="/console/queue" data-key="q"`)
	require.NotContains(t, page.body, "API tokens</dd>")
	used := map[string]string{}
	for path, key := range goKeys {
		require.Len(t, key, 1)
		require.Empty(t, used[key], "%s and %s have the same key", path, used[key])
		used[key] = path
	}
}

// What says how far off an instant is, and its hover text, is no part of the version; all else is,
// also what somebody wrote who knows the marks of such a text.
func TestWhatCountsByItselfIsNoPartOfAPagesVersion(t *testing.T) {
	same := [][2]string{
		{`<b>a</b>`, `<b>a</b>`},
		{`<time datetime="x" title="y">today</time>`, `<time datetime="x" title="z">today</time>`},
		{`<time data-near="ahead" title="y">1 min</time>`, `<time data-near="ahead" title="z">2 min</time>`},
		{`<span data-ago>1 min ago</span> by me`, `<span data-ago>2 min ago</span> by me`},
	}
	for _, pair := range same {
		require.Equal(t, steady(pair[0]), steady(pair[1]))
	}

	others := [][2]string{
		{`<b>a</b>`, `<b>b</b>`},
		{`<time datetime="x" title="y">today</time>`, `<time datetime="x" title="y">tomorrow</time>`},
		{`<time datetime="x" data-near="ahead">1</time>`, `<time datetime="y" data-near="ahead">1</time>`},
		{`<span data-ago>1 min ago</span> by me`, `<span data-ago>1 min ago</span> by you`},
		{`<a title="data-ago">1</a>`, `<a title="data-ago">2</a>`},
		{`<a title=" data-near=&#34;">1</a>`, `<a title=" data-near=&#34;">2</a>`},
		{`<a title="y">1</a>`, `<a title="z">1</a>`},
		{`data-ago&gt;1`, `data-ago&gt;2`},
		{`<time datetime="x"><b>a</b></time>`, `<time datetime="x"><b>b</b></time>`},
	}
	for _, pair := range others {
		require.NotEqual(t, steady(pair[0]), steady(pair[1]))
	}
}
