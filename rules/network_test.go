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
		"2001:db8:1:2::1":         "2001:db8:1::/56",
		"2001:db8:1:2:ffff::abcd": "2001:db8:1::/56",
		"2001:db8:1:ff::1":        "2001:db8:1::/56",
		"2001:db8:1:100::1":       "2001:db8:1:100::/56",
		"fe80::1%eth0":            "fe80::/56",
		"":                        "",
		"nonsense":                "nonsense",
	} {
		require.Equal(t, want, Network(address), address)
	}
}

func TestWiderNetworkOfACaller(t *testing.T) {
	for address, want := range map[string]string{
		"203.0.113.9":        "203.0.113.0/24",
		"203.0.113.200":      "203.0.113.0/24",
		"::ffff:203.0.113.9": "203.0.113.0/24",
		"203.0.114.9":        "203.0.114.0/24",
		"2001:db8:1:2::1":    "2001:db8::/40",
		"2001:db8:ff::1":     "2001:db8::/40",
		"2001:db8:100::1":    "2001:db8:100::/40",
		"":                   "",
		"nonsense":           "nonsense",
	} {
		require.Equal(t, want, WiderNetwork(address), address)
	}
}
