package console

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheSearchShowsAllKindsTogetherExactBeforeSimilar(t *testing.T) {
	eachIssuerWorld(t, func(t *testing.T, w *world) {
		c := w.CoveredFor(t, "Ágil Comércio Ltda", "ana@agil.example", "AB12CD34EF56")
		r := w.Requested(t, c)
		b := w.signedIn(staff[1])
		find := func(typed string) reply {
			return w.withinBudget(b, searchPath+"?q="+url.QueryEscape(typed))
		}

		serial := find("ab12 cd34-ef56").body
		require.Regexp(t, `(?s)<h2>Found</h2>.*Replacement.*Device`, serial)
		require.NotContains(t, serial, "<h2>Similar</h2>")
		require.Regexp(t, `(?s)<h2>Similar</h2>.*Ágil Comércio Ltda`, find("comerc").body)
		require.Contains(t, find("ana@agil.example").body, "ana@agil.example")
		require.Contains(t, find(r.Number).body, "Sala 1")
		require.Contains(t, find(`<script>"`).body, "&lt;script&gt;")
	})
}
