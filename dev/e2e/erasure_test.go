//go:build long

package e2e

import (
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The person of the order, as nobody else is called.
const (
	canaryMail = "canary.person@acme.example"
	canaryName = "Canaria Passaro"
)

// S33: a person whose order went through a real deployment, and who was erased then, is found
// nowhere: not in a dump of the database, where their mails are kept too, not in what Temporal
// has stored, histories among it, and not in what the programs have logged.
func TestS33_AnErasedPersonIsInNoHistoryDumpOrLog(t *testing.T) {
	d := newDrill(t)
	lead := secret(d.run("token", "create", "--org", "operator", "--role", "operator_lead", "--label", "desk"))
	order := postOrder(t, "http://127.0.0.1:"+d.port[3]+"/v1/orders", d.seller, func(order string) string {
		order = strings.Replace(order, "ana.souza@acme.example", canaryMail, 1)
		return strings.Replace(order, "Ana Souza", canaryName, 1)
	})
	d.await("SELECT state FROM orders WHERE id = '"+order+"'", "FULFILLED", "the order is fulfilled")
	d.await(unsent, "0", "its mails leave, the invitation among them")
	require.Positive(t, arrived(d.port[2], canaryMail), "the person has a mail")
	d.awaitWorkflow(order)

	dump := func() string {
		return postgres(t, "pg_dump", "--inserts", superuser(t, d.database, ""))
	}
	require.Contains(t, dump(), canaryMail, "before the erasure it is there")
	require.Contains(t, dump(), canaryName)

	command(t, append(d.env, "ROOMCOVER_URL=http://127.0.0.1:"+d.port[3], "ROOMCOVER_TOKEN="+lead),
		d.roomcover, "privacy", "erase", canaryMail, "--confirm", canaryMail, "--reason", "asked by letter")
	d.await("SELECT state FROM privacy_requests", "DONE", "the worker erases the person")

	d.stopService()
	require.Zero(t, d.temporal.stop(t))
	require.NotEmpty(t, found(stored(t, d.temporalData), order), "Temporal knows the order")
	for _, said := range []string{canaryMail, canaryName} {
		require.Empty(t, found(map[string]string{
			"dump":         dump(),
			"serve's log":  d.serve.out.String(),
			"worker's log": d.work.out.String(),
			"its log":      d.temporal.out.String(),
		}, said), said)
		require.Empty(t, found(stored(t, d.temporalData), said), "%s in what Temporal has stored", said)
	}
}

// stored is what the files below a folder hold.
func stored(t *testing.T, folder string) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		out[path] = string(content)
		return err
	}))
	return out
}

// found are those that hold a text, whatever its case, as it is or in hexadecimal digits.
func found(texts map[string]string, said string) (where []string) {
	said = strings.ToLower(said)
	for name, text := range texts {
		text = strings.ToLower(text)
		if strings.Contains(text, said) || strings.Contains(text, hex.EncodeToString([]byte(said))) {
			where = append(where, name)
		}
	}
	return where
}
