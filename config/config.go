// Package config reads the service's settings from the environment into one
// validated struct. Secrets come from the environment only, never from the
// command line.
package config

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Config is everything the service is told from outside.
type Config struct {
	DatabaseURL string `env:"ROOMCOVER_DATABASE_URL"`
	// OwnerDatabaseURL names the same database for the role that owns the tables: migrate
	// connects with it, and nothing else does. Empty: with DatabaseURL.
	OwnerDatabaseURL string `env:"ROOMCOVER_OWNER_DATABASE_URL"`
	DatabaseMax      int    `env:"ROOMCOVER_DATABASE_MAX_CONNECTIONS" envDefault:"20"`
	Timeouts         Timeouts
	// Key derives invitation tokens and one-time codes: 32 bytes or more, hex or
	// base64. Changing it ends every open link.
	Key string `env:"ROOMCOVER_KEY"`
	// KeysBefore are the keys that came before, newest first: the audit's entries of
	// their time are checked with them, and what they encrypted is read.
	KeysBefore []string `env:"ROOMCOVER_KEYS_BEFORE"`
	// AuditHeads is a file to which the worker adds the signed heads of the audit once a
	// day; it belongs where the database's role cannot write.
	AuditHeads string `env:"ROOMCOVER_AUDIT_HEADS_FILE"`

	Listen    string `env:"ROOMCOVER_LISTEN" envDefault:":8080"`
	Metrics   Metrics
	PublicURL string `env:"ROOMCOVER_PUBLIC_URL"`
	// TrustedProxies are the networks (CIDR) of the load balancers in front:
	// their X-Forwarded-For names the caller. Without it, every caller behind a
	// balancer shares one address, and one throttle.
	TrustedProxies []string `env:"ROOMCOVER_TRUSTED_PROXIES"`
	// AllowInsecure names the settings whose danger is accepted; see Dangers.
	AllowInsecure []string `env:"ROOMCOVER_ALLOW_INSECURE"`
	LogLevel      string   `env:"ROOMCOVER_LOG_LEVEL" envDefault:"info"`
	Rate          Rate
	Keep          Keep
	Temporal      Temporal
	Tuning        Tuning
	SMTP          SMTP
	MailIn        MailIn
	Carrier       Carrier
	// Clamd is where attachments are scanned, as unix:PATH or tcp:HOST:PORT; empty: nowhere.
	Clamd string `env:"ROOMCOVER_CLAMD"`
	// SyncRegions are where the Cloud API of customers' Sync lives, by region, as
	// US=https://HOST/v1,EU=https://HOST/v1; empty: nobody connects one.
	SyncRegions map[string]string `env:"ROOMCOVER_SYNC_REGIONS" envKeyValSeparator:"="`

	Teams     Teams
	Zoom      Zoom
	Operators Operators
	// StopTimeout is how long a process that is told to stop finishes its work.
	StopTimeout time.Duration `env:"ROOMCOVER_STOP_TIMEOUT" envDefault:"25s"`
}

// Timeouts bound how long the database works or waits for serve and worker; zero: for
// ever. Commands that a person runs, such as migrate and audit verify, have none but the
// age of connections.
type Timeouts struct {
	ServeStatement  time.Duration `env:"ROOMCOVER_SERVE_STATEMENT_TIMEOUT" envDefault:"10s"`
	WorkerStatement time.Duration `env:"ROOMCOVER_WORKER_STATEMENT_TIMEOUT" envDefault:"25s"`
	Lock            time.Duration `env:"ROOMCOVER_DATABASE_LOCK_TIMEOUT" envDefault:"3s"`
	Idle            time.Duration `env:"ROOMCOVER_DATABASE_IDLE_TIMEOUT" envDefault:"30s"`
	// Lifetime is how old a connection gets.
	Lifetime time.Duration `env:"ROOMCOVER_DATABASE_CONNECTION_LIFETIME" envDefault:"30m"`
}

// Metrics are the addresses on which the processes are measured, apart from where they
// are used; empty: nowhere.
type Metrics struct {
	Serve  string `env:"ROOMCOVER_SERVE_METRICS_LISTEN"`
	Worker string `env:"ROOMCOVER_WORKER_METRICS_LISTEN"`
}

// Rate bounds the requests of one token.
type Rate struct {
	PerSecond float64 `env:"ROOMCOVER_RATE_PER_SECOND" envDefault:"50"`
	Burst     int     `env:"ROOMCOVER_RATE_BURST" envDefault:"100"`
}

