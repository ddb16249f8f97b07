package catalogue

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A program that was written before a setting existed has its default; one that says something
// keeps it.
func TestCompletedFillsInWhatIsMissingAlone(t *testing.T) {
	d := DefaultProgram()
	earlier := d
	earlier.InviteReminderDays = nil
	earlier.InviteKeepDays = 0
	earlier.RenewalDays = nil
	earlier.Replacement.CutOff = ""
	got := earlier.Completed()
	require.Equal(t, d.InviteReminderDays, got.InviteReminderDays)
	require.Equal(t, d.InviteKeepDays, got.InviteKeepDays)
	require.Equal(t, d.RenewalDays, got.RenewalDays)
	require.Equal(t, d.Replacement, got.Replacement)

	own := d
	own.InviteReminderDays = []int{3}
	own.InviteKeepDays = 5
	own.RenewalDays = []int{60}
	own.Replacement.CutOff = "11:00"
	got = own.Completed()
	require.Equal(t, []int{3}, got.InviteReminderDays)
	require.Equal(t, 5, got.InviteKeepDays)
	require.Equal(t, []int{60}, got.RenewalDays)
	require.Equal(t, "11:00", got.Replacement.CutOff)
}
