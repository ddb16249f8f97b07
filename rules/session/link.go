package session

import (
	"net/url"
	"strings"

	"roomcover.dev/roomcover/rules"
)

// Hosts are the meeting services whose links are taken where a program names no others. One
// that begins with *. stands for every name below it.
func Hosts() []string { return append(HostsOf(Teams), HostsOf(Zoom)...) }

// HostsOf are the hosts of one service; none where a link is pasted.
func HostsOf(p Provider) []string {
	switch p {
	case Teams:
		return []string{"teams.microsoft.com", "teams.live.com"}
	case Zoom:
		return []string{"*.zoom.us"}
	}
	return nil
}

// longestLink is how many characters a link has at most.
const longestLink = 2000

// CheckLink returns a link to a meeting as it is sent; MEETING_LINK_REFUSED for one that is not
// https, leads to another host than those, or carries a user, a port or what nobody sees.
func CheckLink(link string, hosts []string) (string, error) {
	link = strings.TrimSpace(link)
	u, err := url.Parse(link)
	if err != nil || len(link) > longestLink || u.Scheme != "https" || u.User != nil ||
		u.Port() != "" || strings.ContainsAny(link, " \t\r\n\\<>\"") || u.Opaque != "" ||
		strings.HasSuffix(u.Host, ":") || !ascii(link) || !hostTaken(u.Hostname(), hosts) {
		return "", rules.Refuse(LinkRefused, "The link leads to no meeting service that is taken.",
			"Paste the https link of the meeting: "+strings.Join(hosts, ", ")+".")
	}
	return link, nil
}

func ascii(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// hostTaken reports whether a host is one of those.
func hostTaken(host string, hosts []string) bool {
	host = strings.ToLower(host)
	for _, h := range hosts {
		below, wild := strings.CutPrefix(h, "*.")
		switch {
		case !wild && host == h:
			return true
		case wild && strings.HasSuffix(host, "."+below) && host != "."+below:
			return true
		}
	}
	return false
}
