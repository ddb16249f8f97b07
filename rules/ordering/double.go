package ordering

import (
	"maps"

	"cloud.google.com/go/civil"
)

// DoubleDays is for how many days after an order the same one of another sender is taken
// for a possible double (S65).
const DoubleDays = 7

// DoublesSince returns the first local day whose orders an order of today may repeat.
func DoublesSince(today civil.Date) civil.Date { return today.AddDays(-DoubleDays) }

// SameLines reports whether two orders ask for the same: as many of each SKU, in whatever
// order and however divided into lines.
func SameLines(a, b []OrderLine) bool { return maps.Equal(quantities(a), quantities(b)) }

func quantities(lines []OrderLine) map[string]int64 {
	out := map[string]int64{}
	for _, l := range lines {
		out[l.SKU] += l.Quantity
	}
	return out
}
