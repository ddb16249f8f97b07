//go:build long

package e2e

import (
	"encoding/hex"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enums "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"roomcover.dev/roomcover/models/storetest"
)

// postgres runs a program of PostgreSQL, as docs/operations.md says.
func postgres(t *testing.T, name string, args ...string) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	require.NoError(t, err)
	require.NotEmpty(t, found, name)
	out, err := exec.Command(slices.Max(found), args...).CombinedOutput()
	require.NoError(t, err, "%s: %s", name, out)
	return strings.TrimSpace(string(out))
}

// superuser is the address of a database for the server's superuser; of another where one is
// named.
func superuser(t *testing.T, address, database string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	u.User = url.User("postgres")
	if database != "" {
		u.Path = "/" + database
	}
	return u.String()
}

// drill is a deployment whose stores are lost and restored.
type drill struct {
	t              *testing.T
	database       string
	roomcover, dev string
	port           []string
	env            []string
	temporalData   string
	mailData       string
	seller         string
	temporal, smtp *process
	serve, work    *process
	client         client.Client
}

func newDrill(t *testing.T) *drill {
	d := &drill{t: t, database: storetest.PostgresDSN(t), port: free(t, 5), temporalData: t.TempDir(), mailData: t.TempDir()}
	d.roomcover, d.dev = build(t)
	p := d.port
	d.env = append(os.Environ(),
		"ROOMCOVER_DATABASE_URL="+d.database, "ROOMCOVER_KEY="+hex.EncodeToString(storetest.Key),
		"ROOMCOVER_PUBLIC_URL=http://127.0.0.1:"+p[3], "ROOMCOVER_LISTEN=127.0.0.1:"+p[3],
		"ROOMCOVER_WORKER_METRICS_LISTEN=127.0.0.1:"+p[4],
		"ROOMCOVER_TEMPORAL_ADDRESS=127.0.0.1:"+p[0], "ROOMCOVER_SMTP_HOST=127.0.0.1",
		"ROOMCOVER_SMTP_PORT="+p[1], "ROOMCOVER_SMTP_TLS=none",
		"ROOMCOVER_SMTP_MESSAGE_ID_DOMAIN=roomcover.example")
	d.startTemporal()
	d.startSMTP()
	d.run("migrate")
	d.run("org", "set", "Revenda Sul", "--kind", "reseller", "--authorised-from", "2020-01-01")
	d.run("org", "set", "Distribuidora Norte", "--kind", "distributor", "--authorised-from", "2020-01-01")
	d.seller = secret(d.run("token", "create", "--org", "Revenda Sul", "--label", "orders"))
	d.startService()

	c, err := client.NewLazyClient(client.Options{HostPort: "127.0.0.1:" + p[0], Namespace: "roomcover"})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	d.client = c
	return d
}

func (d *drill) run(args ...string) string { return command(d.t, d.env, d.roomcover, args...) }

func (d *drill) startTemporal() {
	d.temporal = start(d.t, os.Environ(), d.dev, "temporal", "--data", d.temporalData,
		"--temporal-port", d.port[0], "--temporal-ui-port", "0")
	require.Eventually(d.t, func() bool { return strings.Contains(d.temporal.out.String(), "Temporal ready") },
		patience, 50*time.Millisecond)
}

func (d *drill) startSMTP() {
	d.smtp = start(d.t, os.Environ(), d.dev, "smtp", "--data", d.mailData, "--smtp-port", d.port[1],
		"--mails-port", d.port[2])
}

func (d *drill) startService() {
	d.serve = start(d.t, d.env, d.roomcover, "serve")
	d.work = start(d.t, d.env, d.roomcover, "worker")
	awaitOK(d.t, "http://127.0.0.1:"+d.port[3]+"/readyz")
	awaitOK(d.t, "http://127.0.0.1:"+d.port[4]+"/readyz")
}

func (d *drill) stopService() {
	require.Zero(d.t, d.serve.stop(d.t))
	require.Zero(d.t, d.work.stop(d.t))
}

// order sends an order under its own number, for its own customer.
func (d *drill) order(number string) string {
	return postOrder(d.t, "http://127.0.0.1:"+d.port[3]+"/v1/orders", d.seller, func(order string) string {
		return strings.Replace(order, `"PO-`, `"`+number+`-`, 1)
	})
}

// rows is what a query answers, as the superuser.
func (d *drill) rows(query string) string {
	return postgres(d.t, "psql", "-d", superuser(d.t, d.database, ""), "-At", "-c", query)
}

func (d *drill) await(query, answer, what string) {
	d.t.Helper()
	require.Eventually(d.t, func() bool { return d.rows(query) == answer }, patience, 200*time.Millisecond, what)
}

// copies is how many mails the seller's address got.
func (d *drill) copies() int { return arrived(d.port[2], "pedidos@revendasul.example") }

func (d *drill) awaitWorkflow(order string) {
	d.t.Helper()
	require.Eventually(d.t, func() bool {
		told, err := d.client.DescribeWorkflowExecution(d.t.Context(), "order/"+order, "")
		return err == nil && told.WorkflowExecutionInfo.Status == enums.WORKFLOW_EXECUTION_STATUS_RUNNING
	}, 2*patience, 200*time.Millisecond, "the order has its workflow")
}

