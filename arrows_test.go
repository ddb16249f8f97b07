package roomcover_test

import (
	"encoding/json"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "roomcover.dev/roomcover/"

// arrows are the packages of ours that each package's code may import, tests apart. Every
// package stands here, and every arrow is used. "models/**" is all that is below models.
var arrows = map[string][]string{
	// The rules: pure, from the base up.
	"rules":           {},
	"rules/calendar":  {"rules"},
	"rules/catalogue": {"rules", "rules/calendar"},
	"rules/cover":     {"rules", "rules/calendar", "rules/catalogue"},
	"rules/health":    {"rules"},
	"rules/licensing": {"rules", "rules/catalogue", "rules/cover"},
	"rules/ordering":  {"rules", "rules/catalogue"},
	"rules/rma":       {"rules", "rules/calendar", "rules/catalogue", "rules/cover", "rules/licensing"},
	"rules/shipping":  {"rules", "rules/calendar"},
	"rules/session":   {"rules"},
	"rules/spare":     {"rules", "rules/catalogue", "rules/rma"},
	"rules/ticket":    {"rules", "rules/calendar", "rules/cover"},
	"rules/processes": {"rules", "rules/rma", "rules/shipping", "rules/spare", "rules/ticket"},

	// Texts: the catalogue alone, and the sentences that are composed from facts.
	"messages":         {"clock"},
	"messages/promise": {"messages", "rules/calendar"},
	"messages/process": {"clock", "messages", "rules/processes"},
	"messages/refusal": {"messages"},
	"messages/sla":     {"messages", "rules/cover", "rules/ticket"},
	"chart":            {"messages"},

	// What stands on the world outside, or on nothing.
	"clock":   {},
	"tracing": {},

	"tracing/export": {},

	"config":      {},
	"carrier":     {"signing", "tracing"},
	"signing":     {},
	"mail":        {"messages", "tracing"},
	"label":       {"messages"},
	"meeting":     {},
	"meeting/ics": {},
	"attachment":  {"rules"},
	"sso/dial":    {},
	"sync":        {"rules/health"},
	"sso/oidc":    {"sso/dial"},
	"demo":        {},
	"deploy":      {},

	// Sign-in by customers' own providers.
	"sso/saml": {"rules"},

	// Files of rows.
	"strictjson": {"rules"},
	"rowfile":    {"rules"},
	"orderfile":  {"rowfile", "rules", "rules/catalogue", "rules/ordering", "strictjson"},
	"roomfile":   {"rowfile", "rules", "rules/licensing", "strictjson"},

	// The domains, from the database up; see layers.
	"models":    {},
	"models/db": {"clock", "rules", "rules/licensing", "tracing"},
	"models/program": {
		"models/db", "models/program/holidays", "rules", "rules/calendar", "rules/catalogue",
		"rules/cover", "rules/licensing",
	},
	"models/program/holidays": {"rules/calendar"},
	"models/session":          {"models/db", "models/notification", "rules", "rules/session"},
	"models/notification":     {"models/db", "rules", "rules/catalogue"},
	"models/importjob":        {"models/db", "rules"},
	"models/attachment":       {"attachment", "models/db", "rules"},
	"models/account": {
		"models/db", "models/notification", "models/program", "rules", "rules/catalogue",
		"rules/ordering",
	},
	"models/identity": {
		"models/account", "models/db", "models/notification", "models/program", "rules",
		"rules/ordering", "rules/rma",
	},
	"models/sso": {
		"models/account", "models/db", "models/identity", "models/notification", "rules", "sso/saml",
	},
	// What a customer's directory says, and the language in which it says so.
	"models/provisioning": {"models/account", "models/db", "models/identity", "rules"},
	"scim":                {"models/db", "models/identity", "models/provisioning", "rules"},
	"models/entitlement": {
		"models/account", "models/db", "models/identity", "models/importjob",
		"models/notification", "models/program", "rules", "rules/catalogue", "rules/cover",
		"rules/health", "rules/licensing", "rules/ordering",
	},
	"models/sync": {
		"models/account", "models/db", "models/entitlement", "models/notification",
		"models/program", "rules", "rules/health", "rules/licensing",
	},
	"models/warranty": {
		"models/account", "models/db", "models/entitlement", "models/program", "rules",
		"rules/cover", "rules/licensing",
	},
	"models/logistics": {
		"label", "messages", "models/db", "models/program", "rules", "rules/calendar", "rules/catalogue",
		"rules/shipping",
	},
	"models/replacement": {
		"label", "messages/promise", "models/account", "models/db", "models/entitlement",
		"models/identity", "models/logistics", "models/notification", "models/program", "rules",
		"rules/calendar", "rules/catalogue", "rules/cover", "rules/licensing", "rules/processes",
		"rules/rma", "rules/shipping", "rules/spare",
	},
	"models/ticket": {
		"attachment", "models/account", "models/attachment", "models/db", "models/entitlement",
		"models/identity", "models/notification", "models/program", "models/replacement",
		"messages", "models/session", "models/sync", "rules", "rules/calendar", "rules/catalogue",
		"rules/cover", "rules/health", "rules/processes", "rules/rma",
		"rules/session", "rules/ticket",
	},
	// Internal notes: neither the portal nor what makes mails may name them (S42).
	"models/note": {"models/attachment", "models/db", "models/ticket", "rules/ticket"},
	"models/order": {
		"models/account", "models/db", "models/entitlement", "models/identity", "models/importjob",
		"models/notification", "models/program", "models/replacement", "models/warranty", "rules",
		"rules/catalogue", "rules/ordering", "rules/spare",
	},
	"models/mailbox": {
		"attachment", "mail/inbound", "mail/thread", "models/attachment", "models/db",
		"models/identity", "models/notification", "models/program", "models/session", "models/ticket",
		"models/warranty", "rules", "rules/cover", "rules/ordering", "rules/ticket",
	},
	"models/privacy": {
		"messages", "models/account", "models/attachment", "models/db", "models/entitlement",
		"models/identity", "models/importjob", "models/logistics", "models/mailbox", "models/note",
		"models/notification", "models/order", "models/program", "models/provisioning",
		"models/replacement",
		"models/session", "models/ticket", "rules",
	},
	"models/operations": {
		"clock", "models/account", "models/attachment", "models/db", "models/entitlement", "models/identity",
		"models/importjob",
		"models/logistics", "models/mailbox",
		"models/notification", "models/order", "models/privacy", "models/program", "models/replacement",
		"models/sso", "models/ticket", "models/warranty", "rules", "rules/catalogue",
		"rules/ordering", "rules/processes",
		"rules/spare",
	},
	"models/domains": {
		"models/account", "models/attachment", "models/db", "models/entitlement",
		"models/identity", "models/importjob", "models/logistics", "models/mailbox", "models/note",
		"models/notification", "models/operations", "models/order", "models/privacy",
		"models/program", "models/provisioning", "models/replacement", "models/session",
		"models/sso", "models/sync", "models/ticket",
		"models/warranty", "rules/session",
	},

	// What a row says, as a mail and as papers.
	// What a mail that came in says.
	"mail/thread":  {"messages", "rules"},
	"mail/inbound": {"mail/thread"},
	"mail/letter": {
		"mail", "mail/thread", "meeting/ics", "messages", "models/notification", "rules",
		"rules/catalogue",
	},

	// Processes.
	"activities": {
		"carrier", "mail", "mail/letter", "mail/thread", "models/account", "models/db",
		"models/entitlement", "models/identity",
		"models/importjob", "models/logistics", "models/notification", "models/operations",
		"models/order", "models/program", "models/replacement", "models/session", "models/ticket",
		"orderfile", "roomfile", "rules",
	},
	"workflows": {"activities", "clock"},
	"worker": {
		"activities", "attachment", "carrier", "clock", "meeting", "messages", "messages/process",
		"models/attachment", "models/db",
		"models/domains", "models/identity", "models/logistics", "models/mailbox",
		"models/operations", "models/privacy", "models/session", "models/sso", "models/sync",
		"models/ticket", "rules/processes", "rules/session", "sso/dial", "sso/saml", "tracing",
		"workflows",
	},

	// What people and programs call, and the command that puts it all together.
	"api": {
		"attachment", "carrier", "mail/inbound", "messages/process", "messages/promise",
		"models/account", "models/attachment", "models/db", "models/domains",
		"models/entitlement", "models/identity", "models/importjob", "models/logistics",
		"models/mailbox", "models/note", "models/notification", "models/operations",
		"models/order", "models/privacy", "models/program", "models/replacement",
		"models/session", "models/ticket", "models/warranty", "orderfile", "roomfile", "rowfile",
		"rules", "rules/calendar", "rules/catalogue", "rules/cover", "rules/licensing",
		"rules/ordering", "rules/processes", "rules/rma", "rules/session", "rules/shipping",
		"rules/spare", "rules/ticket", "signing", "strictjson", "tracing",
	},
	"web": {
		"attachment", "clock", "messages", "models/identity", "models/ticket", "rules",
	},
	"console": {
		"attachment", "chart", "mail/inbound", "mail/letter", "messages", "messages/process",
		"messages/promise", "messages/refusal", "messages/sla", "models/account",
		"models/attachment", "models/db", "models/domains", "models/entitlement",
		"models/identity", "models/importjob",
		"models/logistics", "models/mailbox", "models/note", "models/notification",
		"models/operations", "models/order", "models/privacy", "models/program",
		"models/replacement", "models/session", "models/sso", "models/ticket", "models/warranty",
		"rules/**", "tracing", "web",
	},
	"portal/help": {
		"rules",
	},
	"portal": {
		"attachment", "chart", "mail/inbound", "messages", "messages/promise", "messages/refusal",
		"messages/sla", "models/account", "models/attachment", "models/db", "models/domains",
		"models/entitlement", "models/identity", "models/importjob", "models/logistics",
		"models/mailbox", "models/order", "models/privacy", "models/program", "models/provisioning",
		"models/replacement", "models/session", "models/sso", "models/sync", "models/ticket",
		"models/warranty", "portal/help", "roomfile", "rowfile", "rules", "rules/calendar",
		"rules/catalogue", "rules/cover", "rules/health", "rules/licensing", "rules/rma",
		"rules/session", "rules/shipping", "rules/spare", "rules/ticket", "signing", "sso/dial",
		"sso/oidc", "sso/saml", "web",
	},
	"mailin": {"mail/inbound", "models/mailbox"},
	"doctor": {
		"config", "mail", "models/db", "models/program", "models/sso", "models/sync", "worker",
	},
	"server": {
		"api", "console", "models/db", "models/domains", "models/operations", "models/sso",
		"models/sync", "portal", "scim", "web",
	},
	"cmd/roomcover": {
		"api", "attachment", "carrier", "clock", "config", "console", "demo", "doctor", "mail",
		"mail/inbound",
		"mail/thread", "mailin", "meeting", "messages", "messages/process", "models/mailbox",
		"models/account", "models/db", "models/domains", "models/identity", "models/importjob",
		"models/operations", "models/order", "rules", "rules/catalogue", "rules/cover",
		"rules/licensing", "rules/ordering", "rules/processes", "rules/rma", "rules/session", "server",
		"models/sso", "models/sync", "sso/dial", "sync", "tracing", "tracing/export", "worker",
	},

	// For tests and dev.
	"freeport":                  {},
	"rules/testday":             {},
	"rules/cataloguetest":       {"rules/calendar", "rules/catalogue"},
	"rules/rulestest":           {"rules", "rules/testday"},
	"carrier/simulator":         {"carrier"},
	"meeting/simulator":         {},
	"console/testissuer":        {},
	"sso/saml/testprovider":     {},
	"sync/simulator":            {},
	"mail/smtptest":             {},
	"web/crawltest":             {},
	"web/uploadtest":            {},
	"models/sqlitedb":           {},
	"web/webtest":               {},
	"models/storetest/pgserver": {"deploy", "freeport"},
	// It opens the database of all domains and fills it for any test.
	"models/storetest": {"clock", "models/**", "rules/**"},
	// It fills such a database with years of work.
	"models/storetest/million": {"mail/inbound", "models/**"},
	"scripts/testpostgres":     {"models/storetest/pgserver"},
	"scripts/runtests":         {"models/storetest/pgserver"},
}

// layers are the domains from the database up: one imports those of the layers before
// its own.
var layers = [][]string{
	{"models/db"},
	{"models/program", "models/notification", "models/importjob", "models/attachment"},
	{"models/session", "models/account"},
	{"models/identity"},
	{"models/sso"},
	{"models/provisioning"},
	{"models/entitlement"},
	{"models/sync"},
	{"models/warranty"},
	{"models/logistics"},
	{"models/replacement"},
	{"models/ticket"},
	{"models/note"},
	{"models/order"},
	{"models/mailbox"},
	{"models/privacy"},
	{"models/operations"},
	{"models/domains"},
}

// composition are the packages that know all domains at once: those that put a program
// together. Every other is given the domains that it needs.
var composition = []string{
	"server", "worker", "cmd/roomcover", "api", "portal", "console", "models/storetest",
}

// testOnly are packages that production never links: only their own tests, dev
// (a module of its own) and each other import them.
var testOnly = []string{
	"carrier/simulator",
	"console/testissuer",
	"freeport",
	"mail/smtptest",
	"meeting/simulator",
	"models/sqlitedb",
	"models/storetest",
	"models/storetest/million",
	"models/storetest/pgserver",
	"rules/cataloguetest",
	"rules/rulestest",
	"rules/testday",
	"scripts/testpostgres",
	"scripts/runtests",
	"sso/saml/testprovider",
	"sync/simulator",
	"web/webtest",
	"web/crawltest",
	"web/uploadtest",
}

// libraries are those that one package of ours stands before: no other that production links
// imports them.
var libraries = map[string]string{
	"github.com/crewjam/saml":         "sso/saml",
	"github.com/go-webauthn/webauthn": "web",
	"github.com/yuin/goldmark":        "portal/help",
}

// TestLibraryArrows keeps a library behind the one package that knows it.
func TestLibraryArrows(t *testing.T) {
	used := map[string]bool{}
	for _, p := range packages(t) {
		if slices.Contains(testOnly, strings.TrimPrefix(p.ImportPath, module)) {
			continue
		}
		for _, i := range p.Imports {
			for library, only := range libraries {
				if i != library && !strings.HasPrefix(i, library+"/") {
					continue
				}
				used[library] = true
				require.Equal(t, module+only, p.ImportPath, "imports %s", i)
			}
		}
	}
	require.Len(t, used, len(libraries), "a library that nobody imports is taken out of the plan")
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

// packages lists the module's packages with the imports of their code, tests
// apart.
func packages(t *testing.T) (out []goPackage) {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports", "./...")
	raw, err := cmd.Output()
	require.NoError(t, err)
	for d := json.NewDecoder(strings.NewReader(string(raw))); ; {
		var p goPackage
		err := d.Decode(&p)
		if err == io.EOF {
			return out
		}
		require.NoError(t, err)
		out = append(out, p)
	}
}

// TestImportArrows holds the packages to the plan, and the plan to the packages: an
// arrow that nobody uses any more is taken out.
func TestImportArrows(t *testing.T) {
	used := map[string]bool{}
	for _, p := range packages(t) {
		from, ours := strings.CutPrefix(p.ImportPath, module)
		if !ours {
			continue // the root, which has tests alone
		}

		used[from] = true
		if _, known := arrows[from]; !known {
			t.Errorf("%s is not in the plan; add it to arrows on purpose", from)
		}

		for _, i := range p.Imports {
			to, ours := strings.CutPrefix(i, module)
			if !ours {
				continue
			}
			if why := forbidden(from, to); why != "" {
				t.Errorf("%s imports %s: %s", from, to, why)
			}
			for _, allowed := range arrows[from] {
				if matches(allowed, to) {
					used[from+" → "+allowed] = true
				}
			}
		}
	}

	for from, allowed := range arrows {
		if !used[from] {
			t.Errorf("%s is in the plan, and no package any more", from)
		}
		for _, to := range allowed {
			if !used[from+" → "+to] {
				t.Errorf("%s may import %s and does not: take it out of the plan", from, to)
			}
		}
	}

	require.Greater(t, len(used), 100, "the imports were read")
}

// forbidden says why an arrow may not be; empty when it may.
func forbidden(from, to string) string {
	allowed, known := arrows[from]
	switch {
	case !known:
		return "the package is not in the plan; add it to arrows on purpose"
	case slices.Contains(testOnly, to) && !slices.Contains(testOnly, from):
		return "it is for dev and tests only"
	case to == "models/domains" && !slices.Contains(composition, from):
		return "only what puts a program together knows all domains"
	case layer(from) >= 0 && layer(to) >= layer(from):
		return "a domain imports those of the layers before its own"
	case !slices.ContainsFunc(allowed, func(a string) bool { return matches(a, to) }):
		return "the arrow is not in the plan"
	default:
		return ""
	}
}

// matches reports whether an entry of the plan means a package.
func matches(allowed, to string) bool {
	if below, ok := strings.CutSuffix(allowed, "/**"); ok {
		return to == below || strings.HasPrefix(to, below+"/")
	}
	return allowed == to
}

// layer returns the place of a domain in layers; -1 for every other package.
func layer(path string) int {
	return slices.IndexFunc(layers, func(l []string) bool { return slices.Contains(l, path) })
}

// TestPlanKeepsItsOwnRules finds an arrow that was put into the plan though the layers,
// the composition or the tests' packages forbid it.
func TestPlanKeepsItsOwnRules(t *testing.T) {
	for from, allowed := range arrows {
		for _, to := range allowed {
			require.Empty(t, forbidden(from, to), "%s → %s", from, to)
		}
	}

	for path := range arrows {
		domain, inside := strings.CutPrefix(path, "models/")
		if inside && !strings.Contains(domain, "/") && !slices.Contains(testOnly, path) {
			require.GreaterOrEqual(t, layer(path), 0, "%s has no layer", path)
		}
	}
}

func TestForbiddenArrows(t *testing.T) {
	for _, c := range [][2]string{
		// the rules know nobody, and the base knows no room
		{"rules", "models/db"},
		{"rules", "messages"},
		{"rules", "rules/rma"},
		{"rules/calendar", "rules/cover"},
		{"rules/rma", "rules/spare"},
		{"rules/licensing", "rules/ordering"},
		{"rules/processes", "messages/process"},

		// texts know no rule
		{"messages", "rules"},
		{"messages", "rules/calendar"},
		{"messages/promise", "models/program"},

		// what reaches the world outside knows no domain
		{"mail", "rules"},
		{"carrier", "rules"},
		{"carrier", "models/logistics"},
		{"label", "rules"},
		{"clock", "rules"},
		{"orderfile", "models/order"},

		// a domain knows those of the layers before its own, and nothing above the domains
		{"models/db", "models/account"},
		{"models/program", "models/notification"},
		{"models/notification", "models/importjob"},
		{"models/account", "models/identity"},
		{"models/identity", "models/entitlement"},
		{"models/entitlement", "models/order"},
		{"models/entitlement", "models/warranty"},
		{"models/warranty", "models/logistics"},
		{"models/logistics", "models/replacement"},
		{"models/logistics", "models/account"},
		{"models/replacement", "models/order"},
		{"models/order", "models/operations"},
		{"models/operations", "models/domains"},
		{"models/order", "activities"},
		{"models/notification", "mail"},
		{"models/logistics", "carrier"},
		{"models", "models/db"},

		// processes
		{"workflows", "carrier"},
		{"workflows", "models/order"},
		{"workflows", "rules"},
		{"activities", "models/domains"},
		{"activities", "workflows"},
		{"worker", "api"},
		{"worker", "models/order"},

		// what people call
		{"api", "activities"},
		{"api", "portal"},
		{"portal", "mail"},
		{"portal", "console"},
		{"web", "portal"},
		{"console", "portal"},
		{"console", "console/testissuer"},
		{"portal", "models/operations"},
		{"server", "worker"},

		// tests and dev
		{"activities", "carrier/simulator"},
		{"worker", "models/sqlitedb"},
		{"cmd/roomcover", "models/storetest"},
		{"models/order", "rules/rulestest"},
		{"models/sqlitedb", "models/db"},

		// a package that is not in the plan, also below one that is
		{"newcomer", "rules"},
		{"models/newcomer", "models/db"},
		{"rules/newcomer", "rules"},
		{"api/newcomer", "rules"},
	} {
		require.NotEmpty(t, forbidden(c[0], c[1]), "%s → %s", c[0], c[1])
	}

	for _, c := range [][2]string{
		{"cmd/roomcover", "worker"},
		{"activities", "mail"},
		{"activities", "carrier"},
		{"api", "carrier"},
		{"api", "models/domains"},
		{"models/order", "models/replacement"},
		{"models/storetest", "models/operations"},
		{"models/storetest", "models/sqlitedb"},
		{"orderfile", "rules"},
	} {
		require.Empty(t, forbidden(c[0], c[1]), "%s → %s", c[0], c[1])
	}
}
