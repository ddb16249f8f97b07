package portal

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/web/webtest"
)

// screen is a real Chromium on a world, which checks every page it sees.
type screen struct {
	*world
	ctx    context.Context
	axe    string
	locale string
	width  int64
	prefix string
	n      int // pages so far
	looks  int // how many screens see the same pages
	turn   int // which of them this one is
}

// shares reports whether the nth of something is this screen's to look at. What takes long, one
// screen does for all that see the same page, each in turn; in a long run all do all.
func (s *screen) shares(n int) bool {
	return n%s.looks == s.turn || storetest.Sized(1, 2) > 1
}

// look is how a screen shows the portal.
type look struct {
	locale string
	width  int64
}

// looks are a desktop and a phone in both languages.
var looks = []look{{"pt-BR", 1280}, {"en", 390}, {"pt-BR", 390}, {"en", 1280}}

// eachScreen runs a test in the given looks side by side.
func eachScreen(t *testing.T, name string, some []look, test func(s *screen)) {
	for i, l := range some {
		t.Run(fmt.Sprintf("%s-%d", l.locale, l.width), func(t *testing.T) {
			t.Parallel()
			s := newScreen(t, name, l)
			s.looks, s.turn = len(some), i
			test(s)
		})
	}
}

func newScreen(t *testing.T, name string, l look) *screen {
	t.Helper()
	axe := webtest.AxeCore(t)
	ctx, quit := chromedp.NewContext(browserIn(t, l.locale), chromedp.WithNewBrowserContext())
	ctx, cancel := context.WithTimeout(ctx, 20*time.Minute)
	t.Cleanup(func() {
		cancel()
		quit()
	})

	s := &screen{
		world:  newWorld(t),
		ctx:    ctx,
		axe:    axe,
		locale: l.locale,
		width:  l.width,
		looks:  1,
		prefix: fmt.Sprintf("%s-%s-%d", name, l.locale, l.width),
	}
	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(l.width, 900)))
	// Each of the screens that share a browser has the keyboard.
	_, err := chromedp.Call(ctx, emulation.SetFocusEmulationEnabled,
		emulation.SetFocusEmulationEnabledParams{Enabled: true})
	require.NoError(t, err)
	return s
}

// browsers are the Chromium of each language that the tests of this package share: a screen
// is a profile of its own in it, with no cookies of another one.
var browsers = struct {
	sync.Mutex
	started map[string]context.Context
	ends    []func()
}{started: map[string]context.Context{}}

func browserIn(t *testing.T, locale string) context.Context {
	t.Helper()
	path := webtest.Chromium(t)
	browsers.Lock()
	defer browsers.Unlock()
	if ctx := browsers.started[locale]; ctx != nil {
		return ctx
	}

	dir, err := os.MkdirTemp("", "portal-chromium-")
	require.NoError(t, err)
	allocator, stop := chromedp.NewExecAllocator(context.Background(),
		webtest.Options(path, dir, locale, 1280)...)
	ctx, quit := chromedp.NewContext(allocator)
	browsers.ends = append(browsers.ends, func() {
		_ = chromedp.Cancel(ctx)
		quit()
		stop()
		_ = os.RemoveAll(dir)
	})

	require.NoError(t, chromedp.Do(ctx, chromedp.EmulateViewport(1280, 900)))
	browsers.started[locale] = ctx
	return ctx
}

// closeBrowsers ends what browserIn started.
func closeBrowsers() {
	for _, end := range browsers.ends {
		end()
	}
}

func (s *screen) open(path string) {
	s.t.Helper()
	s.press(chromedp.Navigate(s.url + path))
}

// pageComes is how long the slowest machine takes to show a page: what leads to none fails then,
// not when the time of the whole test is over.
const pageComes = 3 * time.Minute

// press does something, by keyboard or mouse, that leads to another page.
func (s *screen) press(actions ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, pageComes)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, actions...); err != nil {
		require.NoError(s.t, err, "no other page came from %s", s.path())
	}
}

func (s *screen) do(actions ...chromedp.Action[chromedp.Void]) {
	s.t.Helper()
	require.NoError(s.t, chromedp.Do(s.ctx, actions...))
}

