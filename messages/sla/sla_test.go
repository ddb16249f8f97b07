package sla_test

import (
	"testing"
	"time"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/messages/sla"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/cover"
	"roomcover.dev/roomcover/rules/ticket"
)

func zone(t *testing.T) *time.Location {
	loc, err := time.LoadLocation("America/Sao_Paulo")
	require.NoError(t, err)
	return loc
}

func at(t *testing.T, wall string) time.Time {
	when, err := time.ParseInLocation("2006-01-02 15:04", wall, zone(t))
	require.NoError(t, err)
	return when
}

// terms promise the same for a first response and for restoring.
func terms(t *testing.T, target cover.SLATarget, alwaysOn bool) *ticket.Terms {
	c := calendar.Calendar{
		Code:    "XX",
		Weekend: []calendar.Weekday{calendar.Saturday, calendar.Sunday},
		Holidays: map[civil.Date]string{
			{Year: 2026, Month: time.September, Day: 7}: "Independência",
		},
	}
	for _, d := range calendar.Weekdays()[:5] {
		c.Hours = append(c.Hours, calendar.WorkingTime{Day: d, From: "08:00", To: "18:00"})
	}
	return &ticket.Terms{
		Policy: cover.SLAPolicy{
			AlwaysOn: alwaysOn,
			Promises: map[cover.Severity]cover.SLAPromise{
				cover.Sev1: {FirstResponse: target, Restore: target},
			},
		},
		Calendar: c,
		Zone:     zone(t),
	}
}

// first and restored are the clocks of a ticket that was opened then.
func clocks(
	t *testing.T, terms *ticket.Terms, opened, now string, more ...ticket.Event,
) (first, restore ticket.Clock) {
	events := append([]ticket.Event{{
		Kind: ticket.EventOpened, At: at(t, opened), Severity: cover.Sev1,
	}}, more...)
	all := ticket.Clocks(terms, events, at(t, now))
	return all[0], all[1]
}

func TestR35a_S41_AroundTheClockIsSaidInAWord(t *testing.T) {
	always := terms(t, cover.SLATarget{Within: time.Hour}, true)
	c, _ := clocks(t, always, "2026-09-06 03:00", "2026-09-06 03:00")
	require.Equal(t, "1 hour from 03:00; around the clock; due 04:00", sla.Explain(c, zone(t), "en"))
	require.Equal(t, "1 hora a partir de 03:00; 24 horas por dia; prazo: 04:00",
		sla.Explain(c, zone(t), "pt-BR"))

	c, _ = clocks(t, always, "2026-09-06 23:30", "2026-09-06 23:30")
	require.Equal(t, "1 hour from Sunday 23:30; around the clock; due Monday 00:30",
		sla.Explain(c, zone(t), "en"))
}

func TestV11_S41_TheSentenceOfBusinessHours(t *testing.T) {
	business := terms(t, cover.SLATarget{Within: 4 * time.Hour}, false)
	c, _ := clocks(t, business, "2026-08-31 17:00", "2026-08-31 17:00")
	require.Equal(t, "4 business hours from Monday 17:00: 1 h until 18:00, closed, "+
		"3 h from Tuesday 08:00; due 11:00", sla.Explain(c, zone(t), "en"))
	require.Equal(t, "4 horas úteis a partir de segunda-feira, 17:00: 1 h até 18:00, "+
		"fora do expediente, 3 h a partir de terça-feira, 08:00; prazo: 11:00",
		sla.Explain(c, zone(t), "pt-BR"))

	c, _ = clocks(t, business, "2026-09-04 17:30", "2026-09-04 17:30")
	require.Equal(t, "4 business hours from Friday 17:30: 30 min until 18:00, closed, "+
		"holiday (Independência), closed, 3 h 30 min from Tuesday 08:00; due 11:30",
		sla.Explain(c, zone(t), "en"))

	c, _ = clocks(t, business, "2026-09-01 09:00", "2026-09-01 09:00")
	require.Equal(t, "4 business hours from 09:00; due 13:00", sla.Explain(c, zone(t), "en"))
}

