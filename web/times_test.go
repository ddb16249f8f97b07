package web

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages"
)

// A time by another clock than the reader's names the place: beside a queue that is by the desk's
// clock, "today 23:32" would be taken for one of the desk.
func TestDueNamesThePlaceOfAnotherClock(t *testing.T) {
	now := time.Date(2026, 12, 7, 1, 32, 0, 0, time.UTC) // Sunday, 22:32 in São Paulo
	due := now.Add(time.Hour)
	for locale, said := range map[string][4]string{
		"en":    {"today 02:32", "today 23:32", "tomorrow 03:32", "in São Paulo"},
		"pt-BR": {"hoje 02:32", "hoje 23:32", "amanhã 03:32", "em São Paulo"},
	} {
		r := Reader{Language: messages.In(locale), Now: now, Zone: "UTC"}
		own := r.DueAt(due, "")
		require.Equal(t, []string{said[0], ""}, []string{own.Small, own.Place})
		there := r.DueAt(due, "America/Sao_Paulo")
		require.Equal(t, []string{said[1], said[3]}, []string{there.Small, there.Place})
		later := r.DueAt(due.Add(4*time.Hour), "America/Sao_Paulo")
		require.Equal(t, []string{said[2], said[3]}, []string{later.Small, later.Place})

		r.Zone = "America/Sao_Paulo"
		require.Empty(t, r.DueAt(due, "America/Sao_Paulo").Place, "it is the reader's own")
		r.Zone = "America/Bahia"
		require.Empty(t, r.DueAt(due, "America/Sao_Paulo").Place, "both show the same")
	}
}

func TestWhatHappenedInThisMinuteHappenedJustNow(t *testing.T) {
	now := time.Date(2026, 12, 7, 1, 32, 0, 0, time.UTC)
	for locale, said := range map[string][2]string{
		"en":    {"just now", "1 min ago"},
		"pt-BR": {"agora mesmo", "há 1 min"},
	} {
		l := messages.In(locale)
		require.Equal(t, said[0], Ago(l, now.Add(-59*time.Second), now))
		require.Equal(t, said[1], Ago(l, now.Add(-time.Minute), now))
		require.Empty(t, Ago(l, now.Add(time.Second), now), "that is to come")
	}
}
