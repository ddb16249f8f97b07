package db_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
)

// emptyFor says what an empty kind stands for, where a column may have one.
var emptyFor = map[string]string{
	"contact_questions.role":          "nobody has decided",
	"delegations.closed_side":         "it is open, or its time was over",
	"earlier_warranties.why":          "it matched, or a customer claims it",
	"inbound_mails.outcome":           "nobody has read it",
	"inbound_mails.reason":            "nobody has read it",
	"import_jobs.requested_role":      "an earlier release did not keep it",
	"licence_assignments.end_reason":  "it lasts",
	"operators.role":                  "they may nothing",
	"orders.invite_as":                "nobody has decided",
	"product_models.platform":         "it belongs to none",
	"rmas.cover_kind":                 "it is held",
	"sso_domains.proved_by":           "it is not proved",
	"sync_changes.after":              "it is no change of a state",
	"sync_changes.before":             "it is no change of a state",
	"sync_connections.trouble":        "the last try got an answer",
	"sync_places.reading":             "the place was not in the last answer",
	"sync_places.told":                "nobody was told anything",
	"rmas.next_timer":                 "nothing is to be done",
	"rmas.outcome":                    "nobody has inspected it",
	"rmas.reject_code":                "it is not rejected",
	"shipments.service":               "a person handed it to a carrier",
	"spare_units.next_timer":          "nothing is to be done",
	"tickets.alarm":                   "no clock runs out",
	"tickets.effective_clock":         "nothing is due",
	"tickets.next_timer":              "nothing comes by itself",
	"warranty_attachments.end_reason": "it lasts",
}

// Values beside a type's constants, and constants that a column does not hold.
var (
	alsoHeld = map[string][]string{
		"import_jobs.requested_role": {"SYSTEM"}, // who is at the command line
		"order_cancellations.role":   {"SYSTEM"},
		"ticket_events.actor_role":   {"SYSTEM"},
		"tickets.opened_role":        {"SYSTEM"},
		"service_contracts.type":     {"ENTERPRISE"}, // a plan that is not sold by orders (S37)
	}
	neverHeld = map[string][]string{
		"contact_questions.state":          {"WITHDRAWN"}, // it is read from withdrawn_at
		"delegations.asked_side":           {"OPERATOR"},  // who only ends them
		"licence_assignments.service_type": {"EXT_WARRANTY", "JUMPSTART"},
		"notifications.state":              {"SOFT_FAIL"}, // of an attempt: it is queued again
		"operators.role": {"CUSTOMER_ADMIN", "CUSTOMER_READ_ONLY", "DISTRIBUTOR", "PARTNER_ADMIN",
			"PARTNER_READ_ONLY", "RESELLER"}, // those of others
		"rmas.outcome":            {"WRONG_UNIT"},                // the unit is still outstanding
		"service_contracts.state": {"PROCESSING"},                // of the order (R111c)
		"sla_policies.service":    {"EXT_WARRANTY", "SYNC_PLUS"}, // no tickets by them
	}
)

// Kinds whose column has another check than a list, or none.
var unlisted = map[string]string{
	"audit_events.actor_role": "what is written stays; a role that goes was one then",
	"carrier_events.kind":     "the carrier's word; it is looked at when the event is read",
	"country_terms.rma_speed": "business days are a number: the check is of the form",
	"rmas.speed":              "business days are a number: the check is of the form",
	"sweeps.name":             "a key",
}

// Kinds that Go holds in plain strings.
func plainKinds() map[string][]string {
	var outcomes []string
	for _, s := range rules.NotificationStates() {
		outcomes = append(outcomes, string(s))
	}
	return map[string][]string{
		"import_jobs.format":            {"csv", "json"},
		"notification_attempts.outcome": outcomes,
		"rmas.reject_code":              rma.RejectCodes(),
	}
}

