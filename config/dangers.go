package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Danger is a setting that works, and that somebody who listens or guesses can use.
type Danger struct {
	Setting string // the variable
	What    string // what can happen
	Remedy  string // the way out
	// Refused says that serve and worker do not start with it.
	Refused bool
	// Allowed says that ROOMCOVER_ALLOW_INSECURE names the setting.
	Allowed bool
}

// Dangers lists what is dangerous in settings that are right in themselves, the refused
// first. What stays on this machine (loopback, a socket) or in the network of its
// containers (a host name without a dot, such as postgres) is none; for the portal's own
// address only this machine is, because people's browsers are elsewhere.
func (c Config) Dangers() []Danger {
	var found []Danger
	found = append(found, c.weakKeys()...)
	found = append(found, c.portalInTheClear()...)
	found = append(found, databaseInTheClear("ROOMCOVER_DATABASE_URL", c.DatabaseURL)...)
	found = append(found, databaseInTheClear(ownerURL, c.OwnerDatabaseURL)...)
	found = append(found, c.servesAsOwner()...)
	found = append(found, c.othersInTheClear()...)
	found = append(found, c.issuerInTheClear()...)
	found = append(found, c.trustsEverybody()...)

	for i, d := range found {
		found[i].Allowed = slices.Contains(c.AllowInsecure, d.Setting) && !d.never()
		found[i].Refused = d.Refused && !found[i].Allowed
	}

	slices.SortStableFunc(found, func(a, b Danger) int {
		switch {
		case a.Refused == b.Refused:
			return 0
		case a.Refused:
			return -1
		}
		return 1
	})

	return found
}

// Refuse returns an error that names every danger with which serve and worker do not
// start, and the way out of each; nil where there is none.
func (c Config) Refuse() error {
	var refused []error
	for _, d := range c.Dangers() {
		if d.Refused {
			refused = append(refused, errors.New(d.String()))
		}
	}

	if len(refused) == 0 {
		return nil
	}
	return fmt.Errorf("these settings are dangerous:\n%w", errors.Join(refused...))
}

// String is the danger in one line.
func (d Danger) String() string { return d.Setting + ": " + d.What + " " + d.Remedy }

// never reports whether no setting allows the danger: a key that everybody knows has no
// use at all, and neither has a sign-in of operators that anybody on the way can take.
func (d Danger) never() bool {
	switch d.Setting {
	case "ROOMCOVER_KEY", "ROOMCOVER_CARRIER_WEBHOOK_KEYS", "ROOMCOVER_OPERATOR_ISSUER",
		"ROOMCOVER_MAIL_THREAD_KEYS":
		return true
	}
	return false
}

// orAllow ends a remedy with the setting that accepts the danger.
func orAllow(setting, remedy string) string {
	return remedy + " Or accept it: ROOMCOVER_ALLOW_INSECURE=" + setting + "."
}

func (c Config) weakKeys() []Danger {
	const remedy = "Make one with: openssl rand -hex 32"
	var found []Danger

	if key, err := c.KeyBytes(); err == nil && guessable(key) {
		found = append(found, Danger{
			Setting: "ROOMCOVER_KEY",
			What:    "the key can be guessed, and with it every invitation link and code.",
			Remedy:  remedy,
			Refused: true,
		})
	}

	keys, err := c.Carrier.Keys()
	if err == nil && slices.ContainsFunc(keys, guessable) {
		found = append(found, Danger{
			Setting: "ROOMCOVER_CARRIER_WEBHOOK_KEYS",
			What:    "a key can be guessed, and with it anybody reports parcels as delivered.",
			Remedy:  remedy,
			Refused: true,
		})
	}

	threads, err := c.MailIn.Keys()
	if err == nil && slices.ContainsFunc(threads, guessable) {
		found = append(found, Danger{
			Setting: "ROOMCOVER_MAIL_THREAD_KEYS",
			What:    "a key can be guessed, and with it anybody makes addresses of tickets.",
			Remedy:  remedy,
			Refused: true,
		})
	}

	mails, err := c.MailIn.Webhooks()
	if err == nil && slices.ContainsFunc(mails, guessable) {
		found = append(found, Danger{
			Setting: "ROOMCOVER_MAILIN_WEBHOOK_KEYS",
			What:    "a key can be guessed, and with it anybody hands in mails in anybody's name.",
			Remedy:  remedy,
			Refused: true,
		})
	}

	return found
}

// guessable reports whether nobody can have drawn the key by chance: it has few different
// bytes, such as a key of zeros, or counts up or down.
func guessable(key []byte) bool {
	different := map[byte]bool{}
	counts := true
	for i, b := range key {
		different[b] = true
		counts = counts && (i < 2 || b-key[i-1] == key[1]-key[0])
	}
	return counts || len(different) < 8
}

func (c Config) portalInTheClear() []Danger {
	u, err := url.Parse(c.PublicURL)
	if err != nil || u.Scheme != "http" || onThisMachine(u.Hostname()) {
		return nil
	}

	return []Danger{{
		Setting: "ROOMCOVER_PUBLIC_URL",
		What: "the portal is reached by http: passwords, cookies and invitation links " +
			"can be read on the way.",
		Remedy: orAllow("ROOMCOVER_PUBLIC_URL",
			"Put a proxy with TLS in front and give the https:// address."),
		Refused: true,
	}}
}

