package mail

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
)

// Who looks after an account's rooms reads first what to do, then which rooms, where, since when
// by the clock of each, and what is wrong. Names that somebody typed are no links.
func TestS57_TheMailSaysFirstWhatToDo(t *testing.T) {
	for _, locale := range messages.Locales() {
		l := messages.In(locale)
		text, html := render(t, "room_health", locale, nil)
		for _, shown := range []string{text, html} {
			next := strings.Index(shown, l.Count("mail.room_health.next", 2))
			first := strings.Index(shown, "/rooms/rom_01k0example")
			require.Positive(t, next)
			require.Greater(t, first, next)
			for _, said := range []string{
				"/rooms?health=down", "/rooms/rom_02k0example", "/rooms/rom_03k0example",
				"São Paulo", "Manaus", "mics", l.Say("mail.room_health.nameless"),
				l.Count("mail.room_health.title.DOWN", 2), l.Count("mail.room_health.well", 1),
			} {
				require.Contains(t, shown, said)
			}
		}

		one := []any{map[string]any{
			"room": "Sala www.evil.example", "site": "http://evil.example/", "state": "HEALTHY",
			"page": "/rooms/rom_04k0example", "at": "2026-12-22T12:00:00Z", "zone": "America/Sao_Paulo",
			"causes": []any{map[string]any{"cause": "OF_A_NEWER_RELEASE"}},
		}}
		c := sampleContent(t, "room_health", locale, map[string]any{
			"what": "WELL", "down": nil, "down_count": 0, "well": one, "list": "/rooms",
		})
		subject, text, html, err := Render(c)
		require.NoError(t, err)
		for _, shown := range []string{subject, text, html} {
			require.NotContains(t, shown, "evil.example")
			require.NotContains(t, shown, "OF_A_NEWER")
			require.NotContains(t, shown, l.Count("mail.room_health.next", 1))
		}
		require.Contains(t, text, l.Count("mail.room_health.title.WELL", 1))
	}

	_, _, _, err := Render(sampleContent(t, "room_health", "en", map[string]any{
		"well": []any{map[string]any{
			"room": "x", "page": "/rooms/x", "state": "HEALTHY", "at": "yesterday",
		}},
	}))
	require.ErrorContains(t, err, "parameter at is malformed")
}
