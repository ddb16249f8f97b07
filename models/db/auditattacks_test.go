package db_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/domains"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
)

// guards are the triggers that refuse to change or empty the audit.
func guards(t *testing.T, env storetest.Env) map[string]string {
	t.Helper()
	query := `
		SELECT tbl_name || ' ' || name || ' ' || sql FROM sqlite_master
		WHERE type = 'trigger' AND tbl_name IN ('audit_events', 'audit_heads')
			AND name <> 'audit_events_head'`
	if env.DSN != "" {
		query = `
			SELECT tgrelid::regclass::text || ' ' || tgname || ' ' || 'x' FROM pg_trigger
			WHERE tgrelid IN ('audit_events'::regclass, 'audit_heads'::regclass)
				AND tgname <> 'audit_events_head'`
	}

	out := map[string]string{}
	for _, line := range env.Strings(t, query) {
		table, rest, _ := strings.Cut(line, " ")
		name, create, _ := strings.Cut(rest, " ")
		out["ALTER TABLE "+table+" %s TRIGGER "+name] = create
	}
	require.Len(t, out, 4)
	return out
}

// behindItsBack runs statements with the service's own role, which owns the tables: it
// switches off what the database does against it, and on again.
func behindItsBack(t *testing.T, env storetest.Env, statements ...string) {
	t.Helper()
	all := guards(t, env)
	for alter := range all {
		name := alter[strings.LastIndex(alter, " ")+1:]
		off := "DROP TRIGGER " + name
		if env.DSN != "" {
			off = fmt.Sprintf(alter, "DISABLE")
		}
		require.NoError(t, env.Exec(off))
	}

	for _, s := range statements {
		require.NoError(t, env.Exec(s), s)
	}

	for alter, create := range all {
		on := create
		if env.DSN != "" {
			on = fmt.Sprintf(alter, "ENABLE")
		}
		require.NoError(t, env.Exec(on))
	}
}

// requireAuditFault demands that an inspection finds a fault with the text, and not the
// missing guards.
func requireAuditFault(t *testing.T, env storetest.Env, heads *db.AuditHeads, want string) {
	t.Helper()
	report, err := env.InspectAudit(env.Context, heads)
	require.NoError(t, err)
	require.NotEmpty(t, report.Faults)

	var found []string
	for _, f := range report.Faults {
		require.NotContains(t, f.Fault, "the database no longer refuses")
		found = append(found, f.Fault)
	}
	require.Contains(t, strings.Join(found, "\n"), want)
}

// cut removes the last n events of the chain that a query names, and puts its head right.
func cut(chain string, n int) []string {
	return []string{
		fmt.Sprintf(`DELETE FROM audit_events WHERE chain_id = (%[1]s) AND seq > (
			SELECT MAX(seq) - %[2]d FROM audit_events WHERE chain_id = (%[1]s))`, chain, n),
		fmt.Sprintf(`UPDATE audit_heads SET seq = (
			SELECT MAX(seq) FROM audit_events WHERE chain_id = (%[1]s)) WHERE chain_id = (%[1]s)`, chain),
	}
}

const (
	anAccount   = `SELECT min(id) FROM accounts`
	anOrder     = `SELECT min(id) FROM orders`
	emptyEvents = `DELETE FROM audit_events`
	emptyHeads  = `DELETE FROM audit_heads`
)

// recomputed returns what makes every chain anew with SHA-256, as anybody can who knows
// the program: the verb of the first event of each chain is another one, and all hashes
// follow. keys is what the events say of their key.
func recomputed(t *testing.T, env storetest.Env, keys string) []string {
	t.Helper()
	var events []db.AuditEvent
	require.NoError(t, env.DB.Read(env.Context, func(tx *db.Tx) error {
		return tx.Order("chain_id, seq").Find(&events).Error
	}))

	var out []string
	prev := db.AuditEvent{}
	for _, e := range events {
		if e.ChainID != prev.ChainID {
			prev = db.AuditEvent{}
			e.Verb = "nothing.happened"
		}
		e.PrevHash = prev.Hash
		e.Hash = plainHash(t, env, e)
		out = append(out, fmt.Sprintf(
			`UPDATE audit_events SET verb = '%s', prev_hash = '%s', hash = '%s', key_id = %s, witness = '' WHERE id = '%s'`,
			e.Verb, e.PrevHash, e.Hash, keys, e.ID,
		))
		prev = e
	}
	return out
}