func TestV13_S41_ThePauseHasItsReason(t *testing.T) {
	business := terms(t, cover.SLATarget{Within: 4 * time.Hour}, false)
	wait := ticket.Event{
		Kind: ticket.EventMoved, At: at(t, "2026-09-01 10:00"), State: ticket.PendingCustomer,
	}
	back := ticket.Event{
		Kind: ticket.EventMoved, At: at(t, "2026-09-01 11:00"), State: ticket.InProgress,
	}

	_, c := clocks(t, business, "2026-09-01 09:00", "2026-09-01 10:30", wait)
	require.Equal(t, "1 h of 4 business hours used up; paused while waiting for the customer",
		sla.Explain(c, zone(t), "en"))

	_, c = clocks(t, business, "2026-09-01 09:00", "2026-09-01 11:00", wait, back)
	require.Equal(t, "4 business hours from Tuesday 09:00: 1 h until 10:00, "+
		"paused while waiting for the customer, 3 h from 11:00; due 14:00",
		sla.Explain(c, zone(t), "en"))
}

func TestS39_WhatIsOnlyMeasuredSaysSo(t *testing.T) {
	_, c := clocks(t, terms(t, cover.SLATarget{}, true), "2026-09-01 09:00", "2026-09-02 10:30")
	require.Equal(t, "measured from Tuesday 09:00; no time promised; 25 h 30 min so far",
		sla.Explain(c, zone(t), "en"))
}

func TestTheSentenceOfBusinessDays(t *testing.T) {
	days := terms(t, cover.SLATarget{BusinessDays: 1}, false)
	c, _ := clocks(t, days, "2026-09-04 09:00", "2026-09-04 09:00")
	require.Equal(t, "1 business day after Friday: holiday (Independência); "+
		"due by the end of Tuesday", sla.Explain(c, zone(t), "en"))
	require.Equal(t, "1 dia útil após sexta-feira: feriado (Independência); "+
		"prazo: até o fim de terça-feira", sla.Explain(c, zone(t), "pt-BR"))
}

func TestC3_ASentenceStaysReadable(t *testing.T) {
	long := terms(t, cover.SLATarget{Within: 300 * time.Hour}, false)
	c, _ := clocks(t, long, "2026-08-31 09:00", "2026-08-31 09:00")
	require.Less(t, len(sla.Explain(c, zone(t), "en")), 400)
}

func TestWhatIsPromisedIsSaidInBothLanguages(t *testing.T) {
	for _, c := range []struct {
		target   cover.SLATarget
		alwaysOn bool
		en, pt   string
	}{
		{cover.SLATarget{}, true, "no time promised", "sem prazo prometido"},
		{cover.SLATarget{Within: time.Hour}, true, "1 hour", "1 hora"},
		{cover.SLATarget{Within: 90 * time.Minute}, true, "90 minutes", "90 minutos"},
		{cover.SLATarget{Within: 2 * time.Hour}, false, "2 business hours", "2 horas úteis"},
		{cover.SLATarget{Within: 30 * time.Minute}, false, "30 business minutes", "30 minutos úteis"},
		{cover.SLATarget{BusinessDays: 2}, true, "2 business days", "2 dias úteis"},
		{
			cover.SLATarget{Within: 4 * time.Hour, WarnBefore: time.Hour}, true,
			"4 hours, warning 1 h before", "4 horas, aviso 1 h antes",
		},
	} {
		require.Equal(t, c.en, sla.Target(c.target, c.alwaysOn, "en"))
		require.Equal(t, c.pt, sla.Target(c.target, c.alwaysOn, "pt-BR"))
	}
	require.Equal(t, "1 · room down", sla.Severity(cover.Sev1, "en"))
	require.Equal(t, "4 · dúvida", sla.Severity(cover.Sev4, "pt-BR"))
}
