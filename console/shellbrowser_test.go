package console

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web/webtest"
)

// chromium is a real Chromium with an agent signed in.
type chromium struct {
	*world
	ctx context.Context
}

func newChromium(t *testing.T, w *world) *chromium {
	t.Helper()
	allocator, stop := chromedp.NewExecAllocator(context.Background(),
		webtest.Options(webtest.Chromium(t), t.TempDir(), "en", 1280)...)
	ctx, quit := chromedp.NewContext(allocator)
	ctx, cancel := context.WithTimeout(ctx, 20*time.Minute)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx)
		cancel()
		quit()
		stop()
	})
	b := &chromium{world: w, ctx: ctx}
	b.open(StartPath + "?as=" + byRole[rules.OperatorAgent].Email)
	return b
}

func (b *chromium) open(path string) {
	b.t.Helper()
	_, err := chromedp.RunResponse(b.ctx, chromedp.Navigate(b.url+path))
	require.NoError(b.t, err)
}

func (b *chromium) press(keys string) {
	b.t.Helper()
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.KeyEvent(keys)))
}

// leads presses keys that lead to another page, and returns its address.
func (b *chromium) leads(keys string) string {
	b.t.Helper()
	_, err := chromedp.RunResponse(b.ctx, chromedp.KeyEvent(keys))
	require.NoError(b.t, err)
	at, err := chromedp.Run(b.ctx, chromedp.Location())
	require.NoError(b.t, err)
	return strings.TrimPrefix(at, b.url)
}

func (b *chromium) holds(expression string) bool {
	b.t.Helper()
	out, err := chromedp.Run(b.ctx, chromedp.EvaluateAsDevTools[bool](expression))
	require.NoError(b.t, err, expression)
	return out
}

// patience is how long the slowest machine takes to show what comes by itself.
const patience = 2 * time.Minute

// becomes waits until something holds in the page.
func (b *chromium) becomes(expression string) {
	b.t.Helper()
	require.Eventually(b.t, func() bool { return b.holds(expression) }, patience, 20*time.Millisecond,
		expression)
}

// mouse clicks on the middle of an element.
func (b *chromium) mouse(selector string) {
	b.t.Helper()
	at, err := chromedp.Run(b.ctx, chromedp.EvaluateAsDevTools[[]float64](`(() => {
		const e = document.querySelector("`+selector+`");
		e.scrollIntoView({block: "center", behavior: "instant"});
		const box = e.getBoundingClientRect();
		return [box.left + box.width / 2, box.top + box.height / 2];
	})()`))
	require.NoError(b.t, err)
	require.NoError(b.t, chromedp.Do(b.ctx, chromedp.MouseClickXY(at[0], at[1])))
}

// looks has the page ask for what is new now, instead of after fifteen seconds, and waits for
// the answer; refused says that the page did not ask.
func (b *chromium) looks() (refused bool) {
	b.t.Helper()
	asked := `new Promise(done => {
		const live = document.getElementById("live");
		let asked = false;
		window.addEventListener("htmx:before:request", e => {
			if (e.target !== live) return;
			asked = !e.defaultPrevented;
			if (!asked) done(true);
		}, {once: true});
		document.addEventListener("htmx:finally:request", () => setTimeout(() => done(!asked), 50), {once: true});
		htmx.trigger(live, "console:look");
		setTimeout(() => done(!asked), 60000);
	})`
	out, err := chromedp.Run(b.ctx, chromedp.EvaluateAsDevTools[bool](asked, chromedp.EvalAwaitPromise))
	require.NoError(b.t, err)
	return out
}

func (b *chromium) titles(n int) string {
	return fmt.Sprintf("document.querySelectorAll('#live a.row').length === %d", n)
}

func TestTheConsoleInABrowserByKeysAndByItself(t *testing.T) {
	w := issuerWorld(t)
	w.raise(db.TaskSweepLate, "one")
	second := w.raise(db.TaskShipmentContradicted, "two")
	b := newChromium(t, w)

	require.Equal(t, queuePath, b.leads("gq"))
	b.press("jj")
	require.True(t, b.holds(`document.activeElement.getAttribute("href").endsWith("open=`+second.ID+`")`))
	b.press("kj")

	// What comes while the page is open is there, in place.
	require.True(t, b.holds("window.kept = true"))
	w.raise(db.TaskMailUnknown, "three")
	require.False(t, b.looks())
	b.becomes(b.titles(3))
	require.True(t, b.holds("window.kept"), "the page was not opened anew")
	require.True(t, b.holds(`document.querySelector('#nav [data-key="q"] .count').textContent === "3"`))
	require.True(t, b.holds(`document.activeElement.getAttribute("href").endsWith("open=`+second.ID+`")`),
		"the line that had the focus has it still")
	require.False(t, b.looks(), "it asks again, with the version that it shows now")

	// Never under somebody's hands.
	b.press("/")
	require.True(t, b.holds(`document.activeElement.id === "search"`))
	require.True(t, b.looks(), "while somebody types")
	b.press("j")
	b.becomes(`document.getElementById("search").value.endsWith("j")`) // a letter is a letter there
	b.press(kb.Escape)
	b.becomes(`document.activeElement.id !== "search"`)
	require.False(t, b.looks())
	require.True(t, b.holds(`(document.querySelector("details.facet").open = true)`))
	require.True(t, b.looks(), "while something is open")
	b.press(kb.Escape)
	require.True(t, b.holds(`!document.querySelector("details.facet").open`))

	b.press("?")
	b.becomes(`document.getElementById("keys").open && !!document.querySelector("#keys kbd")`)
	b.press(kb.Escape)
	b.becomes(`!document.getElementById("keys").open`)

	require.Equal(t, queuePath+"?open="+second.ID, b.leads("o"), "the line it was at, also after all that")
	require.Equal(t, Root, b.leads("gt"))
	require.True(t, b.holds("document.querySelectorAll('script:not([src]), [style], style').length === 0"))
}

func TestManyLinesInABrowser(t *testing.T) {
	w, _ := shelfWorld(t)
	b := newChromium(t, w)
	b.open(ordersPath)
	require.True(t, b.holds(`getComputedStyle(document.querySelector("#bulk .acts")).display === "none"`))
	b.press("jxjx")
	require.True(t, b.holds(`document.querySelector("#bulk output").textContent === "2 chosen"`))
	require.True(t, b.holds(`getComputedStyle(document.querySelector("#bulk .acts")).display !== "none"`))
	require.True(t, b.looks(), "lines that are chosen stay chosen")
	require.Equal(t, ordersPath+"/~put-away", b.leads("e"))
	require.True(t, b.holds(`document.body.textContent.includes("2 will be done.")`))

	b.open(ordersPath)
	b.mouse("[data-choose]")
	require.True(t, b.holds(`document.querySelectorAll("#live input:checked").length === 50`), "by the mouse")
}