// plainHash is the hash of an event as it was before there was a key.
func plainHash(t *testing.T, env storetest.Env, e db.AuditEvent) string {
	t.Helper()
	h := sha256.New()
	for _, part := range []string{
		e.ID, e.ChainID, fmt.Sprint(e.Seq), db.Text(e.AccountID), e.ActorID, string(e.ActorRole),
		e.ActingOrg, e.OnBehalfOf, e.Verb, e.ObjectID, jsonText(t, e.Details), e.RequestID,
		e.At.UTC().Format(time.RFC3339Nano), e.PrevHash,
	} {
		fmt.Fprintf(h, "%d:%s;", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// TestC6_EachAttackOnTheAuditIsFound attacks the audit with the service's own role, which
// owns the tables, and without its key.
func TestC6_EachAttackOnTheAuditIsFound(t *testing.T) {
	for name, attack := range map[string]struct {
		do   func(t *testing.T, env storetest.Env) []string
		want string
	}{
		"the tail cut and the head corrected": {
			func(*testing.T, storetest.Env) []string { return cut(anOrder, 1) }, "has seen, is missing",
		},
		"two events of an account cut and the head corrected": {
			func(*testing.T, storetest.Env) []string { return cut(anAccount, 2) }, "has seen, is missing",
		},
		"the chains recomputed, as if there were no key": {
			func(t *testing.T, env storetest.Env) []string { return recomputed(t, env, "''") },
			"there is no seal",
		},
		"the chains recomputed, in the key's name": {
			func(t *testing.T, env storetest.Env) []string { return recomputed(t, env, "key_id") },
			"this event was changed",
		},
		"the chains recomputed, beside the seal": {
			func(t *testing.T, env storetest.Env) (out []string) {
				seal := env.Strings(t, "SELECT id FROM audit_events WHERE chain_id = 'audit'")[0]
				for _, s := range recomputed(t, env, "''") {
					if !strings.Contains(s, seal) {
						out = append(out, s)
					}
				}
				return out
			},
			"is not what was sealed",
		},
		"both tables emptied": {
			func(*testing.T, storetest.Env) []string { return []string{emptyEvents, emptyHeads} },
			"nothing in the audit says how it came",
		},
		"both tables emptied, save the seal": {
			func(*testing.T, storetest.Env) []string {
				return []string{emptyEvents + " WHERE chain_id <> 'audit'", emptyHeads + " WHERE chain_id <> 'audit'"}
			},
			"nothing in the audit says how it came",
		},
		"a chain removed with its head": {
			func(*testing.T, storetest.Env) []string {
				return []string{
					emptyEvents + " WHERE chain_id = (" + anAccount + ")", emptyHeads + " WHERE chain_id = (" + anAccount + ")",
				}
			},
			"nothing in the audit says how it came",
		},
		"a head removed": {
			func(*testing.T, storetest.Env) []string {
				return []string{emptyHeads + " WHERE chain_id = (" + anAccount + ")"}
			},
			"has lost the note of its end",
		},
		"a head moved on": {
			func(*testing.T, storetest.Env) []string { return []string{"UPDATE audit_heads SET seq = seq + 1"} },
			"does not end where it should",
		},
		"a head without a chain": {
			func(*testing.T, storetest.Env) []string {
				return []string{"INSERT INTO audit_heads VALUES ('acc_x', 3)"}
			},
			"does not end where it should",
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, env storetest.Env) {
				seller := env.Reseller(t, "Revenda Sul")
				env.Fulfilled(t, seller, storetest.Form("PO-1"))
				env.Reseller(t, "Revenda Oeste")
				env.AuditHolds(t)
				behindItsBack(t, env, attack.do(t, env)...)
				requireAuditFault(t, env, nil, attack.want)
			})
		})
	}
}

func TestC6_ChangingAndEmptyingTheAuditIsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		for _, statement := range []string{
			"UPDATE audit_events SET witness = 'x'", "UPDATE audit_events SET key_id = 'x'",
			"UPDATE audit_events SET hash = 'x'", emptyEvents,
			"UPDATE audit_heads SET seq = 1", "UPDATE audit_heads SET seq = seq + 1",
			"UPDATE audit_heads SET chain_id = 'x'", emptyHeads,
		} {
			require.ErrorContains(t, env.Exec(statement), "append-only", statement)
		}
		if env.DSN != "" {
			for _, statement := range []string{
				"TRUNCATE audit_events", "TRUNCATE audit_heads", "TRUNCATE audit_events, audit_heads",
			} {
				require.ErrorContains(t, env.Exec(statement), "append-only", statement)
			}
		}
		env.AuditHolds(t)

		for alter := range guards(t, env) {
			off := "DROP TRIGGER " + alter[strings.LastIndex(alter, " ")+1:]
			if env.DSN != "" {
				off = fmt.Sprintf(alter, "DISABLE")
			}
			require.NoError(t, env.Exec(off))
		}
		report, err := env.InspectAudit(env.Context, nil)
		require.NoError(t, err)
		require.Len(t, report.Faults, 4, "each guard that is gone is missed")
	})
}