// namedLikeAKind are the names of columns of plain text that have to say why they are no kind.
var namedLikeAKind = regexp.MustCompile(
	`(^|[._])(kind|state|type|role|mode|outcome|source|origin|track|speed|timer|direction|` +
		`platform|criticality|cause|format|purpose|code)$`)

// Texts whose names sound like kinds.
var noKinds = map[string]string{
	"calendars.code":        "a key",
	"incidents.outcome":     "what came of it, in words",
	"scim_requests.outcome": "what pages make a sentence of",
	"calendars.source":      "where its holidays are from, in words",
	"catalogue_skus.code":   "a key", "depots.code": "a key", "product_models.code": "a key",
	"devices.model_code":               "a key of a model",
	"rmas.model_code":                  "a key of a model",
	"sla_policies.code":                "a key",
	"shipments.model_code":             "a key of a model",
	"spare_units.model_code":           "a key of a model",
	"stock_entries.model_code":         "a key of a model",
	"stock_levels.model_code":          "a key of a model",
	"accounts.postal_code":             "of an address",
	"sites.postal_code":                "of an address",
	"depots.postal_code":               "of an address",
	"shipment_labels.media_type":       "of the carrier",
	"attachments.media_type":           "of a file, by its content",
	"attachment_thumbnails.media_type": "of what was drawn",
	"attachment_refusals.code":         "the code of the refusal, as the API explains it",
	"ticket_clocks.calendar_code":      "a key", "ticket_clocks.policy_code": "a key",
	"tickets.calendar_code": "a key", "tickets.policy_code": "a key",
}

// kindsOf returns what each column of a kind or a state may hold, as Go has it.
func kindsOf(t *testing.T, env storetest.Env) map[string][]string {
	t.Helper()
	kinds := plainKinds()
	require.NoError(t, env.Read(env.Context, func(tx *db.Tx) error {
		for _, entity := range domains.Entities() {
			stmt := &gorm.Statement{DB: tx.DB}
			if err := stmt.Parse(entity); err != nil {
				return err
			}
			for _, f := range stmt.Schema.Fields {
				column := stmt.Schema.Table + "." + f.DBName
				of := f.IndirectFieldType
				switch {
				case f.DBName == "" || of.Kind() != reflect.String || unlisted[column] != "":
				case of.PkgPath() != "":
					kinds[column] = constantsOf(t, of.PkgPath(), of.Name())
				case kinds[column] == nil && noKinds[column] == "":
					assert.NotRegexp(t, namedLikeAKind, column, "is it a kind?")
				}
			}
		}
		return nil
	}))

	for column := range kinds {
		kinds[column] = append(kinds[column], alsoHeld[column]...)
		for _, never := range neverHeld[column] {
			require.Contains(t, kinds[column], never, column)
			kinds[column] = slices.DeleteFunc(kinds[column], func(v string) bool { return v == never })
		}
		if emptyFor[column] != "" {
			kinds[column] = append(kinds[column], "")
		}
		slices.Sort(kinds[column])
	}
	return kinds
}

const module = "roomcover.dev/roomcover"

// constantsOf reads the constants of a type of text from the source of its package.
func constantsOf(t *testing.T, pkg, name string) (values []string) {
	t.Helper()
	for _, spec := range constSpecs(t, pkg) {
		if is, ok := spec.Type.(*ast.Ident); !ok || is.Name != name {
			continue
		}
		for _, value := range spec.Values {
			switch v := value.(type) {
			case *ast.BasicLit:
				values = append(values, unquoted(t, v))
			case *ast.SelectorExpr: // a constant of a package of rules
				of := module + "/rules/" + v.X.(*ast.Ident).Name
				for _, other := range constSpecs(t, of) {
					if other.Names[0].Name == v.Sel.Name {
						values = append(values, unquoted(t, other.Values[0].(*ast.BasicLit)))
					}
				}
			}
		}
	}
	require.NotEmpty(t, values, "%s.%s", pkg, name)
	return values
}

