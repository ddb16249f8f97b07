package rules

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNetworkOfACaller(t *testing.T) {
	for address, want := range map[string]string{
		"203.0.113.9":             "203.0.113.9",
		"203.0.113.10":            "203.0.113.10",
		"::ffff:203.0.113.9":      "203.0.113.9",
		"2001:db8:1:2::1":         "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::abcd": "2001:db8:1:2::/64",
		"2001:db8:1:3::1":         "2001:db8:1:3::/64",
		"fe80::1%eth0":            "fe80::/64",
		"":                        "",
		"nonsense":                "nonsense",
	} {
		require.Equal(t, want, Network(address), address)
	}
}