// servesAsOwner finds that one role is named for all. Whether a role that is named alone
// owns the tables, the database says when serve and worker start.
func (c Config) servesAsOwner() []Danger {
	service, err := pgconn.ParseConfig(c.DatabaseURL)
	if err != nil || c.OwnerDatabaseURL == "" {
		return nil
	}
	owner, err := pgconn.ParseConfig(c.OwnerDatabaseURL)
	if err != nil || owner.User != service.User {
		return nil
	}

	return []Danger{{
		Setting: ownerURL,
		What: "serve and worker connect as the role that owns the tables: " +
			"who has its password can empty the audit.",
		Remedy:  orAllow(ownerURL, "Name roomcover_service in ROOMCOVER_DATABASE_URL."),
		Refused: true,
	}}
}

// databaseInTheClear looks at the address that a setting names; "" is none.
func databaseInTheClear(setting, address string) []Danger {
	if address == "" {
		return nil
	}
	const remedy = "Use sslmode=verify-full, and sslrootcert where its CA is your own."
	given, err := pgconn.ParseConfig(address)
	if err != nil {
		return nil // opening the database says what is wrong with it
	}

	ways := []*pgconn.FallbackConfig{{Host: given.Host, TLSConfig: given.TLSConfig}}
	ways = append(ways, given.Fallbacks...)

	plain, unproved := false, false
	for _, way := range ways {
		far := !near(way.Host) && !strings.HasPrefix(way.Host, "/")
		plain = plain || far && way.TLSConfig == nil
		unproved = unproved || far && way.TLSConfig != nil && way.TLSConfig.InsecureSkipVerify &&
			way.TLSConfig.VerifyPeerCertificate == nil && way.TLSConfig.VerifyConnection == nil
	}

	switch {
	case plain:
		return []Danger{{
			Setting: setting,
			What: "the database on another machine may be reached without TLS: " +
				"its password and every row can be read on the way.",
			Remedy:  orAllow(setting, remedy),
			Refused: true,
		}}
	case unproved:
		return []Danger{{
			Setting: setting,
			What:    "the database's certificate is not checked: another machine may pose as it.",
			Remedy:  remedy,
		}}
	}

	return nil
}

// othersInTheClear finds the mail server, the Temporal service and the carrier on other
// machines without TLS.
func (c Config) othersInTheClear() []Danger {
	var found []Danger

	if c.SMTP.TLS == "none" && !near(c.SMTP.Host) {
		found = append(found, Danger{
			Setting: "ROOMCOVER_SMTP_TLS",
			What: "mails go to another machine without TLS: invitation links, names and " +
				"the mail server's password can be read on the way.",
			Remedy:  orAllow("ROOMCOVER_SMTP_TLS", "Set it to required or implicit."),
			Refused: true,
		})
	}

	t := c.Temporal
	secured := t.TLS || t.CAFile != "" || t.CertFile != "" || t.KeyFile != "" || t.APIKey != ""
	host, _, err := net.SplitHostPort(t.Address)
	if err != nil {
		host = t.Address
	}
	if !secured && !near(host) {
		found = append(found, Danger{
			Setting: "ROOMCOVER_TEMPORAL_TLS",
			What: "Temporal on another machine is reached without TLS: " +
				"whoever is on the way can start and stop processes.",
			Remedy: orAllow("ROOMCOVER_TEMPORAL_TLS",
				"Set it to true, or give a CA or a certificate."),
			Refused: true,
		})
	}

	if u, err := url.Parse(c.Carrier.URL); err == nil && u.Scheme == "http" && !near(u.Hostname()) {
		found = append(found, Danger{
			Setting: "ROOMCOVER_CARRIER_URL",
			What: "the carrier is reached by http: its key and customers' addresses " +
				"can be read on the way.",
			Remedy:  orAllow("ROOMCOVER_CARRIER_URL", "Give its https:// address."),
			Refused: true,
		})
	}

	return found
}

func (c Config) issuerInTheClear() []Danger {
	u, err := url.Parse(c.Operators.Issuer)
	if err != nil || u.Scheme != "http" || onThisMachine(u.Hostname()) {
		return nil
	}
	return []Danger{{
		Setting: "ROOMCOVER_OPERATOR_ISSUER",
		What:    "operators sign in by http: whoever is on the way becomes one of them.",
		Remedy:  "Give its https:// address.",
		Refused: true,
	}}
}

func (c Config) trustsEverybody() []Danger {
	for _, network := range c.TrustedProxies {
		_, n, err := net.ParseCIDR(strings.TrimSpace(network))
		if err != nil {
			continue
		}

		if ones, _ := n.Mask.Size(); ones == 0 {
			return []Danger{{
				Setting: "ROOMCOVER_TRUSTED_PROXIES",
				What: "every caller may say from which address it comes: audit and " +
					"throttles believe it.",
				Remedy: "Name the networks of your load balancers only.",
			}}
		}
	}

	return nil
}

// near reports whether a host is this machine, or a container beside this one: such a name
// has no dot.
func near(host string) bool {
	return onThisMachine(host) || !strings.ContainsAny(host, ".:")
}

func onThisMachine(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	return net.ParseIP(host).IsLoopback()
}
