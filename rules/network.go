package rules

import "net/netip"

// How many bits of an address name the line that it belongs to, and how many the wider
// network around it.
const (
	lineIPv6 = 56 // what providers give one line, or more of it
	wideIPv4 = 24
	wideIPv6 = 40
)

// Network returns what throttles count a caller's address by: an IPv4 address itself,
// or the /56 of an IPv6 address, because one line gets at least that many addresses and
// could use another one for every try. A text that is no address is returned as it is.
func Network(address string) string {
	ip, ok := parseAddress(address)
	switch {
	case !ok:
		return address
	case ip.Is4():
		return ip.String()
	}
	return netip.PrefixFrom(ip, lineIPv6).Masked().String()
}

// WiderNetwork returns the network around an address: its /24 of IPv4, its /40 of IPv6.
// It is counted with a larger bound, so that whoever has many lines of one provider does
// not have as many allowances.
func WiderNetwork(address string) string {
	ip, ok := parseAddress(address)
	switch {
	case !ok:
		return address
	case ip.Is4():
		return netip.PrefixFrom(ip, wideIPv4).Masked().String()
	}
	return netip.PrefixFrom(ip, wideIPv6).Masked().String()
}

func parseAddress(address string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return netip.Addr{}, false
	}
	return ip.Unmap().WithZone(""), true
}
