package temporalserver_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"roomcover.dev/roomcover/dev/ports"
	"roomcover.dev/roomcover/dev/temporalserver"
	"roomcover.dev/roomcover/freeport"
)

const (
	taskQueue = "test"
	deadline  = 60 * time.Second
)

var orderState = temporal.NewSearchAttributeKeyKeyword("RcState")

func double(_ context.Context, n int) (int, error) { return 2 * n, nil }

// answer waits for a signal between two activities, so that a test can stop
// the server in the middle.
func answer(ctx workflow.Context, n int) (int, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: deadline})
	if err := workflow.ExecuteActivity(ctx, double, n).Get(ctx, &n); err != nil {
		return 0, err
	}
	workflow.GetSignalChannel(ctx, "go on").Receive(ctx, nil)
	err := workflow.ExecuteActivity(ctx, double, n).Get(ctx, &n)
	return n, err
}

func TestWorkflowsSurviveAStopAndAStart(t *testing.T) {
	ctx := testContext(t)
	o := options(t)

	first := start(t, o)
	c := connect(t, first)
	w := work(t, c)
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: "ord_1", TaskQueue: taskQueue,
		TypedSearchAttributes: temporal.NewSearchAttributes(orderState.ValueSet("WAITING")),
	}, answer, 10)
	require.NoError(t, err)
	awaitEvents(ctx, t, c, "ord_1", enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
	awaitFound(ctx, t, c, "RcState = 'WAITING'")
	w.Stop() // what it has begun is written down before the history is read
	before := events(ctx, t, c, "ord_1")
	c.Close()
	require.NoError(t, first.Stop())
	require.NoError(t, first.Stop(), "a second Stop does nothing")

	second := start(t, o)
	c = connect(t, second)
	work(t, c)
	after := events(ctx, t, c, "ord_1")
	require.GreaterOrEqual(t, len(after), len(before))
	require.Equal(t, before, after[:len(before)], "the history must begin as it was")
	require.NoError(t, c.SignalWorkflow(ctx, "ord_1", run.GetRunID(), "go on", nil))
	var got int
	require.NoError(t, c.GetWorkflow(ctx, "ord_1", run.GetRunID()).Get(ctx, &got))
	require.Equal(t, 40, got)
}

func TestNewSearchAttributesReachAnOldFile(t *testing.T) {
	ctx := testContext(t)
	o := options(t)
	require.NoError(t, start(t, o).Stop())

	o.SearchAttributes = map[string]enums.IndexedValueType{
		"RcState": enums.INDEXED_VALUE_TYPE_KEYWORD, "RcOpen": enums.INDEXED_VALUE_TYPE_INT,
	}
	c := connect(t, start(t, o))
	added := temporal.NewSearchAttributeKeyInt64("RcOpen")
	require.Eventually(t, func() bool {
		_, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
			ID: "ord_2", TaskQueue: taskQueue, TypedSearchAttributes: temporal.NewSearchAttributes(added.ValueSet(3)),
		}, answer, 1)
		return err == nil
	}, deadline, 100*time.Millisecond)
	awaitFound(ctx, t, c, "RcOpen = 3")
}

func TestNamespaceHasItsRetention(t *testing.T) {
	o := options(t)
	o.Retention = 72 * time.Hour
	c := connect(t, start(t, o))
	got, err := c.WorkflowService().DescribeNamespace(testContext(t),
		&workflowservice.DescribeNamespaceRequest{Namespace: temporalserver.DefaultNamespace})
	require.NoError(t, err)
	require.Equal(t, 72*time.Hour, got.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration())
}

func TestWebUIAnswersAndEndsWithTheServer(t *testing.T) {
	o := options(t)
	free, err := freeport.Find("127.0.0.1", 1)
	require.NoError(t, err)
	o.UIPort = free[0]
	s := start(t, o)

	var body string
	require.Eventually(t, func() bool {
		body, err = get(s.UIAddress() + "/api/v1/namespaces/" + s.Namespace())
		return err == nil
	}, deadline, 50*time.Millisecond)
	require.Contains(t, body, `"roomcover"`)

	require.NoError(t, s.Stop())
	require.NoError(t, ports.Check(o.Ports()...), "the ports must be free after Stop")
}

