package rules

import (
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"
)

func TestC1_AgendaDayIsTheDayOfThePlace(t *testing.T) {
	day := func(d int) *civil.Date { return &civil.Date{Year: 2026, Month: 11, Day: d} }
	for _, c := range []struct {
		name, zone, now string
		on              *civil.Date
		late, due       string
	}{
		{
			"today in São Paulo", "America/Sao_Paulo", "2026-11-26T15:00:00Z", nil, "2026-11-26T15:00:00Z",
			"2026-11-27T03:00:00Z",
		},
		{
			"already tomorrow in Auckland", "Pacific/Auckland", "2026-11-26T15:00:00Z", nil, "2026-11-26T15:00:00Z",
			"2026-11-27T11:00:00Z",
		},
		{
			"still yesterday in Honolulu", "Pacific/Honolulu", "2026-11-26T03:00:00Z", nil, "2026-11-26T03:00:00Z",
			"2026-11-26T10:00:00Z",
		},
		{
			"half an hour aside", "Asia/Kolkata", "2026-11-26T15:00:00Z", nil, "2026-11-26T15:00:00Z",
			"2026-11-26T18:30:00Z",
		},
		{
			"named today", "America/Sao_Paulo", "2026-11-26T15:00:00Z", day(26), "2026-11-26T15:00:00Z",
			"2026-11-27T03:00:00Z",
		},
		{
			"tomorrow: what today has is late by then", "America/Sao_Paulo", "2026-11-26T15:00:00Z", day(27),
			"2026-11-27T03:00:00Z", "2026-11-28T03:00:00Z",
		},
		{
			"a day of 25 hours", "Europe/Berlin", "2026-10-24T22:30:00Z", nil, "2026-10-24T22:30:00Z",
			"2026-10-25T23:00:00Z",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			zone, err := time.LoadLocation(c.zone)
			require.NoError(t, err)
			now, err := time.Parse(time.RFC3339, c.now)
			require.NoError(t, err)
			late, due := AgendaDay(c.on, now, zone)
			require.Equal(t, []string{c.late, c.due}, []string{late.Format(time.RFC3339), due.Format(time.RFC3339)})
		})
	}
}

func TestAgendaSaysInDaysHowLate(t *testing.T) {
	zone, err := time.LoadLocation("America/Sao_Paulo")
	require.NoError(t, err)
	at := func(text string) time.Time {
		out, err := time.ParseInLocation("2006-01-02 15:04", text, zone)
		require.NoError(t, err)
		return out.UTC()
	}
	now := at("2026-11-26 15:00")
	for until, want := range map[string]string{
		"2026-11-24 00:00": "3 days late",
		"2026-11-25 00:00": "2 days late",
		"2026-11-25 18:00": "1 day late",
		"2026-11-26 00:00": "1 day late",
		"2026-11-26 09:30": "late since 09:30 today",
		"2026-11-26 15:00": "late since 15:00 today",
		"2026-11-26 17:00": "due today by 17:00",
		"2026-11-27 00:00": "due today",
		"2026-11-28 00:00": "due tomorrow",
		"2026-11-27 12:00": "due tomorrow by 12:00",
		"2026-12-04 00:00": "due on 2026-12-03",
	} {
		require.Equal(t, want, DueText(at(until), now, zone), until)
	}
}
