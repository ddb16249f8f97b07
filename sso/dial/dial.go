// Package dial reaches the addresses that customers type, such as that of their identity
// provider, and nothing else: never this machine, nor the networks behind it. What a name stands
// for is looked at where the connection is made, so that a name which changes its address between
// two looks gains nothing.
package dial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"syscall"
	"time"
)

// ErrRefused is an address to which nobody is connected.
var ErrRefused = errors.New("dial: the address is not one of the public internet")

// ErrInsecure is an address that is not https, or holds what it should not.
var ErrInsecure = errors.New("dial: the address is not a plain one of https")

// ErrTooLong is an answer that is longer than any good one.
var ErrTooLong = errors.New("dial: the answer is too long")

// Bounds of a request: all of it, its connection, and what is read of the answer.
const (
	requestTimeout = 10 * time.Second
	dialTimeout    = 5 * time.Second
	mostHeader     = 64 << 10
	mostBody       = 1 << 20
)

// Client returns a client that goes where it is sent: by https to the public internet, without a
// proxy, and along no redirect. Local lets it reach this machine too, also by http: for
// development and tests.
func Client(local bool) *http.Client {
	dialer := &net.Dialer{
		Timeout: dialTimeout,
		Control: func(_, address string, _ syscall.RawConn) error {
			return mayReach(address, local)
		},
	}
	return &http.Client{
		Timeout: requestTimeout,
		Transport: guarded{
			local: local,
			next: &http.Transport{
				Proxy: nil, // it would look names up, and connect, in our place
				DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
					return dialer.DialContext(ctx, network, address)
				},
				TLSHandshakeTimeout:    dialTimeout,
				ResponseHeaderTimeout:  requestTimeout,
				MaxResponseHeaderBytes: mostHeader,
				MaxIdleConnsPerHost:    2,
				IdleConnTimeout:        time.Minute,
				ForceAttemptHTTP2:      true,
			},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
}

// Check refuses an address that no request is sent to, before anybody is asked: ErrInsecure, or
// ErrRefused for one of numbers that is not public.
func Check(address string, local bool) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || u.Opaque != "" {
		return ErrInsecure
	}
	return check(u, local)
}

func check(u *url.URL, local bool) error {
	ip, err := netip.ParseAddr(u.Hostname())
	numbers := err == nil
	here := u.Hostname() == "localhost" || numbers && ip.IsLoopback()
	if u.Scheme != "https" && !(local && here && u.Scheme == "http") {
		return ErrInsecure
	}
	if numbers && !public(ip) && !(local && here) {
		return ErrRefused
	}
	return nil
}

// guarded checks each request, and bounds each answer.
type guarded struct {
	local bool
	next  http.RoundTripper
}

// RoundTrip sends a request.
func (g guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := check(r.URL, g.local); err != nil {
		return nil, err
	}
	answer, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = &bounded{body: answer.Body, left: mostBody}
	return answer, nil
}

// bounded is a body that ends with ErrTooLong.
type bounded struct {
	body io.ReadCloser
	left int64
}

// Read reads on.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, ErrTooLong
	}
	if int64(len(p)) > b.left+1 { // one more than there may be
		p = p[:b.left+1]
	}
	n, err := b.body.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return 0, ErrTooLong
	}
	return n, err
}

// Close ends the body.
func (b *bounded) Close() error { return b.body.Close() }

// mayReach refuses to connect to an address of numbers and its port.
func mayReach(address string, local bool) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return ErrRefused
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return ErrRefused
	}
	if local && ip.Unmap().IsLoopback() {
		return nil
	}

	// Below 1024 stands what speaks something else, such as mail.
	n, err := strconv.Atoi(port)
	if err != nil || n != 443 && n < 1024 || !public(ip) {
		return fmt.Errorf("%w", ErrRefused)
	}
	return nil
}

// notPublic are networks that netip does not name: shared, special, of documents, and those of
// IPv6 that hold an address of IPv4.
var notPublic = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),
	netip.MustParsePrefix("100.64.0.0/10"),
	netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("192.88.99.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/96"),
	netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"),
	netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"),
	netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("3fff::/20"),
	netip.MustParsePrefix("fec0::/10"),
}

// public reports whether an address is one of the public internet.
func public(ip netip.Addr) bool {
	ip = ip.Unmap()
	if ip.Zone() != "" || !ip.IsGlobalUnicast() || ip.IsPrivate() || ip.IsLoopback() ||
		ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() {
		return false
	}
	for _, p := range notPublic {
		if p.Contains(ip) {
			return false
		}
	}
	return true
}
