package smtptest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"time"
)

// countingListener counts connections and knows the open ones.
type countingListener struct {
	net.Listener
	server *Server
}

// Accept waits for the next connection and registers it.
func (l *countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}

	l.server.mu.Lock()
	defer l.server.mu.Unlock()
	l.server.connections++
	tracked := &trackedConn{Conn: c, server: l.server}
	l.server.open[tracked] = struct{}{}
	return tracked, nil
}

// trackedConn takes itself off the server's list when closed.
type trackedConn struct {
	net.Conn
	server *Server
}

// Close closes the connection. The list is updated on a goroutine of its own
// because DropConnections holds the lock while it closes.
func (c *trackedConn) Close() error {
	go func() {
		c.server.mu.Lock()
		defer c.server.mu.Unlock()
		delete(c.server.open, c)
	}()
	return c.Conn.Close()
}

// selfSigned makes a certificate for this machine, valid for one day around
// now, and a pool that trusts it.
func selfSigned() (tls.Certificate, *x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}

	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(now.UnixNano()),
		Subject:               pkix.Name{CommonName: "smtptest"},
		DNSNames:              []string{"localhost"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}

	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}

	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, nil, err
	}

	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, roots, nil
}
