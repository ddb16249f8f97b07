package mail

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
)

// A mail about an extended warranty does not speak of Select: neither in its subject nor
// in what surrounds its text. Those of the program's own service do.
func TestR1_MailsOfAnotherServiceDoNotNameTheProgram(t *testing.T) {
	line := func(service string) []any {
		return []any{map[string]any{
			"service_type": service,
			"sku":          "EXT-1",
			"quantity":     2,
			"term_years":   1,
		}}
	}
	for template, about := range map[string]func(service string) map[string]any{
		"order_confirmation": func(service string) map[string]any {
			return map[string]any{"lines": line(service)}
		},
		"renewal_reminder": func(service string) map[string]any {
			return map[string]any{"service_type": service}
		},
		"rma_update": func(service string) map[string]any {
			return map[string]any{"service_type": service}
		},
	} {
		for _, locale := range messages.Locales() {
			for service, named := range map[string]bool{"SELECT": true, "EXT_WARRANTY": false} {
				c := sampleContent(t, template, locale, about(service))
				c.Subject = "Detalhes do contrato de serviço do " + c.Brand.Name
				subject, text, html, err := Render(c)
				require.NoError(t, err)
				require.NotEmpty(t, subject)
				for _, shown := range []string{subject, text, html} {
					if named {
						require.Contains(t, shown, c.Brand.Name, "%s %s", template, locale)
						continue
					}
					require.NotContains(t, shown, c.Brand.Name, "%s %s", template, locale)
				}
			}
		}
	}
}
