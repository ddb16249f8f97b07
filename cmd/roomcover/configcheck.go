package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"

	"roomcover.dev/roomcover/config"
)

type configCommands struct {
	Check configCheckCommand `cmd:"" help:"Check the environment and show what it says, without its secrets."`
}

// configCheckCommand reads the environment; it connects to nothing.
type configCheckCommand struct{ output }

// Help is shown by --help.
func (configCheckCommand) Help() string {
	return `Names every variable that is missing or wrong, and exits with 2 then. It also
names what is dangerous (http in public, mails, database or Temporal in the clear
to another machine, a key that can be guessed), each with the way out, and exits
with 4 where serve and worker would not start with it. It connects to nothing, so
it can run in a pipeline.

Example:
  roomcover config check`
}

// setting is one line of the answer.
type setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Run checks.
func (c configCheckCommand) Run(a *app) error {
	cfg, err := settings()
	if err != nil {
		return settingsError{fmt.Errorf("%w\nIt is a deployment's environment that is checked: "+
			"a process of make dev needs none", err)}
	}
	if err := checkLater(cfg); err != nil {
		return settingsError{err}
	}

	list := effective(cfg)
	err = c.show(a, list, func(w io.Writer) {
		t := a.table(w, "setting", "value")
		for _, s := range list {
			t.AppendRow([]any{s.Name, dash(s.Value)})
		}
		t.Render()
	})
	if err != nil {
		return err
	}

	return c.warn(a, cfg)
}

// warn names the dangers, on standard error where the answer is for programs.
func (c configCheckCommand) warn(a *app, cfg config.Config) error {
	w := a.out
	if c.JSON {
		w = a.errs
	}

	dangers := cfg.Dangers()
	for _, d := range dangers {
		mark := "WARNING"
		switch {
		case d.Refused:
			mark = "DANGER"
		case d.Allowed:
			mark = "ALLOWED"
		}
		fmt.Fprintf(w, "\n%s %s\n", mark, d)
	}

	if cfg.Refuse() != nil {
		return findings{"serve and worker do not start with dangerous settings"}
	}
	if !c.JSON {
		fmt.Fprintln(w, "\nThe environment is right.")
	}

	return nil
}

// checkLater finds what only the parts themselves can tell.
func checkLater(c config.Config) error {
	if _, err := logger(io.Discard, c.LogLevel); err != nil {
		return err
	}
	if _, err := temporalOptions(c, nil); err != nil {
		return err
	}

	if _, err := newScanner(c); err != nil {
		return err
	}

	sender, err := newSender(c)
	if err != nil {
		return err
	}

	return sender.Close()
}

// issuersRoles is what the values of the issuer's claim stand for, as the environment says it.
func issuersRoles(o config.Operators) string {
	var out []string
	for _, value := range slices.Sorted(maps.Keys(o.Roles)) {
		out = append(out, value+"="+o.Roles[value])
	}
	return strings.Join(out, ",")
}

