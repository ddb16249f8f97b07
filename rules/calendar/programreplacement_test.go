package calendar

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules/testday"
)

func TestC8_AnotherCutOffMovesThePromise(t *testing.T) {
	at, loc := testday.Wall(t, testday.SaoPaulo, "2026-09-02 16:00")
	for cutOff, want := range map[string]string{
		"15:00": "2026-09-04",
		"16:00": "2026-09-03",
		"17:30": "2026-09-03",
		"00:00": "2026-09-04",
	} {
		p, err := PromiseReplacement(PromiseRequest{at, loc, SpeedNBD, brazil(t), cutOff})
		require.NoError(t, err)
		require.Equal(t, want, p.On.String(), cutOff)
		require.Equal(t, cutOff, p.Steps[0].CutOff)
	}
}