// Keep says how long what is over is kept, by class; 0 keeps it for ever.
type Keep struct {
	Told          time.Duration `env:"ROOMCOVER_KEEP_TOLD_EVENTS" envDefault:"720h"`
	Attempts      time.Duration `env:"ROOMCOVER_KEEP_MAIL_ATTEMPTS" envDefault:"4320h"`
	CarrierBodies time.Duration `env:"ROOMCOVER_KEEP_CARRIER_BODIES" envDefault:"8760h"`
	Refusals      time.Duration `env:"ROOMCOVER_KEEP_REFUSALS" envDefault:"8760h"`
	Attachments   time.Duration `env:"ROOMCOVER_KEEP_ATTACHMENTS" envDefault:"17520h"`
	InboundMails  time.Duration `env:"ROOMCOVER_KEEP_INBOUND_MAILS" envDefault:"2160h"`
}

// Temporal is the service that runs the workflows.
type Temporal struct {
	Address   string `env:"ROOMCOVER_TEMPORAL_ADDRESS" envDefault:"localhost:7233"`
	Namespace string `env:"ROOMCOVER_TEMPORAL_NAMESPACE" envDefault:"roomcover"`
	// Retention is how long the service keeps what has ended, in a namespace that the
	// worker makes.
	Retention time.Duration `env:"ROOMCOVER_TEMPORAL_RETENTION" envDefault:"720h"`
	TLS       bool          `env:"ROOMCOVER_TEMPORAL_TLS"`
	CAFile    string        `env:"ROOMCOVER_TEMPORAL_CA_FILE"`
	CertFile  string        `env:"ROOMCOVER_TEMPORAL_CERT_FILE"`
	KeyFile   string        `env:"ROOMCOVER_TEMPORAL_KEY_FILE"`
	APIKey    string        `env:"ROOMCOVER_TEMPORAL_API_KEY"`
	UI        string        `env:"ROOMCOVER_TEMPORAL_UI_URL"`
}

// Tuning is how much a worker does at once.
type Tuning struct {
	WorkflowSlots   int `env:"ROOMCOVER_WORKER_WORKFLOW_SLOTS" envDefault:"20"`
	DatabaseSlots   int `env:"ROOMCOVER_WORKER_DATABASE_SLOTS" envDefault:"20"`
	MailSlots       int `env:"ROOMCOVER_WORKER_MAIL_SLOTS" envDefault:"10"`
	CarrierSlots    int `env:"ROOMCOVER_WORKER_CARRIER_SLOTS" envDefault:"4"`
	Pollers         int `env:"ROOMCOVER_WORKER_POLLERS" envDefault:"8"`
	CachedWorkflows int `env:"ROOMCOVER_WORKER_CACHED_WORKFLOWS" envDefault:"200"`
}

// SMTP is the server that takes the mails.
type SMTP struct {
	Host     string `env:"ROOMCOVER_SMTP_HOST" envDefault:"localhost"`
	Port     int    `env:"ROOMCOVER_SMTP_PORT" envDefault:"587"`
	Username string `env:"ROOMCOVER_SMTP_USERNAME"`
	Password string `env:"ROOMCOVER_SMTP_PASSWORD"`
	// TLS is required (STARTTLS), implicit or none.
	TLS             string `env:"ROOMCOVER_SMTP_TLS" envDefault:"required"`
	MessageIDDomain string `env:"ROOMCOVER_SMTP_MESSAGE_ID_DOMAIN"`
}

// MailIn is how mails come in: a mail server of yours hands them to roomcover mailin.
type MailIn struct {
	Listen string `env:"ROOMCOVER_MAILIN_LISTEN" envDefault:"127.0.0.1:2525"`
	// LMTP speaks LMTP in place of SMTP.
	LMTP     bool   `env:"ROOMCOVER_MAILIN_LMTP"`
	Hostname string `env:"ROOMCOVER_MAILIN_HOSTNAME" envDefault:"localhost"`
	// Addresses are the mailboxes whose mail is taken, and with each the addresses that add
	// "+" and something; none: the program's own.
	Addresses []string `env:"ROOMCOVER_MAILIN_ADDRESSES"`
	MaxBytes  int64    `env:"ROOMCOVER_MAILIN_MAX_BYTES" envDefault:"26214400"`
	CertFile  string   `env:"ROOMCOVER_MAILIN_CERT_FILE"`
	KeyFile   string   `env:"ROOMCOVER_MAILIN_KEY_FILE"`
	// AuthServIDs are the names under which your own mail server writes
	// Authentication-Results; none: no sender is proved.
	AuthServIDs []string `env:"ROOMCOVER_MAILIN_AUTHSERV_IDS"`
	// Hops is how many of your servers add a Received line before the mail comes here.
	Hops int `env:"ROOMCOVER_MAILIN_HOPS" envDefault:"1"`
	// ThreadKeys sign reply addresses and Message-IDs of tickets: one, or two while they are
	// changed, the newest first. None: they are derived from ROOMCOVER_KEY.
	ThreadKeys []string `env:"ROOMCOVER_MAIL_THREAD_KEYS"`
	// WebhookKeys sign the mails that come in by HTTP: one, or two while they are changed. None:
	// none is taken.
	WebhookKeys []string `env:"ROOMCOVER_MAILIN_WEBHOOK_KEYS"`
}

