// Package doctor looks at all that the service stands on, and says what would hurt tonight, each
// with its remedy. It changes nothing. What it says holds no secret and nobody's name or address.
package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"roomcover.dev/roomcover/config"
	"roomcover.dev/roomcover/mail"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/program"
	"roomcover.dev/roomcover/models/sso"
	"roomcover.dev/roomcover/models/sync"
)

// Finding is something that is wrong, in a sentence, and what to do about it.
type Finding struct {
	About  string `json:"about"`
	What   string `json:"what"`
	Remedy string `json:"remedy"`
	// Fails: it hurts now or within days. Otherwise it is a warning.
	Fails bool `json:"fails"`
}

// Options are what is looked at, and by what.
type Options struct {
	Config config.Config

	// DB is the database, connected as serve is; nil: it could not be opened, and Unopened says
	// why. Programs, SSO and Sync are its domains.
	DB       *db.DB
	Unopened error
	Programs *program.Programs
	SSO      *sso.SSO
	Sync     *sync.Sync

	Temporal    client.Client
	TemporalTLS *tls.Config // nil: in the clear
	Sender      *mail.Sender

	// Records looks names up. Selectors are the names of the keys by which the mail server signs;
	// none: the usual ones are tried.
	Records   sso.Records
	Selectors []string

	// Dial connects to whoever has a certificate of ours; nil: by TCP. Roots checks them; nil: as
	// the machine does.
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
	Roots *x509.CertPool
	// Free is how many bytes are free where a file is; nil: as the machine says.
	Free func(folder string) (uint64, error)
	Now  time.Time
}

// patience is how long each part that is asked may take.
const patience = 10 * time.Second

// Subjects are what is looked at, in this order.
const Subjects = "the settings, the database, Temporal, the mail server, the name service, " +
	"certificates, holidays and the disks"

// Examine looks at everything. ctx is the service's own.
func Examine(ctx context.Context, o Options) []Finding {
	r := &report{}
	r.settings(o.Config)

	readable := r.database(ctx, o)
	r.temporal(ctx, o)

	from := ""
	if readable {
		from = senderOf(ctx, o.Programs)
	}
	mailEnds := r.mailServer(ctx, o.Sender, from)
	if from != "" {
		r.names(ctx, o.Records, from, o.Selectors)
	}

	r.certificates(ctx, o, mailEnds)
	if readable {
		r.customersCertificates(ctx, o)
		r.holidays(ctx, o.Programs)
	}
	r.disks(ctx, o, readable)
	return r.found
}

// senderOf is the address that mails come from; empty where it cannot be read.
func senderOf(ctx context.Context, programs *program.Programs) string {
	ref, err := programs.Reference(ctx)
	if err != nil {
		return ""
	}
	return ref.Program.SenderAddress
}

// report is what was found so far.
type report struct{ found []Finding }

func (r *report) fail(about, what, remedy string) {
	r.found = append(r.found, Finding{About: about, What: what, Remedy: remedy, Fails: true})
}

func (r *report) warn(about, what, remedy string) {
	r.found = append(r.found, Finding{About: about, What: what, Remedy: remedy})
}

// unread is a question that the database, which answers, did not answer.
func (r *report) unread(about string, err error) {
	r.fail(about, "The database does not say: "+said(err)+".",
		"Look at PostgreSQL's log, and ask again.")
}

// sentence ends a text with a full stop, and puts it on one line.
func sentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}