// text is what an element shows; empty where nobody sees it.
func (s *screen) text(selector string) string {
	s.t.Helper()
	out, err := chromedp.Run(s.ctx, ofElement[string](selector,
		`e.getClientRects().length > 0 ? e.innerText : ""`))
	require.NoError(s.t, err)
	return out
}

// click presses the mouse on the middle of an element.
func click(selector string) chromedp.Action[chromedp.Void] {
	middle := ofElement[[]float64](selector, `(() => {
		e.scrollIntoView({block: "center", inline: "center", behavior: "instant"});
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

// A page that has loaded has all of its elements: who waits for longer waits for what does not
// come, and is told what there is instead.
const elementComes = time.Minute

// ofElement evaluates an expression of e, the first element that the selector finds, as soon as
// there is one. The queries of chromedp wait until the test's end, and then do not say what page
// the browser has come to instead.
func ofElement[T any](selector, expression string) chromedp.Action[T] {
	quoted, _ := json.Marshal(selector)
	ask := chromedp.EvaluateAsDevTools[[]T](`(() => {
		const e = document.querySelector(` + string(quoted) + `);
		return e === null ? [] : [` + expression + `];
	})()`)

	return func(ctx context.Context, t *chromedp.Target) (none T, err error) {
		waiting, cancel := context.WithTimeout(ctx, elementComes)
		defer cancel()
		for {
			found, err := ask(ctx, t) // between two pages there is no answer
			if err == nil && len(found) == 1 {
				return found[0], nil
			}

			select {
			case <-waiting.Done():
				shown, _ := chromedp.EvaluateAsDevTools[string](
					`location.pathname + "\n" + document.body.innerText`)(ctx, t)
				return none, fmt.Errorf("there is no %s (%v) on the page %s", selector, err, shown)
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
}

func (s *screen) path() string {
	s.t.Helper()
	out, err := chromedp.Run(s.ctx, chromedp.Location())
	require.NoError(s.t, err)
	return strings.TrimPrefix(out, s.url)
}

func (s *screen) holds(expression string) bool {
	s.t.Helper()
	out, err := chromedp.Run(s.ctx, chromedp.EvaluateAsDevTools[bool](expression))
	require.NoError(s.t, err)
	return out
}

// tabTo reaches an element as a keyboard user does.
func (s *screen) tabTo(selector string) {
	s.t.Helper()
	quoted, _ := json.Marshal(selector)
	for range 60 {
		if s.holds("document.activeElement.matches(" + string(quoted) + ")") {
			return
		}
		s.do(chromedp.KeyEvent(kb.Tab))
	}
	require.Fail(s.t, "the keyboard does not reach the element", selector)
}

// fileName is the name of a page in that of its picture.
func fileName(page string) string {
	return strings.Trim(regexp.MustCompile(`[^a-z]+`).ReplaceAllString(page, "-"), "-")
}

// check looks at the page's width, takes its picture, and has axe look at it, or leaves that to
// another screen which sees the same page.
func (s *screen) check(name string) {
	s.t.Helper()
	s.n++
	if dir := os.Getenv("ROOMCOVER_SCREENSHOTS"); dir != "" {
		png, err := chromedp.Run(s.ctx, chromedp.FullScreenshot(100))
		require.NoError(s.t, err)
		require.NoError(s.t, os.MkdirAll(dir, 0o755))
		require.NoError(s.t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("portal-%s-%02d-%s.png", s.prefix, s.n, fileName(name))),
			png, 0o644))
	}
	require.True(s.t, s.holds("document.documentElement.scrollWidth <= window.innerWidth"),
		"%s is wider than the screen", name)
	require.True(s.t, s.holds("document.querySelectorAll('script:not([src]), [style], style').length === 0"),
		"%s has an inline script or style", name)
	if !s.shares(s.n) {
		return
	}
	_, err := chromedp.Run(s.ctx, chromedp.EvaluateAsDevTools[bool](s.axe+"; true"))
	require.NoError(s.t, err)
	report, err := chromedp.Run(s.ctx, chromedp.EvaluateAsDevTools[string](
		`axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations.map(v => v.id + ": " + v.help + " " + v.nodes.map(n => n.target + " " + n.failureSummary).join("; ")).join("\n"))`,
		chromedp.EvalAwaitPromise))
	require.NoError(s.t, err)
	require.Empty(s.t, report, "axe finds faults on %s", name)
}