func jsonText(t *testing.T, details map[string]any) string {
	t.Helper()
	text, err := json.Marshal(details)
	require.NoError(t, err)
	return string(text)
}

func orgNamed(name string) account.OrgChange {
	return account.OrgChange{Kind: account.OrgReseller, Name: name, AuthorisedFrom: "2020-01-01"}
}

// asBefore turns the audit into one of the release before: plain hashes, no seal.
func asBefore(t *testing.T, env storetest.Env) {
	t.Helper()
	behindItsBack(t, env, append(
		[]string{emptyEvents + " WHERE chain_id = 'audit'", emptyHeads + " WHERE chain_id = 'audit'"},
		recomputed(t, env, "''")...)...)
}

func TestC6_EntriesOfBeforeTheKeyHoldUpToTheSealAndNotBehindIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		env.Fulfilled(t, seller, storetest.Form("PO-1"))
		asBefore(t, env)
		old := env.Count(t, "SELECT count(*) FROM audit_events")
		env.Fulfilled(t, seller, storetest.FormFor("PO-2", "Outra Ltda", "rui@outra.example"))
		requireAuditFault(t, env, nil, "run roomcover audit seal")

		_, _, err := env.SealAudit(env.Context)
		storetest.RequireCode(t, rules.StateConflict, err) // an old process may still write
		env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
		sealed, report, err := env.SealAudit(env.Context)
		require.NoError(t, err)
		require.Empty(t, report.Faults)
		require.EqualValues(t, old, sealed)
		env.AuditHolds(t)
		sealed, _, err = env.SealAudit(env.Context)
		require.NoError(t, err)
		require.Zero(t, sealed, "a seal is made once")

		// One more in the old way, at the end of a chain, with its head moved by the database.
		var last db.AuditEvent
		require.NoError(t, env.DB.Read(env.Context, func(tx *db.Tx) error {
			return tx.Order("chain_id DESC, seq DESC").First(&last, "chain_id LIKE 'ord_%'").Error
		}))
		forged := last
		forged.ID, forged.Seq, forged.PrevHash, forged.KeyID, forged.Witness = "aud_x", last.Seq+1, last.Hash, "", ""
		forged.Verb = "order.forged"
		forged.Hash = plainHash(t, env, forged)
		require.NoError(t, env.DB.Write(env.Context, func(tx *db.Tx) error { return tx.Create(&forged).Error }))
		requireAuditFault(t, env, nil, "is not what was sealed")
		sealed, report, err = env.SealAudit(env.Context)
		require.NoError(t, err)
		require.Zero(t, sealed)
		require.NotEmpty(t, report.Faults, "what does not hold is not sealed")
	})
}

// reopened is the same database behind domains with another key.
func reopened(t *testing.T, env storetest.Env, key string, before ...[]byte) storetest.Env {
	t.Helper()
	d, err := domains.Open(env.Dialector(t), domains.Options{Options: db.Options{
		Clock:      env.Clock(),
		Key:        []byte(key),
		KeysBefore: before,
	}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.DB.Close() })
	return env.With(d)
}

func TestC6_AKeyIsChangedAndWhatItMadeStillHolds(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		env.Fulfilled(t, seller, storetest.Form("PO-1"))

		const second = "the second key of this test, 32 bytes or more"
		forgotten := reopened(t, env, second)
		requireAuditFault(t, forgotten, nil, "ROOMCOVER_KEYS_BEFORE")

		rotated := reopened(t, env, second, storetest.Key)
		rotated.Fulfilled(t, seller, storetest.FormFor("PO-2", "Outra Ltda", "rui@outra.example"))
		requireAuditFault(t, rotated, nil, "run roomcover audit seal")
		env.Calendar.Set(env.Calendar.Now().Add(time.Hour))
		sealed, _, err := rotated.SealAudit(rotated.Context)
		require.NoError(t, err)
		require.NotZero(t, sealed)
		rotated.AuditHolds(t)

		// Whoever has the first key can still make hashes that look right, and is found.
		env.Fulfilled(t, seller, storetest.FormFor("PO-3", "Terceira Ltda", "eva@terceira.example"))
		requireAuditFault(t, rotated, nil, "is not what was sealed")
	})
}