// Keys decodes the keys that sign mails of tickets; none where there are none of their own.
func (m MailIn) Keys() ([][]byte, error) {
	return oneKeyOrTwo("ROOMCOVER_MAIL_THREAD_KEYS", m.ThreadKeys)
}

// Webhooks decodes the keys that sign the mails that come in by HTTP.
func (m MailIn) Webhooks() ([][]byte, error) {
	return oneKeyOrTwo("ROOMCOVER_MAILIN_WEBHOOK_KEYS", m.WebhookKeys)
}

// oneKeyOrTwo decodes the keys of a setting: two while they are changed.
func oneKeyOrTwo(setting string, texts []string) ([][]byte, error) {
	var out [][]byte
	for _, text := range texts {
		key, err := keyBytes(text)
		if err != nil || len(texts) > 2 {
			return nil, errors.New(setting +
				" must be one key or two, each of 32 bytes or more in hex or base64")
		}
		out = append(out, key)
	}
	return out, nil
}

// Carrier moves the parcels; see docs/carrier.md.
type Carrier struct {
	Name   string `env:"ROOMCOVER_CARRIER_NAME" envDefault:"carrier"`
	URL    string `env:"ROOMCOVER_CARRIER_URL"`
	APIKey string `env:"ROOMCOVER_CARRIER_API_KEY"`
	// WebhookKeys are the keys that sign its webhooks: one, or two while they are
	// changed.
	WebhookKeys []string `env:"ROOMCOVER_CARRIER_WEBHOOK_KEYS"`
}

// Teams says as whom Microsoft Teams makes the meetings of sessions, by Microsoft Graph: an
// application with OnlineMeetings.ReadWrite.All and an access policy for the user. Nothing: agents
// paste links.
type Teams struct {
	TenantID     string `env:"ROOMCOVER_TEAMS_TENANT_ID"`
	ClientID     string `env:"ROOMCOVER_TEAMS_CLIENT_ID"`
	ClientSecret string `env:"ROOMCOVER_TEAMS_CLIENT_SECRET"`
	UserID       string `env:"ROOMCOVER_TEAMS_USER_ID"`
}

// Given reports whether Teams makes meetings.
func (t Teams) Given() bool { return t.TenantID != "" }

// Zoom says as whom Zoom makes the meetings of sessions: a Server-to-Server OAuth app. Nothing:
// agents paste links.
type Zoom struct {
	AccountID    string `env:"ROOMCOVER_ZOOM_ACCOUNT_ID"`
	ClientID     string `env:"ROOMCOVER_ZOOM_CLIENT_ID"`
	ClientSecret string `env:"ROOMCOVER_ZOOM_CLIENT_SECRET"`
	UserID       string `env:"ROOMCOVER_ZOOM_USER_ID"`
}

// Given reports whether Zoom makes meetings.
func (z Zoom) Given() bool { return z.AccountID != "" }

// Operators says how the operator's own people sign in to the console.
type Operators struct {
	// Issuer signs them in by OpenID Connect, exactly as it names itself; empty: they sign
	// in by password and second factor, see roomcover operator.
	Issuer       string `env:"ROOMCOVER_OPERATOR_ISSUER"`
	ClientID     string `env:"ROOMCOVER_OPERATOR_CLIENT_ID"`
	ClientSecret string `env:"ROOMCOVER_OPERATOR_CLIENT_SECRET"`
	// RoleClaim is the claim with roles or groups; with dots, one inside another.
	RoleClaim string `env:"ROOMCOVER_OPERATOR_ROLE_CLAIM" envDefault:"roles"`
	// Roles are what the values of that claim stand for: agent, lead, csm or manager.
	Roles map[string]string `env:"ROOMCOVER_OPERATOR_ROLES" envKeyValSeparator:"=" envDefault:"agent=agent,lead=lead,csm=csm,manager=manager"`
	// TimeZone is the IANA name of the clock by which they work.
	TimeZone string `env:"ROOMCOVER_OPERATOR_TIME_ZONE" envDefault:"UTC"`
}