const unsent = "SELECT count(*) FROM notifications WHERE state NOT IN ('SENT','DELIVERED')"

// The walk of docs/operations.md, "Restore": Temporal and the world know more than the dump of
// the database. What the dump knows goes on, mails that had not left when it was made are an
// operator's question instead of being sent twice, and what came after it is gone.
func TestADatabaseRestoredToAnEarlierTimeSendsNoMailTwice(t *testing.T) {
	d := newDrill(t)
	before := d.order("PO-BEFORE")
	d.await(unsent, "0", "all mails of the first order leave")
	require.NoError(t, d.smtp.cmd.Process.Kill())
	<-d.smtp.ended
	second := d.order("PO-SECOND")
	d.await("SELECT state FROM orders WHERE id = '"+second+"'", "FULFILLED", "its mails wait")
	waiting := d.rows(unsent)
	require.NotEqual(t, "0", waiting)

	dump := filepath.Join(t.TempDir(), "roomcover.dump")
	postgres(t, "pg_dump", "-Fc", "-f", dump, superuser(t, d.database, ""))

	d.startSMTP()
	d.await(unsent, "0", "they leave after the dump")
	d.order("PO-LOST")
	d.await("SELECT count(*) FROM orders WHERE state = 'FULFILLED'", "3", "an order after the dump")
	d.await(unsent, "0", "its mails leave")
	left := d.copies()
	require.Positive(t, left)

	// docker compose stop serve worker
	d.stopService()
	name := strings.TrimPrefix(must(t, d.database).Path, "/")
	admin := superuser(t, d.database, "postgres")
	postgres(t, "dropdb", "--maintenance-db", admin, "--if-exists", "--force", name)
	postgres(t, "createdb", "--maintenance-db", admin, "-O", "roomcover", name)
	postgres(t, "psql", "-d", admin, "-c", "REVOKE ALL ON DATABASE "+name+" FROM PUBLIC")
	postgres(t, "pg_restore", "--exit-on-error", "-d", superuser(t, d.database, ""), dump)
	d.run("migrate")
	d.run("audit", "verify")
	require.Contains(t, d.run("restart", "--restored"), "since the backup: "+waiting)

	// Temporal is emptied.
	require.Zero(t, d.temporal.stop(t))
	require.NoError(t, os.RemoveAll(filepath.Join(d.temporalData, "temporal")))
	d.startTemporal()
	d.startService()

	d.awaitWorkflow(before)
	d.awaitWorkflow(second)
	require.Equal(t, waiting, d.rows("SELECT count(*) FROM operator_tasks WHERE kind = 'MAIL_UNKNOWN' AND state = 'OPEN'"))
	require.Equal(t, "2", d.rows("SELECT count(*) FROM orders"), "what came after the dump is gone")
	d.order("PO-LOST") // its sender sends it again
	d.await("SELECT count(*) FROM orders WHERE state = 'FULFILLED'", "3", "and it is taken")
	d.await("SELECT count(*) FROM notifications WHERE state NOT IN ('SENT','DELIVERED','UNKNOWN')", "0", "its mails leave")
	again := d.copies() - left
	require.Equal(t, 1, again, "the new order's copy alone")
	require.Equal(t, "0", d.rows("SELECT count(*) FROM operator_tasks WHERE kind IN ('PROCESS_STUCK','OUTBOX_STUCK')"+
		" AND state = 'OPEN'"))
	d.stopService()
}

// The other way round, of docs/operations.md, "Loss of Temporal": the rows know more than
// Temporal's data, which came back as they were. What the rows know goes on, and no mail leaves
// twice.
func TestTemporalRestoredToAnEarlierTimeCatchesUpWithTheRows(t *testing.T) {
	d := newDrill(t)
	before := d.order("PO-BEFORE")
	d.await(unsent, "0", "all mails of the first order leave")
	d.awaitWorkflow(before)

	// A copy of Temporal's data, while it does not run.
	require.Zero(t, d.temporal.stop(t))
	backup := t.TempDir()
	require.NoError(t, os.CopyFS(filepath.Join(backup, "temporal"), os.DirFS(filepath.Join(d.temporalData, "temporal"))))
	d.startTemporal()

	after := d.order("PO-AFTER")
	d.await("SELECT state FROM orders WHERE id = '"+after+"'", "FULFILLED", "an order after the copy")
	d.await(unsent, "0", "its mails leave")
	left := d.copies()

	d.stopService()
	require.Zero(t, d.temporal.stop(t))
	require.NoError(t, os.RemoveAll(filepath.Join(d.temporalData, "temporal")))
	require.NoError(t, os.CopyFS(filepath.Join(d.temporalData, "temporal"), os.DirFS(filepath.Join(backup, "temporal"))))
	d.startTemporal()
	d.startService()
	d.run("temporal", "reconcile")

	d.awaitWorkflow(before)
	d.awaitWorkflow(after)
	d.await("SELECT count(*) FROM outbox_events WHERE delivered_at IS NULL AND kind NOT LIKE 'event.%'", "0", "all is told")
	d.await(unsent, "0", "nothing waits")
	require.Equal(t, left, d.copies(), "no mail leaves twice")
	require.Equal(t, "0", d.rows("SELECT count(*) FROM operator_tasks WHERE state = 'OPEN' AND kind <> 'ASSIGN_CSM'"))
	d.stopService()
}

func must(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u
}
