package rules

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestC8_ReplacementTermsAreTheTimersOfTheRules(t *testing.T) {
	p := DefaultProgram()
	require.Equal(t, ReplacementTerms{CutOff: "15:00", ReturnDays: 10, ReturnReminderDays: []int{3, 7, 10}, FeeConfirmDays: 5, CarrierSilenceDays: 3,
		SerialKnownHours: 24, ReviewRate: 3, ReviewRateDays: 30, ReviewRateDevices: 50, SpareRecallDays: 30}, p.Replacement)
	require.Equal(t, []int{7, 21, 28}, p.InviteReminderDays)
	require.Equal(t, 7, p.InviteKeepDays)
	require.Equal(t, []int{90, 60, 30, 7, 0}, p.RenewalDays)
}

func TestC8_ReplacementTermsValidate(t *testing.T) {
	for _, c := range []struct {
		pointer, code string
		change        func(*Program)
	}{
		{"/invite_reminder_days/1", OutOfRange, func(p *Program) { p.InviteReminderDays = []int{7, 7} }},
		{"/invite_keep_days", OutOfRange, func(p *Program) { p.InviteKeepDays = -1 }},
		{"/renewal_reminder_days/1", OutOfRange, func(p *Program) { p.RenewalDays = []int{30, 60} }},
		{"/renewal_reminder_days/0", OutOfRange, func(p *Program) { p.RenewalDays = []int{-1} }},
		{"/replacement/cut_off", InvalidTimeOfDay, func(p *Program) { p.Replacement.CutOff = "3 pm" }},
		{"/replacement/return_days", OutOfRange, func(p *Program) { p.Replacement.ReturnDays, p.Replacement.ReturnReminderDays = 0, nil }},
		{"/replacement/return_reminder_days/2", OutOfRange, func(p *Program) { p.Replacement.ReturnReminderDays = []int{3, 7, 11} }},
		{"/replacement/fee_confirm_days", OutOfRange, func(p *Program) { p.Replacement.FeeConfirmDays = -1 }},
		{"/replacement/carrier_silence_days", OutOfRange, func(p *Program) { p.Replacement.CarrierSilenceDays = 0 }},
		{"/replacement/serial_known_hours", OutOfRange, func(p *Program) { p.Replacement.SerialKnownHours = -1 }},
		{"/replacement/review_rate", OutOfRange, func(p *Program) { p.Replacement.ReviewRate = -1 }},
		{"/replacement/review_rate_days", OutOfRange, func(p *Program) { p.Replacement.ReviewRateDays = 0 }},
		{"/replacement/review_rate_devices", OutOfRange, func(p *Program) { p.Replacement.ReviewRateDevices = 0 }},
		{"/replacement/spare_recall_days", OutOfRange, func(p *Program) { p.Replacement.SpareRecallDays = 0 }},
	} {
		t.Run(c.pointer, func(t *testing.T) {
			p := DefaultProgram()
			c.change(&p)
			require.Equal(t, []string{c.pointer + " " + c.code}, found(p.Validate()))
		})
	}
}

// A program that was stored before these windows became configuration goes on with
// the default ones; one that says that nobody is reminded is left alone.
func TestC8_ProgramOfAnEarlierReleaseKeepsTheDefaultWindows(t *testing.T) {
	old := DefaultProgram()
	old.InviteReminderDays, old.InviteKeepDays, old.RenewalDays, old.Replacement = nil, 0, nil, ReplacementTerms{}
	require.Equal(t, DefaultProgram(), old.Completed())
	quiet := DefaultProgram()
	quiet.InviteReminderDays, quiet.RenewalDays, quiet.Replacement.ReturnReminderDays = []int{}, []int{}, []int{}
	require.NoError(t, quiet.Validate())
	require.Equal(t, quiet, quiet.Completed())
	_, due := DueReminder(time.Date(2026, 9, 10, 0, 0, 0, 0, time.UTC), day(t, "2026-09-09"), quiet.RenewalDays, time.UTC)
	require.False(t, due)
}

func TestC8_CutOffAtHalfPast(t *testing.T) {
	at := func(hour, minute int) time.Time {
		return time.Date(2026, time.September, 4, hour, minute, 0, 0, time.UTC)
	}
	require.False(t, afterCutOff(at(16, 30), "16:30"))
	require.True(t, afterCutOff(at(16, 31), "16:30"))
}

func TestC8_AnotherCutOffMovesThePromise(t *testing.T) {
	at, loc := wall(t, saoPaulo, "2026-09-02 16:00")
	for cutOff, want := range map[string]string{"15:00": "2026-09-04", "16:00": "2026-09-03", "17:30": "2026-09-03", "00:00": "2026-09-04"} {
		p, err := PromiseReplacement(PromiseRequest{at, loc, SpeedNBD, brazil(t), cutOff})
		require.NoError(t, err)
		require.Equal(t, want, p.On.String(), cutOff)
		require.Equal(t, cutOff, p.Steps[0].CutOff)
	}
}

func TestC8_AnotherRateSendsToReview(t *testing.T) {
	q := sound(func(q *RMARequest) { q.Recent, q.Fleet = 1, 10 })
	v, err := MayRequestRMA(q)
	require.NoError(t, err)
	require.Empty(t, v.Review)
	q.Terms.ReviewRate = 1
	v, err = MayRequestRMA(q)
	require.NoError(t, err)
	require.Equal(t, []string{ReviewRMARate}, v.Review)
	q.Terms.ReviewRateDevices = 5
	v, err = MayRequestRMA(q)
	require.NoError(t, err)
	require.Empty(t, v.Review, "two fleets of five may have two")
}