// TestC6_VerifyingBesideWritersFindsNothing is what a live system looks like: chains grow
// while they are read.
func TestC6_VerifyingBesideWritersFindsNothing(t *testing.T) {
	env := storetest.Postgres(t)
	done := make(chan error)
	go func() {
		var err error
		for i := range 40 {
			if _, err = env.PutOrg(env.Context, orgNamed(fmt.Sprint("Revenda ", i%3))); err != nil {
				break
			}
		}
		done <- err
	}()

	for {
		env.AuditHolds(t)
		select {
		case err := <-done:
			require.NoError(t, err)
			return
		default:
		}
	}
}

func TestC6_AFileOfHeadsShowsWhatWasSetBack(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		env.Fulfilled(t, seller, storetest.Form("PO-1"))
		file := filepath.Join(t.TempDir(), "heads")
		moved, err := env.WriteAuditHeads(env.Context, file)
		require.NoError(t, err)
		require.Positive(t, moved)
		env.Fulfilled(t, seller, storetest.FormFor("PO-2", "Outra Ltda", "rui@outra.example"))
		again, err := env.WriteAuditHeads(env.Context, file)
		require.NoError(t, err)
		require.Positive(t, again)
		none, err := env.WriteAuditHeads(env.Context, file)
		require.NoError(t, err)
		require.Zero(t, none, "only chains that moved on are written")

		heads, err := env.ReadAuditHeads(file)
		require.NoError(t, err)
		require.Equal(t, 3, heads.Blocks)
		report, err := env.InspectAudit(env.Context, heads)
		require.NoError(t, err)
		require.Empty(t, report.Faults)

		second := "'" + env.Strings(t, "SELECT max(id) FROM orders")[0] + "'"
		behindItsBack(t, env, emptyEvents+" WHERE chain_id = "+second, emptyHeads+" WHERE chain_id = "+second)
		requireAuditFault(t, env, heads, "the file of heads has this event")
		report, err = env.InspectAudit(env.Context, heads)
		require.NoError(t, err)
		require.Contains(t, fmt.Sprint(report.Faults), strings.Trim(second, "'"))
	})
}

func TestC6_AFileOfHeadsThatWasChangedIsRefused(t *testing.T) {
	env := storetest.SQLite(t)
	seller := env.Reseller(t, "Revenda Sul")
	file := filepath.Join(t.TempDir(), "heads")
	for i := range 3 {
		env.Accept(t, seller, storetest.Form(storetest.PO(i)))
		_, err := env.WriteAuditHeads(env.Context, file)
		require.NoError(t, err)
	}
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	whole := string(content)
	blocks := strings.SplitAfter(whole, "\nheads ")
	require.Len(t, blocks, 3)

	for name, changed := range map[string]string{
		"a head":            strings.Replace(whole, "ord_", "ord_x", 1),
		"a block taken out": blocks[0] + blocks[2],
		"a signature":       whole[:len(whole)-4] + "000\n",
		"no file of heads":  "something else\n",
		"another's key":     strings.ReplaceAll(whole, strings.Fields(whole)[3], "0123456789abcdef"),
	} {
		require.NoError(t, os.WriteFile(file, []byte(changed), 0o600))
		_, err := env.ReadAuditHeads(file)
		require.ErrorIs(t, err, db.ErrHeads, name)
		_, err = env.WriteAuditHeads(env.Context, file)
		require.ErrorIs(t, err, db.ErrHeads, name)
	}

	// A process that died while it wrote does no harm.
	for _, torn := range []string{"he", "heads 1 2026-11-", blocks[0][:len(blocks[0])/2]} {
		require.NoError(t, os.WriteFile(file, []byte(whole+torn), 0o600))
		_, err = env.WriteAuditHeads(env.Context, file)
		require.NoError(t, err)
		heads, err := env.ReadAuditHeads(file)
		require.NoError(t, err)
		require.Equal(t, 4, heads.Blocks)
	}
}

func TestAuditHeadsAreDueOnceADay(t *testing.T) {
	env := storetest.SQLite(t)
	file := filepath.Join(t.TempDir(), "heads")
	due, err := env.AuditHeadsDue(file)
	require.NoError(t, err)
	require.True(t, due)
	_, err = env.WriteAuditHeads(env.Context, file)
	require.NoError(t, err)
	due, err = env.AuditHeadsDue(file)
	require.NoError(t, err)
	require.False(t, due)
}
