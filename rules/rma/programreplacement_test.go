package rma

import (
	"testing"

	"github.com/stretchr/testify/require"
)

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
