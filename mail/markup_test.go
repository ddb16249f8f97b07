package mail

import (
	"html/template"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
)

func TestMarkup_OnlyFragmentsAreMarkup(t *testing.T) {
	l := messages.In("en")
	html, err := sayMarkup(l, "mail.order_confirmation.lead", messages.Args{
		"service": `<i>"A" + 'B' & Co</i>` + "\ue000company\ue001",
		"company": template.HTML("<strong>{service}</strong>"),
	})
	require.NoError(t, err)
	require.Contains(t, string(html),
		"&lt;i&gt;&#34;A&#34; &#43; &#39;B&#39; &amp; Co&lt;/i&gt;\ue000company\ue001 service")
	require.Contains(t, string(html), "for <strong>{service}</strong>. Keep")

	_, err = sayMarkup(l, "mail.no.such.text", nil)
	require.ErrorIs(t, err, errNoWords)
}

func TestTheArticleBeforeANameInMarkupFollowsTheName(t *testing.T) {
	text, page := render(t, "order_confirmation", "pt-BR", map[string]any{"company": "Hospital Central"})
	require.Contains(t, text, "para o Hospital Central.")
	require.Contains(t, page, "para o <strong>Hospital Central</strong>.")

	text, page = render(t, "order_confirmation", "pt-BR", map[string]any{"company": "Andina & Cia"})
	require.Contains(t, text, "para a Andina & Cia.")
	require.Contains(t, page, "para a <strong>Andina &amp; Cia</strong>.")
}
