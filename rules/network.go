package rules

import "net/netip"

// Network is what throttles count a caller's address by: an IPv4 address
// itself, of an IPv6 address its /64, because one line is given at least that
// many and could change its address with every try. What is no address counts
// as it stands.
func Network(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}

	if ip = ip.Unmap().WithZone(""); ip.Is4() {
		return ip.String()
	}
	return netip.PrefixFrom(ip, 64).Masked().String()
}
