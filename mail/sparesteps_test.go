package mail

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSpare_EveryStepIsToldInBothLanguages(t *testing.T) {
	seen := map[string]bool{}
	for name, step := range spareSteps {
		for i, locale := range []string{"pt-BR", "en"} {
			text, html := render(t, "spare_update", locale, map[string]any{"step": name})
			require.Contains(t, text, step.title[i], name)
			require.Contains(t, text, step.text[i], name)
			require.Contains(t, text, "SN900", name)
			require.Contains(t, html, "TRK9", name)
			require.Contains(t, html, "Matriz &lt;1&gt;", name)
			require.NotContains(t, text, "{{", name)
			require.False(t, seen[step.title[i]], "each has a title of its own: %s", name)
			seen[step.title[i]] = true
		}
	}
}

func TestS9_TheMailOfARecallNamesItsLastDay(t *testing.T) {
	text, _ := render(t, "spare_update", "pt-BR", nil)
	require.Regexp(t, `Devolver até: 22\s?.*dezembro de.*2026`, text)
	text, _ = render(t, "spare_update", "en", map[string]any{"step": "RECALL_WITHDRAWN", "return_on": nil})
	require.NotContains(t, text, "Return by")
}

func TestSpare_AnUnknownStepIsNotSent(t *testing.T) {
	_, _, _, err := Render(sampleContent(t, "spare_update", "en", map[string]any{"step": "DANCED"}))
	require.ErrorIs(t, err, errNoWords)
}
