package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What the API says of its fields is said of the command's flags; values are said as they are
// typed, and are no fields.
func TestTextsOfTheAPIInTheWordsOfACommand(t *testing.T) {
	s := spelling{flags: map[string]bool{"time-zone": true}, with: true}
	for text, want := range map[string]string{
		"Send NO_DEFECT, NOT_ELIGIBLE, FRAUD_SUSPECTED or NO_ANSWER.": "Send no_defect, not_eligible, fraud_suspected or no_answer.",
		"Send DEFECT, DAMAGE or WRONG_UNIT as outcome.":               "Send defect, damage or wrong_unit as outcome.",
		"Send the field outcome.":                                     "Send -w outcome=….",
		"No such model. Nearly spelled so: RALLY-BAR, MEETUP.":        "No such model. Nearly spelled so: RALLY-BAR, MEETUP.",
		"Change time_zone.":                                           "Change --time-zone.",
		"Send a day as YYYY-MM-DD, in UTC.":                           "Send a day as YYYY-MM-DD, in UTC.",
		"Read the RMA again (STATE_CONFLICT).":                        "Read the RMA again.",
	} {
		require.Equal(t, want, s.text(text))
	}
}

func TestAWrongColumnOfAFileStandsInItsHeader(t *testing.T) {
	require.Equal(t, "header", spelling{}.field("/header/2"))
	require.Equal(t, "country", spelling{}.field("/header/country"))
}
