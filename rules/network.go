package rules

import "net/netip"

// Network returns what throttles count a caller's address by: an IPv4 address itself,
// or the /64 of an IPv6 address, because one line gets at least that many addresses and
// could use another one for every try. A text that is no address is returned as it is.
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