// effective is what the environment says, without passwords and keys.
func effective(c config.Config) []setting {
	return []setting{
		{"ROOMCOVER_DATABASE_URL", withoutPassword(c.DatabaseURL)},
		{"ROOMCOVER_OWNER_DATABASE_URL", withoutPassword(c.OwnerDatabaseURL)},
		{"ROOMCOVER_DATABASE_MAX_CONNECTIONS", fmt.Sprint(c.DatabaseMax)},
		{"ROOMCOVER_SERVE_STATEMENT_TIMEOUT", c.Timeouts.ServeStatement.String()},
		{"ROOMCOVER_WORKER_STATEMENT_TIMEOUT", c.Timeouts.WorkerStatement.String()},
		{"ROOMCOVER_DATABASE_LOCK_TIMEOUT", c.Timeouts.Lock.String()},
		{"ROOMCOVER_DATABASE_IDLE_TIMEOUT", c.Timeouts.Idle.String()},
		{"ROOMCOVER_DATABASE_CONNECTION_LIFETIME", c.Timeouts.Lifetime.String()},
		{"ROOMCOVER_KEY", "set"},
		{"ROOMCOVER_KEYS_BEFORE", whetherSet(strings.Join(c.KeysBefore, ""))},
		{"ROOMCOVER_AUDIT_HEADS_FILE", c.AuditHeads},
		{"ROOMCOVER_LISTEN", c.Listen},
		{"ROOMCOVER_TRUSTED_PROXIES", strings.Join(c.TrustedProxies, ",")},
		{"ROOMCOVER_SERVE_METRICS_LISTEN", c.Metrics.Serve},
		{"ROOMCOVER_WORKER_METRICS_LISTEN", c.Metrics.Worker},
		{"ROOMCOVER_PUBLIC_URL", c.PublicURL},
		{"ROOMCOVER_ALLOW_INSECURE", strings.Join(c.AllowInsecure, ",")},
		{"ROOMCOVER_LOG_LEVEL", c.LogLevel},
		{"ROOMCOVER_STOP_TIMEOUT", c.StopTimeout.String()},
		{"ROOMCOVER_OPERATOR_ISSUER", c.Operators.Issuer},
		{"ROOMCOVER_OPERATOR_CLIENT_ID", c.Operators.ClientID},
		{"ROOMCOVER_OPERATOR_CLIENT_SECRET", whetherSet(c.Operators.ClientSecret)},
		{"ROOMCOVER_OPERATOR_ROLE_CLAIM", c.Operators.RoleClaim},
		{"ROOMCOVER_OPERATOR_ROLES", issuersRoles(c.Operators)},
		{"ROOMCOVER_OPERATOR_TIME_ZONE", c.Operators.TimeZone},
		{"ROOMCOVER_RATE_PER_SECOND", fmt.Sprint(c.Rate.PerSecond)},
		{"ROOMCOVER_RATE_BURST", fmt.Sprint(c.Rate.Burst)},
		{"ROOMCOVER_KEEP_TOLD_EVENTS", c.Keep.Told.String()},
		{"ROOMCOVER_KEEP_MAIL_ATTEMPTS", c.Keep.Attempts.String()},
		{"ROOMCOVER_KEEP_CARRIER_BODIES", c.Keep.CarrierBodies.String()},
		{"ROOMCOVER_KEEP_REFUSALS", c.Keep.Refusals.String()},
		{"ROOMCOVER_KEEP_ATTACHMENTS", c.Keep.Attachments.String()},
		{"ROOMCOVER_TEMPORAL_ADDRESS", c.Temporal.Address},
		{"ROOMCOVER_TEMPORAL_NAMESPACE", c.Temporal.Namespace},
		{"ROOMCOVER_TEMPORAL_RETENTION", c.Temporal.Retention.String()},
		{"ROOMCOVER_TEMPORAL_TLS", yes(c.Temporal.TLS)},
		{"ROOMCOVER_TEMPORAL_CA_FILE", c.Temporal.CAFile},
		{"ROOMCOVER_TEMPORAL_CERT_FILE", c.Temporal.CertFile},
		{"ROOMCOVER_TEMPORAL_KEY_FILE", c.Temporal.KeyFile},
		{"ROOMCOVER_TEMPORAL_API_KEY", whetherSet(c.Temporal.APIKey)},
		{"ROOMCOVER_TEMPORAL_UI_URL", c.Temporal.UI},
		{"ROOMCOVER_WORKER_WORKFLOW_SLOTS", fmt.Sprint(c.Tuning.WorkflowSlots)},
		{"ROOMCOVER_WORKER_DATABASE_SLOTS", fmt.Sprint(c.Tuning.DatabaseSlots)},
		{"ROOMCOVER_WORKER_MAIL_SLOTS", fmt.Sprint(c.Tuning.MailSlots)},
		{"ROOMCOVER_WORKER_CARRIER_SLOTS", fmt.Sprint(c.Tuning.CarrierSlots)},
		{"ROOMCOVER_WORKER_POLLERS", fmt.Sprint(c.Tuning.Pollers)},
		{"ROOMCOVER_WORKER_CACHED_WORKFLOWS", fmt.Sprint(c.Tuning.CachedWorkflows)},
		{"ROOMCOVER_SMTP_HOST", c.SMTP.Host},
		{"ROOMCOVER_SMTP_PORT", fmt.Sprint(c.SMTP.Port)},
		{"ROOMCOVER_SMTP_USERNAME", c.SMTP.Username},
		{"ROOMCOVER_SMTP_PASSWORD", whetherSet(c.SMTP.Password)},
		{"ROOMCOVER_SMTP_TLS", c.SMTP.TLS},
		{"ROOMCOVER_SMTP_MESSAGE_ID_DOMAIN", c.SMTP.MessageIDDomain},
		{"ROOMCOVER_KEEP_INBOUND_MAILS", c.Keep.InboundMails.String()},
		{"ROOMCOVER_MAILIN_LISTEN", c.MailIn.Listen},
		{"ROOMCOVER_MAILIN_LMTP", yes(c.MailIn.LMTP)},
		{"ROOMCOVER_MAILIN_HOSTNAME", c.MailIn.Hostname},
		{"ROOMCOVER_MAILIN_ADDRESSES", strings.Join(c.MailIn.Addresses, ",")},
		{"ROOMCOVER_MAILIN_MAX_BYTES", fmt.Sprint(c.MailIn.MaxBytes)},
		{"ROOMCOVER_MAILIN_CERT_FILE", c.MailIn.CertFile},
		{"ROOMCOVER_MAILIN_KEY_FILE", c.MailIn.KeyFile},
		{"ROOMCOVER_MAILIN_AUTHSERV_IDS", strings.Join(c.MailIn.AuthServIDs, ",")},
		{"ROOMCOVER_MAILIN_HOPS", fmt.Sprint(c.MailIn.Hops)},
		{"ROOMCOVER_MAILIN_WEBHOOK_KEYS", whetherSet(strings.Join(c.MailIn.WebhookKeys, ""))},
		{"ROOMCOVER_MAIL_THREAD_KEYS", whetherSet(strings.Join(c.MailIn.ThreadKeys, ""))},
		{"ROOMCOVER_CARRIER_NAME", c.Carrier.Name},
		{"ROOMCOVER_CARRIER_URL", c.Carrier.URL},
		{"ROOMCOVER_CARRIER_API_KEY", whetherSet(c.Carrier.APIKey)},
		{"ROOMCOVER_CARRIER_WEBHOOK_KEYS", whetherSet(strings.Join(c.Carrier.WebhookKeys, ""))},
		{"ROOMCOVER_TEAMS_TENANT_ID", c.Teams.TenantID},
		{"ROOMCOVER_TEAMS_CLIENT_ID", c.Teams.ClientID},
		{"ROOMCOVER_TEAMS_CLIENT_SECRET", whetherSet(c.Teams.ClientSecret)},
		{"ROOMCOVER_TEAMS_USER_ID", c.Teams.UserID},
		{"ROOMCOVER_ZOOM_ACCOUNT_ID", c.Zoom.AccountID},
		{"ROOMCOVER_ZOOM_CLIENT_ID", c.Zoom.ClientID},
		{"ROOMCOVER_ZOOM_CLIENT_SECRET", whetherSet(c.Zoom.ClientSecret)},
		{"ROOMCOVER_ZOOM_USER_ID", c.Zoom.UserID},
		{"ROOMCOVER_CLAMD", cmp.Or(c.Clamd, "none: attachments are not scanned")},
		{"ROOMCOVER_SYNC_REGIONS", cmp.Or(
			strings.Join(slices.Sorted(maps.Keys(c.SyncRegions)), ", "),
			"none: nobody connects Sync",
		)},
	}
}

func whetherSet(secret string) string {
	if secret == "" {
		return ""
	}
	return "set"
}

// withoutPassword keeps of a database address what a person needs to recognise
// it; an address that is no URL may hold a password anywhere.
func withoutPassword(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil || u.Host == "" {
		return "set"
	}
	u.RawQuery = ""
	return u.Redacted()
}
