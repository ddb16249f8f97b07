package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"net/url"
	"os"
	"time"
)

const aboutCertificates = "certificates"

// A certificate that ends within the days is a warning, and then fails: long before it ends
// somebody has to be awake who can renew it.
const (
	soon     = 30 * 24 * time.Hour
	verySoon = 7 * 24 * time.Hour
)

// ends says when a certificate ends, where that is soon.
func (r *report) ends(whose string, at, now time.Time, remedy string) {
	day := at.UTC().Format("2006-01-02 15:04") + " UTC"
	what := whose + " ends on " + day + "."
	switch left := at.Sub(now); {
	case left <= 0:
		r.fail(aboutCertificates, whose+" ended on "+day+".", remedy)
	case left <= verySoon:
		r.fail(aboutCertificates, what, remedy)
	case left <= soon:
		r.warn(aboutCertificates, what, remedy)
	}
}

// certificates looks at those of this installation: in its files, and where it is reached.
// mailEnds is when the mail server's ends; zero where that is not known.
func (r *report) certificates(ctx context.Context, o Options, mailEnds time.Time) {
	for _, file := range []struct{ setting, path string }{
		{"ROOMCOVER_TEMPORAL_CERT_FILE", o.Config.Temporal.CertFile},
		{"ROOMCOVER_TEMPORAL_CA_FILE", o.Config.Temporal.CAFile},
		{"ROOMCOVER_MAILIN_CERT_FILE", o.Config.MailIn.CertFile},
	} {
		if file.path == "" {
			continue
		}
		at, err := lastInFile(file.path)
		if err != nil {
			r.fail(aboutCertificates,
				"The file that "+file.setting+" names holds no certificate that can be read.",
				"Put it there as PEM, for the user that the service runs as.")
			continue
		}
		r.ends("The certificate of "+file.setting, at, o.Now,
			"Put a new one into the file, and restart what reads it.")
	}

	if !mailEnds.IsZero() {
		r.ends("The mail server's certificate", mailEnds, o.Now, "Renew it there.")
	}
	if u, err := url.Parse(o.Config.PublicURL); err == nil && u.Scheme == "https" {
		address := net.JoinHostPort(u.Hostname(), orPort(u.Port(), "443"))
		r.served(ctx, o, "portal", address, &tls.Config{RootCAs: o.Roots},
			"Renew it at the proxy in front of serve.")
	}
	if o.TemporalTLS != nil {
		c := o.TemporalTLS.Clone()
		c.NextProtos = []string{"h2"} // without it the handshake is refused
		r.served(ctx, o, "Temporal service", o.Config.Temporal.Address, c, "Renew it there.")
	}
}

func orPort(port, usual string) string {
	if port == "" {
		return usual
	}
	return port
}

// lastInFile is when the last of a file's certificates ends, but for one with a key, which is
// followed by those that signed it: then it is the first.
func lastInFile(path string) (time.Time, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return time.Time{}, err
	}

	var last time.Time
	for {
		var block *pem.Block
		block, text = pem.Decode(text)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return time.Time{}, err
		}
		if !c.IsCA && last.IsZero() {
			return c.NotAfter, nil
		}
		if c.NotAfter.After(last) {
			last = c.NotAfter
		}
	}
	if last.IsZero() {
		return last, errors.New("no certificate")
	}
	return last, nil
}

// served looks at the certificate that an address of ours shows to everybody.
func (r *report) served(
	ctx context.Context, o Options, whose, address string, c *tls.Config, remedy string,
) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()

	dial := o.Dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	raw, err := dial(ctx, "tcp", address)
	if err != nil {
		r.warn(aboutCertificates, "The "+whose+" is not reached at "+address+
			" from here: its certificate is not looked at.",
			"Have it reached from here, or look at it from where people are.")
		return
	}
	defer raw.Close()

	c.Time = func() time.Time { return o.Now }
	c.ServerName, _, _ = net.SplitHostPort(address)
	conn := tls.Client(raw, c)
	if err := conn.HandshakeContext(ctx); err != nil {
		r.fail(aboutCertificates, sentence("The certificate of the "+whose+" at "+address+
			" is not accepted: "+err.Error()), remedy)
		return
	}
	r.ends("The certificate of the "+whose+" at "+address,
		conn.ConnectionState().PeerCertificates[0].NotAfter, o.Now, remedy)
}

// customersCertificates looks at those by which customers sign in, and by which their Sync is
// asked. Their administrators are told, too.
func (r *report) customersCertificates(ctx context.Context, o Options) {
	providers, err := o.SSO.EndingCertificates(ctx, o.Now.Add(soon))
	if err != nil {
		r.unread(aboutCertificates, err)
		return
	}
	for _, c := range providers {
		r.ends("The last certificate of the sign-in "+c.ID+" of account "+c.AccountID,
			*c.CertificatesUntil, o.Now,
			"Have the customer give its identity provider a new one; see the task SIGN_IN_ENDS.")
	}

	keys, err := o.Sync.EndingCertificates(ctx, o.Now.Add(soon))
	if err != nil {
		r.unread(aboutCertificates, err)
		return
	}
	for _, c := range keys {
		r.ends("The last certificate for Sync of account "+c.AccountID, c.EndsAt, o.Now,
			"Have the customer add one in the portal under Sync; see the task SYNC_CONNECTION.")
	}
}
