package web

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What stands on what, with the contrast that it needs: 4.5 for text, 3 for the edge of a field
// and the mark of the focus.
var onGround = []struct {
	ink, ground string
	least       float64
}{
	{"ink", "bg", 4.5}, {"ink", "surface", 4.5}, {"ink", "sunk", 4.5}, {"ink", "hover", 4.5}, {"ink", "accent-soft", 4.5},
	{"ink-2", "bg", 4.5}, {"ink-2", "surface", 4.5}, {"ink-2", "sunk", 4.5}, {"ink-2", "grey-soft", 4.5},
	{"ink-3", "bg", 4.5}, {"ink-3", "surface", 4.5}, {"ink-3", "sunk", 4.5}, {"ink-3", "hover", 4.5},
	{"on-accent", "accent", 4.5}, {"on-accent", "accent-2", 4.5}, {"accent-2", "surface", 4.5}, {"accent-2", "accent-soft", 4.5},
	{"green", "green-soft", 4.5}, {"amber", "amber-soft", 4.5}, {"red", "red-soft", 4.5}, {"blue", "blue-soft", 4.5},
	{"violet", "violet-soft", 4.5}, {"red", "surface", 4.5}, {"amber", "surface", 4.5}, {"red", "hover", 4.5},
	{"edge", "surface", 3}, {"focus", "surface", 3}, {"focus", "bg", 3}, {"focus", "sunk", 3},
}

func TestColorsCanBeReadInLightAndDark(t *testing.T) {
	text, err := os.ReadFile("static/tokens.css")
	require.NoError(t, err)
	light, dark, found := strings.Cut(string(text), "@media (prefers-color-scheme: dark)")
	require.True(t, found)
	tokens := map[string]map[string]string{"light": colors(light), "dark": colors(dark)}
	require.Equal(t, len(tokens["light"]), len(tokens["dark"]), "both have the same names")
	for scheme, named := range tokens {
		require.Greater(t, len(named), 20, scheme)
		for _, c := range onGround {
			got := contrast(t, named[c.ink], named[c.ground])
			require.GreaterOrEqual(t, got, c.least, "%s on %s, %s", c.ink, c.ground, scheme)
		}
	}
}

var token = regexp.MustCompile(`--([a-z0-9-]+): (#[0-9a-f]{6});`)

func colors(css string) map[string]string {
	out := map[string]string{}
	for _, m := range token.FindAllStringSubmatch(css, -1) {
		out[m[1]] = m[2]
	}
	return out
}

// contrast is WCAG's ratio of two colors.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, color string) float64 {
	t.Helper()
	require.Len(t, color, 7)
	var sum float64
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(color[1+2*i:3+2*i], 16, 8)
		require.NoError(t, err)
		c := float64(n) / 255
		if c <= 0.04045 {
			sum += weight * c / 12.92
		} else {
			sum += weight * math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	return sum
}

func TestEveryFileOfThePagesIsServed(t *testing.T) {
	for name := range assetVersions {
		require.Contains(t, Asset(name), AssetPath+name+"?v=")
	}
	require.Panics(t, func() { Asset("nothing.css") })
	sprite, err := static.ReadFile("static/icons.svg")
	require.NoError(t, err)
	require.Contains(t, string(sprite), `id="inbox"`)
	for _, file := range []string{"tokens.css", "base.css", "shell.css", "parts.css", "console.js"} {
		text, err := static.ReadFile("static/" + file)
		require.NoError(t, err)
		require.NotRegexp(t, `https?://`, string(text), "%s asks somebody else", file)
	}
}