func TestTakenPortsAreNamedAndNothingStarts(t *testing.T) {
	grpc, ui := listen(t), listen(t)
	o := options(t)
	o.Dir = filepath.Join(o.Dir, "new")
	o.FrontendPort, o.UIPort = grpc, ui

	_, err := temporalserver.Start(testContext(t), o)

	require.ErrorContains(t, err, fmt.Sprintf("port %d for the Temporal server is taken", grpc))
	require.ErrorContains(t, err, "--temporal-port")
	require.ErrorContains(t, err, fmt.Sprintf("port %d for the Temporal web UI is taken", ui))
	require.ErrorContains(t, err, "--temporal-ui-port")
	require.NoDirExists(t, o.Dir)
}

func TestWrongOptionsAreToldAtOnce(t *testing.T) {
	_, err := temporalserver.Start(testContext(t), temporalserver.Options{Host: "example.org"})
	require.ErrorContains(t, err, "folder")
	require.ErrorContains(t, err, "--temporal-port")
	require.ErrorContains(t, err, `"example.org" is not an IP address`)
}

func TestUnfinishedSetUpBeginsAnew(t *testing.T) {
	o := options(t)
	require.NoError(t, os.WriteFile(filepath.Join(o.Dir, "temporal.db"), []byte("half a file"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(o.Dir, "temporal.db.unfinished"), nil, 0o600))
	start(t, o)
	require.NoFileExists(t, filepath.Join(o.Dir, "temporal.db.unfinished"))
}

func TestFolderNameMayHoldWhatAURIGivesAMeaning(t *testing.T) {
	o := options(t)
	o.Dir = filepath.Join(o.Dir, "a folder? 100% #1")
	start(t, o)
	require.FileExists(t, filepath.Join(o.Dir, "temporal.db"))
}

func TestLogIsQuietAtWarn(t *testing.T) {
	var out lines
	o := options(t)
	o.Log, o.LogLevel = slog.NewTextHandler(&out, nil), slog.LevelWarn
	require.NoError(t, start(t, o).Stop())
	require.NotContains(t, out.String(), "level=INFO")
	require.Less(t, strings.Count(out.String(), "\n"), 20, "warnings of a start and a stop:\n%s", &out)
	t.Log(out.String())
}

func options(t *testing.T) temporalserver.Options {
	t.Helper()
	free, err := freeport.Find("127.0.0.1", 1)
	require.NoError(t, err)
	return temporalserver.Options{
		Dir:              t.TempDir(),
		FrontendPort:     free[0],
		SearchAttributes: map[string]enums.IndexedValueType{"RcState": enums.INDEXED_VALUE_TYPE_KEYWORD},
		LogLevel:         slog.LevelWarn,
	}
}

func start(t *testing.T, o temporalserver.Options) *temporalserver.Server {
	t.Helper()
	began := time.Now()
	s, err := temporalserver.Start(testContext(t), o)
	require.NoError(t, err)
	t.Logf("started in %s", time.Since(began).Round(time.Millisecond))
	t.Cleanup(func() { _ = s.Stop() })
	return s
}

func connect(t *testing.T, s *temporalserver.Server) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{
		HostPort: s.Address(), Namespace: s.Namespace(),
		Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func work(t *testing.T, c client.Client) worker.Worker {
	t.Helper()
	w := worker.New(c, taskQueue, worker.Options{})
	w.RegisterWorkflow(answer)
	w.RegisterActivity(double)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	return w
}

// awaitEvents follows the history until it holds an event of each kind, one after the other.
func awaitEvents(ctx context.Context, t *testing.T, c client.Client, id string, kinds ...enums.EventType) {
	t.Helper()
	it := c.GetWorkflowHistory(ctx, id, "", true, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for it.HasNext() {
		e, err := it.Next()
		require.NoError(t, err)
		if e.GetEventType() == kinds[0] {
			kinds = kinds[1:]
		}
		if len(kinds) == 0 {
			return
		}
	}
	require.Fail(t, "the workflow ended without the event", kinds[0].String())
}

func awaitFound(ctx context.Context, t *testing.T, c client.Client, query string) {
	t.Helper()
	require.Eventually(t, func() bool {
		found, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
		return err == nil && found.GetCount() == 1
	}, deadline, 50*time.Millisecond, query)
}

func events(ctx context.Context, t *testing.T, c client.Client, id string) []string {
	t.Helper()
	var all []string
	for it := c.GetWorkflowHistory(ctx, id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); it.HasNext(); {
		e, err := it.Next()
		require.NoError(t, err)
		all = append(all, e.String())
	}
	return all
}

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	t.Cleanup(cancel)
	return ctx
}

func get(url string) (string, error) {
	res, err := http.Get(url)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", url, res.Status)
	}
	return string(body), err
}

func listen(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().(*net.TCPAddr).Port
}

// lines is a buffer that several goroutines may write to.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
