package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Validate tells every wrong setting at once, by the name of its variable and
// without its value.
func (c Config) Validate() error {
	var errs []error
	wrong := func(is bool, name, needs string) {
		if is {
			errs = append(errs, fmt.Errorf("%s must be %s", name, needs))
		}
	}

	_, keyErr := c.KeyBytes()
	wrong(c.DatabaseURL == "", "ROOMCOVER_DATABASE_URL",
		"the address of the PostgreSQL database, postgres://user:password@host/database")
	wrong(c.DatabaseMax < 1, "ROOMCOVER_DATABASE_MAX_CONNECTIONS", "1 or more")
	for name, timeout := range map[string]time.Duration{
		"ROOMCOVER_SERVE_STATEMENT_TIMEOUT":      c.Timeouts.ServeStatement,
		"ROOMCOVER_WORKER_STATEMENT_TIMEOUT":     c.Timeouts.WorkerStatement,
		"ROOMCOVER_DATABASE_LOCK_TIMEOUT":        c.Timeouts.Lock,
		"ROOMCOVER_DATABASE_IDLE_TIMEOUT":        c.Timeouts.Idle,
		"ROOMCOVER_DATABASE_CONNECTION_LIFETIME": c.Timeouts.Lifetime,
	} {
		wrong(timeout < 0 || timeout > 0 && timeout < time.Millisecond, name,
			"a time such as 10s, or 0 for none")
	}
	wrong(keyErr != nil, "ROOMCOVER_KEY",
		"32 bytes or more in hex or base64; make one with: openssl rand -hex 32")
	_, beforeErr := c.KeysBeforeBytes()
	wrong(beforeErr != nil, "ROOMCOVER_KEYS_BEFORE",
		"keys of 32 bytes or more in hex or base64, separated by commas")
	wrong(!webAddress(c.PublicURL), "ROOMCOVER_PUBLIC_URL",
		"the address under which people reach the portal, such as https://portal.example.com")
	wrong(new(slog.Level).UnmarshalText([]byte(c.LogLevel)) != nil, "ROOMCOVER_LOG_LEVEL",
		"debug, info, warn or error")
	wrong(c.allowsUnknown(), "ROOMCOVER_ALLOW_INSECURE",
		"names of settings, separated by commas: "+strings.Join(Allowable(), ", "))
	wrong(c.StopTimeout <= 0, "ROOMCOVER_STOP_TIMEOUT", "more than zero")
	wrong(c.Rate.PerSecond <= 0, "ROOMCOVER_RATE_PER_SECOND", "more than zero")
	wrong(c.Rate.Burst < 1, "ROOMCOVER_RATE_BURST", "1 or more")
	for name, kept := range map[string]time.Duration{
		"ROOMCOVER_KEEP_TOLD_EVENTS":    c.Keep.Told,
		"ROOMCOVER_KEEP_MAIL_ATTEMPTS":  c.Keep.Attempts,
		"ROOMCOVER_KEEP_CARRIER_BODIES": c.Keep.CarrierBodies,
		"ROOMCOVER_KEEP_REFUSALS":       c.Keep.Refusals,
		"ROOMCOVER_KEEP_ATTACHMENTS":    c.Keep.Attachments,
		"ROOMCOVER_KEEP_INBOUND_MAILS":  c.Keep.InboundMails,
	} {
		wrong(kept != 0 && kept < 7*24*time.Hour, name,
			"0 for ever, or a week or more, such as 720h")
	}
	wrong(c.Temporal.Address == "", "ROOMCOVER_TEMPORAL_ADDRESS",
		"the host and port of the Temporal service")
	wrong(c.Temporal.Namespace == "", "ROOMCOVER_TEMPORAL_NAMESPACE",
		"a namespace of the Temporal service")
	wrong(c.Temporal.Retention < 24*time.Hour, "ROOMCOVER_TEMPORAL_RETENTION",
		"a day or more, such as 72h")
	wrong(c.Tuning.WorkflowSlots < 2, "ROOMCOVER_WORKER_WORKFLOW_SLOTS", "2 or more")
	wrong(c.Tuning.DatabaseSlots < 1, "ROOMCOVER_WORKER_DATABASE_SLOTS", "1 or more")
	wrong(c.Tuning.MailSlots < 1, "ROOMCOVER_WORKER_MAIL_SLOTS", "1 or more")
	wrong(c.Tuning.CarrierSlots < 1, "ROOMCOVER_WORKER_CARRIER_SLOTS", "1 or more")
	wrong(c.Tuning.Pollers < 2, "ROOMCOVER_WORKER_POLLERS", "2 or more")
	wrong(c.Tuning.CachedWorkflows < 1, "ROOMCOVER_WORKER_CACHED_WORKFLOWS", "1 or more")
	wrong((c.Temporal.CertFile == "") != (c.Temporal.KeyFile == ""),
		"ROOMCOVER_TEMPORAL_CERT_FILE and ROOMCOVER_TEMPORAL_KEY_FILE", "given together")
	wrong(c.SMTP.Host == "", "ROOMCOVER_SMTP_HOST", "the mail server's name")
	wrong(c.SMTP.Port < 1 || c.SMTP.Port > 65535, "ROOMCOVER_SMTP_PORT", "a port, 1 to 65535")
	wrong(!slices.Contains([]string{"required", "implicit", "none"}, c.SMTP.TLS),
		"ROOMCOVER_SMTP_TLS", "required, implicit or none")
	wrong((c.SMTP.Username == "") != (c.SMTP.Password == ""),
		"ROOMCOVER_SMTP_USERNAME and ROOMCOVER_SMTP_PASSWORD", "given together")
	_, webhooks := c.Carrier.Keys()
	wrong(webhooks != nil, "ROOMCOVER_CARRIER_WEBHOOK_KEYS",
		"one key or two, separated by a comma, each of 32 bytes or more in hex or base64")
	wrong(c.Carrier.Name == "" || len(c.Carrier.Name) > 64, "ROOMCOVER_CARRIER_NAME",
		"a name of at most 64 characters")
	wrong(c.Carrier.URL != "" && !webAddress(c.Carrier.URL), "ROOMCOVER_CARRIER_URL",
		"the address of the carrier's API, such as https://carrier.example.com")
	wrong(someOf(c.Teams.TenantID, c.Teams.ClientID, c.Teams.ClientSecret, c.Teams.UserID),
		"ROOMCOVER_TEAMS_TENANT_ID, ROOMCOVER_TEAMS_CLIENT_ID, ROOMCOVER_TEAMS_CLIENT_SECRET and "+
			"ROOMCOVER_TEAMS_USER_ID", "given together")
	wrong(someOf(c.Zoom.AccountID, c.Zoom.ClientID, c.Zoom.ClientSecret, c.Zoom.UserID),
		"ROOMCOVER_ZOOM_ACCOUNT_ID, ROOMCOVER_ZOOM_CLIENT_ID, ROOMCOVER_ZOOM_CLIENT_SECRET and "+
			"ROOMCOVER_ZOOM_USER_ID", "given together")
	c.MailIn.validate(wrong)
	c.Operators.validate(wrong)
	return errors.Join(errs...)
}