func constSpecs(t *testing.T, pkg string) (specs []*ast.ValueSpec) {
	t.Helper()
	files, err := filepath.Glob("../.." + strings.TrimPrefix(pkg, module) + "/*.go")
	require.NoError(t, err)
	require.NotEmpty(t, files, pkg)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range file.Decls {
			if decl, ok := d.(*ast.GenDecl); ok && decl.Tok == token.CONST {
				for _, s := range decl.Specs {
					specs = append(specs, s.(*ast.ValueSpec))
				}
			}
		}
	}
	return specs
}

func unquoted(t *testing.T, lit *ast.BasicLit) string {
	t.Helper()
	text, err := strconv.Unquote(lit.Value)
	require.NoError(t, err)
	return text
}

// quoted are the texts of a check.
var quoted = regexp.MustCompile(`'([^']*)'`)

func textsIn(check string) (values []string) {
	for _, found := range quoted.FindAllStringSubmatch(check, -1) {
		values = append(values, found[1])
	}
	slices.Sort(values)
	return slices.Compact(values)
}

// The database holds no kind and no state that the program does not know, and each that it
// knows: a kind that is new, or goes, needs its migration.
func TestEachKindIsCheckedByTheDatabase(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		env := storetest.Postgres(t)
		kinds := kindsOf(t, env)
		require.Greater(t, len(kinds), 55)
		for column, values := range kinds {
			table, name, _ := strings.Cut(column, ".")
			checks := env.Strings(t, fmt.Sprintf(`
				SELECT pg_get_constraintdef(c.oid) FROM pg_constraint c
				JOIN pg_attribute a ON a.attrelid = c.conrelid AND c.conkey = ARRAY[a.attnum]
				WHERE c.contype = 'c' AND c.convalidated
					AND c.conrelid = '%s'::regclass AND a.attname = '%s'`, table, name))
			if assert.Len(t, checks, 1, column) {
				assert.Equal(t, values, textsIn(checks[0]), column)
			}
		}
	})

	t.Run("sqlite", func(t *testing.T) {
		env := storetest.SQLite(t)
		for column, values := range kindsOf(t, env) {
			table, name, _ := strings.Cut(column, ".")
			one := strings.Join(env.Strings(t, fmt.Sprintf(
				"SELECT sql FROM sqlite_master WHERE type = 'table' AND name = '%s'", table)), "")
			inTable := regexp.MustCompile(`\b` + name + `\s+text[^\n]*?CHECK \(` + name + ` IN \(([^)]*)\)\)`)
			if found := inTable.FindStringSubmatch(one); found != nil {
				assert.Equal(t, values, textsIn(found[1]), column)
				continue
			}
			for _, when := range []string{"insert", "update"} {
				trigger := strings.Join(env.Strings(t, fmt.Sprintf(
					"SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = '%s_%s_check_on_%s'",
					table, name, when)), "")
				check, _, _ := strings.Cut(trigger, "BEGIN\n")
				assert.Equal(t, values, textsIn(check), "%s on %s", column, when)
			}
		}
	})
}

// A row with a kind that nobody knows is refused, where it is written and where it is changed.
func TestARowOfAnUnknownKindIsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		err := env.Exec("UPDATE outbox_events SET kind = 'order.begin'")
		require.ErrorContains(t, err, "outbox_events")
		err = env.Exec(`
			INSERT INTO operator_tasks (id, kind, subject_id, dedupe_key, what, why, state,
				resolution, resolved_by, created_at)
			VALUES ('tsk_x', 'UNHEARD_OF', 'x', 'x', '', '', 'OPEN', '', '', '2026-01-01')`)
		require.ErrorContains(t, err, "operator_tasks")
		err = env.Exec(`
			INSERT INTO country_terms (country, version, effective_from, available, rma_speed,
				languages, note, published_at)
			VALUES ('BR', 99, '2030-01-01', true, '100BD', '[]', '', '2026-01-01')`)
		require.ErrorContains(t, err, "country_terms")
	})
}
