package catalogue

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/rulestest"
)

func TestC8_ReplacementTermsAreTheTimersOfTheRules(t *testing.T) {
	p := DefaultProgram()
	require.Equal(t, ReplacementTerms{
		CutOff:             "15:00",
		ReturnDays:         10,
		ReturnReminderDays: []int{3, 7, 10},
		FeeConfirmDays:     5,
		CarrierSilenceDays: 3,
		SerialKnownHours:   24,
		ReviewRate:         3,
		ReviewRateDays:     30,
		ReviewRateDevices:  50,
		SpareRecallDays:    30,
	}, p.Replacement)
	require.Equal(t, []int{7, 21, 28}, p.InviteReminderDays)
	require.Equal(t, 7, p.InviteKeepDays)
	require.Equal(t, []int{90, 60, 30, 7, 0}, p.RenewalDays)
}

func TestC8_ReplacementTermsValidate(t *testing.T) {
	for _, c := range []struct {
		pointer, code string
		change        func(*Program)
	}{
		{"/invite_reminder_days/1", rules.OutOfRange, func(p *Program) { p.InviteReminderDays = []int{7, 7} }},
		{"/invite_keep_days", rules.OutOfRange, func(p *Program) { p.InviteKeepDays = -1 }},
		{"/renewal_reminder_days/1", rules.OutOfRange, func(p *Program) { p.RenewalDays = []int{30, 60} }},
		{"/renewal_reminder_days/1", rules.OutOfRange, func(p *Program) { p.RenewalDays = []int{30, 30} }},
		{"/renewal_reminder_days/0", rules.OutOfRange, func(p *Program) { p.RenewalDays = []int{-1} }},
		{"/replacement/cut_off", InvalidTimeOfDay, func(p *Program) { p.Replacement.CutOff = "3 pm" }},
		{"/replacement/return_days", rules.OutOfRange, func(p *Program) {
			p.Replacement.ReturnDays = 0
			p.Replacement.ReturnReminderDays = nil
		}},
		{"/replacement/return_reminder_days/2", rules.OutOfRange, func(p *Program) {
			p.Replacement.ReturnReminderDays = []int{3, 7, 11}
		}},
		{"/replacement/fee_confirm_days", rules.OutOfRange, func(p *Program) { p.Replacement.FeeConfirmDays = -1 }},
		{"/replacement/carrier_silence_days", rules.OutOfRange, func(p *Program) {
			p.Replacement.CarrierSilenceDays = 0
		}},
		{"/replacement/serial_known_hours", rules.OutOfRange, func(p *Program) { p.Replacement.SerialKnownHours = -1 }},
		{"/replacement/review_rate", rules.OutOfRange, func(p *Program) { p.Replacement.ReviewRate = -1 }},
		{"/replacement/review_rate_days", rules.OutOfRange, func(p *Program) { p.Replacement.ReviewRateDays = 0 }},
		{"/replacement/review_rate_devices", rules.OutOfRange, func(p *Program) {
			p.Replacement.ReviewRateDevices = 0
		}},
		{"/replacement/spare_recall_days", rules.OutOfRange, func(p *Program) { p.Replacement.SpareRecallDays = 0 }},
	} {
		t.Run(c.pointer, func(t *testing.T) {
			p := DefaultProgram()
			c.change(&p)
			require.Equal(t, []string{c.pointer + " " + c.code}, rulestest.Found(p.Validate()))
		})
	}
}

func TestC8_CutOffAtHalfPast(t *testing.T) {
	at := func(hour, minute int) time.Time {
		return time.Date(2026, time.September, 4, hour, minute, 0, 0, time.UTC)
	}
	require.False(t, calendar.AfterCutOff(at(16, 30), "16:30"))
	require.True(t, calendar.AfterCutOff(at(16, 31), "16:30"))
}