// someOf reports whether some of the texts are given, and not all.
func someOf(texts ...string) bool {
	return slices.Contains(texts, "") &&
		slices.ContainsFunc(texts, func(text string) bool { return text != "" })
}

func (m MailIn) validate(wrong func(is bool, name, needs string)) {
	_, keys := m.Keys()
	wrong(keys != nil, "ROOMCOVER_MAIL_THREAD_KEYS",
		"one key or two, separated by a comma, each of 32 bytes or more in hex or base64")
	_, webhooks := m.Webhooks()
	wrong(webhooks != nil, "ROOMCOVER_MAILIN_WEBHOOK_KEYS",
		"one key or two, separated by a comma, each of 32 bytes or more in hex or base64")
	wrong(m.MaxBytes < 1<<20 || m.MaxBytes > 25<<20, "ROOMCOVER_MAILIN_MAX_BYTES",
		"between 1048576 and 26214400")
	wrong(m.Hops < 0 || m.Hops > 10, "ROOMCOVER_MAILIN_HOPS", "between 0 and 10")
	wrong(m.Listen == "", "ROOMCOVER_MAILIN_LISTEN", "an address and port, such as :2525")
	wrong((m.CertFile == "") != (m.KeyFile == ""),
		"ROOMCOVER_MAILIN_CERT_FILE and ROOMCOVER_MAILIN_KEY_FILE", "given together")
	malformed := slices.ContainsFunc(m.Addresses, func(address string) bool {
		local, domain, found := strings.Cut(strings.TrimSpace(address), "@")
		return !found || local == "" || domain == "" || strings.Contains(local, "+")
	})
	wrong(malformed, "ROOMCOVER_MAILIN_ADDRESSES",
		"addresses without a +, separated by commas, such as help@example.com")
}

func (o Operators) validate(wrong func(is bool, name, needs string)) {
	_, zone := time.LoadLocation(o.TimeZone)
	wrong(zone != nil || o.TimeZone == "Local" || o.TimeZone == "",
		"ROOMCOVER_OPERATOR_TIME_ZONE", "an IANA name such as America/Sao_Paulo")
	if o.Issuer == "" {
		return
	}

	wrong(!webAddress(o.Issuer) || ofEverybody(o.Issuer), "ROOMCOVER_OPERATOR_ISSUER",
		"the address of one issuer of yours, as it names itself, "+
			"such as https://login.example.com/realms/desk; not one that serves every tenant")
	wrong(o.ClientID == "" || o.ClientSecret == "",
		"ROOMCOVER_OPERATOR_CLIENT_ID and ROOMCOVER_OPERATOR_CLIENT_SECRET",
		"given together with ROOMCOVER_OPERATOR_ISSUER")
	wrong(o.RoleClaim == "", "ROOMCOVER_OPERATOR_ROLE_CLAIM", "the name of a claim")
	unknown := len(o.Roles) == 0
	for _, role := range o.Roles {
		unknown = unknown || !slices.Contains(OperatorRoles, role)
	}
	wrong(unknown, "ROOMCOVER_OPERATOR_ROLES",
		"values of the claim with the roles that they stand for, such as "+
			"desk=agent,heads=lead; the roles are "+strings.Join(OperatorRoles, ", "))
}

// ofEverybody reports whether an issuer signs in people of any tenant: who may be its subject
// is nobody's to say.
func ofEverybody(issuer string) bool {
	u, err := url.Parse(issuer)
	if err != nil {
		return true
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	return slices.Contains([]string{"common", "organizations", "consumers"}, first)
}

func (c Config) allowsUnknown() bool {
	return slices.ContainsFunc(c.AllowInsecure, func(name string) bool {
		return !slices.Contains(Allowable(), name)
	})
}

// Allowable lists the settings whose danger ROOMCOVER_ALLOW_INSECURE may accept.
func Allowable() []string {
	return []string{
		"ROOMCOVER_PUBLIC_URL",
		"ROOMCOVER_DATABASE_URL",
		ownerURL,
		"ROOMCOVER_SMTP_TLS",
		"ROOMCOVER_TEMPORAL_TLS",
		"ROOMCOVER_CARRIER_URL",
	}
}

// webAddress tells whether links can be made by adding a path to the text.
func webAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") &&
		u.User == nil && u.RawQuery == "" && u.Fragment == ""
}