// OperatorRoles are the words for the roles of operators in the environment and on the command
// line.
var OperatorRoles = []string{"agent", "lead", "csm", "manager"}

// Booking is the name of the carrier at which parcels are booked; empty where it has
// no address, and people hand them in.
func (c Carrier) Booking() string {
	if c.URL == "" {
		return ""
	}
	return c.Name
}

// Keys decodes the webhooks' keys.
func (c Carrier) Keys() ([][]byte, error) {
	return oneKeyOrTwo("ROOMCOVER_CARRIER_WEBHOOK_KEYS", c.WebhookKeys)
}

// AsOwner returns the settings of who migrates: the database is reached as the owner of its
// tables.
func (c Config) AsOwner() Config {
	if c.OwnerDatabaseURL != "" {
		c.DatabaseURL = c.OwnerDatabaseURL
	}
	return c
}

// AllowsOwner reports whether serve and worker may connect as the owner of the tables.
func (c Config) AllowsOwner() bool { return slices.Contains(c.AllowInsecure, ownerURL) }

// ownerURL is the variable of the owner's address.
const ownerURL = "ROOMCOVER_OWNER_DATABASE_URL"

// Read reads and checks the environment. The error names every variable that
// is wrong, and none of their values.
func Read() (Config, error) {
	return parse(env.Options{})
}

// ReadFrom reads and checks the given variables.
func ReadFrom(variables map[string]string) (Config, error) {
	return parse(env.Options{Environment: variables})
}

func parse(o env.Options) (Config, error) {
	var c Config
	err := unreadable(env.ParseWithOptions(&c, o))
	c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	for i, name := range c.AllowInsecure {
		c.AllowInsecure[i] = strings.TrimSpace(name)
	}
	if err = errors.Join(err, c.Validate()); err != nil {
		return c, fmt.Errorf("the environment is not right:\n%w", err)
	}
	return c, nil
}

// unreadable names the variables that could not be read, without their values.
func unreadable(err error) error {
	if err == nil {
		return nil
	}

	var all env.AggregateError
	if !errors.As(err, &all) {
		return errors.New("the environment could not be read")
	}

	var out []error
	for _, e := range all.Errors {
		var p env.ParseError
		if errors.As(e, &p) {
			out = append(out, fmt.Errorf("%s must be %s",
				variable(reflect.TypeFor[Config](), p), meaning(p.Type)))
		} else {
			out = append(out, errors.New("the environment could not be read"))
		}
	}

	return errors.Join(out...)
}

// variable finds the environment's name of a field that could not be read: the
// library only tells the field's own name and type.
func variable(t reflect.Type, p env.ParseError) string {
	for f := range t.Fields() {
		if f.Type.Kind() == reflect.Struct {
			if name := variable(f.Type, p); name != "" {
				return name
			}
		}

		if f.Name == p.Name && f.Type == p.Type {
			return f.Tag.Get("env")
		}
	}

	return ""
}

func meaning(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	}

	return "a duration such as 25s"
}

// KeyBytes decodes the key.
func (c Config) KeyBytes() ([]byte, error) {
	b, err := keyBytes(c.Key)
	if err != nil {
		return nil, errors.New(
			"ROOMCOVER_KEY must be 32 bytes or more in hex or base64; " +
				"make one with: openssl rand -hex 32",
		)
	}
	return b, nil
}

// KeysBeforeBytes decodes the keys that came before.
func (c Config) KeysBeforeBytes() ([][]byte, error) {
	var out [][]byte
	for _, text := range c.KeysBefore {
		key, err := keyBytes(text)
		if err != nil {
			return nil, errors.New(
				"ROOMCOVER_KEYS_BEFORE must be keys of 32 bytes or more in hex or base64, " +
					"separated by commas",
			)
		}
		out = append(out, key)
	}
	return out, nil
}

// keyBytes decodes a key of 32 bytes or more. What looks like hex is hex: read as
// base64, a key that is too short would seem long enough.
func keyBytes(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	b, err := hex.DecodeString(text)
	for _, e := range []*base64.Encoding{
		base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding,
	} {
		if err != nil {
			b, err = e.DecodeString(text)
		}
	}
	if err != nil || len(b) < 32 {
		return nil, errors.New("the key is too short or not encoded")
	}

	return b, nil
}

// Secure tells whether people reach the portal by https.
func (c Config) Secure() bool { return strings.HasPrefix(c.PublicURL, "https://") }
