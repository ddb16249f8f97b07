package api_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/web/webtest"
)

// reader is a Chromium with the reference open, which keeps what the browser complains of
// and what it asks for.
type reader struct {
	t         *testing.T
	ctx       context.Context
	url, name string

	mu         sync.Mutex
	complaints []string
	hosts      map[string]bool
}

func newReader(t *testing.T, scheme string, width int64) *reader {
	t.Helper()
	deadline, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	t.Cleanup(cancel)
	allocator, stop := chromedp.NewExecAllocator(deadline,
		webtest.Options(webtest.Chromium(t), t.TempDir(), "en", int(width))...)
	t.Cleanup(stop)

	r := &reader{
		t:     t,
		url:   sqlite(t).URL,
		name:  fmt.Sprintf("%s-%d", scheme, width),
		hosts: map[string]bool{},
	}
	ctx, quit := chromedp.NewContext(allocator, chromedp.WithListener(r.hear))
	t.Cleanup(func() { _ = chromedp.Cancel(ctx); quit() })
	r.ctx = ctx

	r.do(chromedp.EmulateViewport(width, 900))
	r.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	}))

	return r
}

func (r *reader) hear(event any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if !strings.HasSuffix(e.Entry.URL, "/favicon.ico") {
			r.complaints = append(r.complaints, e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		r.complaints = append(r.complaints, e.ExceptionDetails.Text)
	case *network.EventRequestWillBeSent:
		if asked, err := url.Parse(e.Request.URL); err == nil {
			r.hosts[asked.Host] = true
		}
	}
}

func (r *reader) do(actions ...chromedp.Action[chromedp.Void]) {
	r.t.Helper()
	require.NoError(r.t, chromedp.Do(r.ctx, actions...))
}

func (r *reader) open(path string) {
	r.t.Helper()
	_, err := chromedp.RunResponse(r.ctx, chromedp.Navigate(r.url+path))
	require.NoError(r.t, err)
}

func (r *reader) holds(expression string) {
	r.t.Helper()
	out, err := chromedp.Run(r.ctx, chromedp.EvaluateAsDevTools[bool](expression))
	require.NoError(r.t, err)
	require.True(r.t, out, expression)
}

// check looks at the page with axe, at its width, and takes a picture of what is seen.
func (r *reader) check(name string) {
	r.t.Helper()
	if dir := os.Getenv("ROOMCOVER_SCREENSHOTS"); dir != "" {
		png, err := chromedp.Run(r.ctx, chromedp.CaptureScreenshot())
		require.NoError(r.t, err)
		file := filepath.Join(dir, "reference-"+r.name+"-"+name+".png")
		require.NoError(r.t, os.MkdirAll(dir, 0o755))
		require.NoError(r.t, os.WriteFile(file, png, 0o644))
	}
	r.holds("document.documentElement.scrollWidth <= window.innerWidth")
}

// axe finds no fault on the page. Of what is made from one template, an operation and a row of a
// table, it looks at the first ones: it reads all that stands on a page however little it is
// asked about, which took minutes of a thousand fields.
func (r *reader) axe() {
	r.t.Helper()
	_, err := chromedp.Run(r.ctx,
		chromedp.EvaluateAsDevTools[bool](webtest.AxeCore(r.t)+"; true"))
	require.NoError(r.t, err)
	r.holds(`(document.querySelectorAll(".operation:not(#submit-order), .codes tr:nth-child(n+6)").
		forEach(e => e.remove()), true)`)
	report, err := chromedp.Run(r.ctx, chromedp.EvaluateAsDevTools[string](
		`axe.run({resultTypes: ["violations"]}).then(r => r.violations.map(v => v.id + ": " +
			v.help + " " + v.nodes.slice(0, 3).map(n => n.target + " " + n.failureSummary).join("; ")).join("\n"))`,
		chromedp.EvalAwaitPromise))
	require.NoError(r.t, err)
	require.Empty(r.t, report, "axe finds faults")
}

// seen reports whether an element stands on the screen.
const seen = `(s => { const b = document.querySelector(s).getBoundingClientRect();
	return b.top >= 0 && b.top < innerHeight && b.height > 0; })`

// The reference on a desk and a phone, light and dark: it breaks no content security
// policy, asks no other host, begins on the first screen, and is searched by keyboard.
func TestTheReferenceInABrowser(t *testing.T) {
	for _, look := range []struct {
		scheme string
		width  int64
	}{
		{"light", 1280},
		{"dark", 390},
		{"dark", 1280},
		{"light", 390},
	} {
		if (look.scheme == "dark") == (look.width == 1280) && os.Getenv("ROOMCOVER_SCREENSHOTS") == "" {
			continue // two looks hold all four
		}
		t.Run(fmt.Sprintf("%s-%d", look.scheme, look.width), func(t *testing.T) {
			r := newReader(t, look.scheme, look.width)
			r.open("/v1/docs")
			r.holds(seen + `("h1")`)
			r.holds(seen + `("#start p")`)
			r.check("start")

			r.holds(`(document.dispatchEvent(new KeyboardEvent("keydown", {key: "/"})), true)`)
			r.holds(`document.activeElement.id === "find"`)
			r.do(chromedp.KeyEvent("po_number"))
			r.holds(`document.querySelectorAll("#results a").length > 3`)
			r.holds(`document.querySelector("#results a").hash === "#submit-order.body.po_number"`)
			r.check("search")
			r.do(chromedp.KeyEvent(kb.Enter))
			r.holds(seen + `("#submit-order\\.body\\.po_number")`)
			r.holds(`document.querySelector("#results").hidden`)
			r.check("field")

			r.open("/v1/docs#error-po-number-conflict")
			r.holds(seen + `("#error-po-number-conflict")`)
			r.check("error")

			r.open("/v1/docs#submit-order")
			r.do(chromedp.Evaluate[chromedp.Void](
				`document.querySelector('#submit-order [data-lang="Python"]').click()`))
			r.holds(`[...document.querySelectorAll(".sample[open]")].every(s => s.dataset.lang === "Python")`)
			r.check("sample")

			r.axe()
			asked, err := url.Parse(r.url)
			require.NoError(t, err)
			r.mu.Lock()
			defer r.mu.Unlock()
			require.Equal(t, map[string]bool{asked.Host: true}, r.hosts, "it asks other hosts")
			require.Empty(t, r.complaints)
		})
	}
}
