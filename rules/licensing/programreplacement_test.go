package licensing

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/testday"
)

// A program that was stored before these windows became configuration goes on with
// the default ones; one that says that nobody is reminded is left alone.
func TestC8_ProgramOfAnEarlierReleaseKeepsTheDefaultWindows(t *testing.T) {
	old := catalogue.DefaultProgram()
	old.InviteReminderDays = nil
	old.InviteKeepDays = 0
	old.RenewalDays = nil
	old.Replacement = catalogue.ReplacementTerms{}
	require.Equal(t, catalogue.DefaultProgram(), old.Completed())
	quiet := catalogue.DefaultProgram()
	quiet.InviteReminderDays = []int{}
	quiet.RenewalDays = []int{}
	quiet.Replacement.ReturnReminderDays = []int{}
	require.NoError(t, quiet.Validate())
	require.Equal(t, quiet, quiet.Completed())
	_, due := DueReminder(time.Date(2026, 9, 10, 0, 0, 0, 0, time.UTC), testday.Day(t, "2026-09-09"), quiet.RenewalDays,
		time.UTC)
	require.False(t, due)
}
