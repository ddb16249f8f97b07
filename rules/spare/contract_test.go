package spare

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestV5_SparesEarned(t *testing.T) {
	for _, c := range []struct{ licences, ratio, want int }{
		{0, 50, 0}, {49, 50, 0}, {50, 50, 1}, {99, 50, 1}, {100, 50, 2}, {150, 50, 3},
		{-1, 50, 0}, {100, 0, 0}, {100, -5, 0}, {80, 50, 1}, {5, 1, 5},
	} {
		require.Equal(t, c.want, SparesEarned(c.licences, c.ratio), "%d/%d", c.licences, c.ratio)
	}
}
