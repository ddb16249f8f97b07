// Package webtest finds the real browser in which tests look at pages, and starts it.
package webtest

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// browsers are the names of Chromium. The headless shell stands first: it draws no window around
// a page, which takes the others as long as the page.
var browsers = []string{
	os.Getenv("CHROMIUM"),
	"chromium-headless-shell",
	"chromium",
	"chromium-browser",
	"google-chrome",
}

// Chromium is the path of the browser.
func Chromium(t *testing.T) string {
	t.Helper()
	for _, name := range browsers {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}

	missing(t, "no Chromium on this machine; install the package chromium")
	return ""
}

// AxeCore is the source of the checker of accessibility, as npm installs it for the portal.
func AxeCore(t *testing.T) string {
	t.Helper()
	// A test runs in the folder of its package, beside the portal's.
	for _, file := range []string{
		os.Getenv("AXE_CORE"),
		"../portal/node_modules/axe-core/axe.min.js",
	} {
		if text, err := os.ReadFile(file); file != "" && err == nil {
			return string(text)
		}
	}

	missing(t, "axe-core is not here; run: npm ci --prefix portal --ignore-scripts")
	return ""
}

// Options start the browser at path for tests, with its profile in the folder dir and in the
// language of the locale.
func Options(path, dir, locale string, width int) []chromedp.ExecAllocatorOption {
	return append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", locale),
		chromedp.Flag("accept-lang", locale),
		chromedp.UserDataDir(dir),
		chromedp.WSURLReadTimeout(2*time.Minute),
		chromedp.WindowSize(width, 900),
	)
}

// missing ends a test for which something is not installed: it fails where every test must run.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("ROOMCOVER_TEST_ALL") != "" {
		t.Fatal(what)
	}
	t.Skip("SKIPPED: " + what)
}
