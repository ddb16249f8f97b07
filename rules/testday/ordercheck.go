package testday

import (
	"strings"
)

func LongText(n int) string { return strings.Repeat("é", n) }
