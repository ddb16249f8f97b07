package testday

import (
	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"
)

func DatePtr(t require.TestingT, s string) *civil.Date {
	d := Day(t, s)
	return &d
}
