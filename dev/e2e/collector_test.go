package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"
)

// traces is a collector of OpenTelemetry that keeps what it is sent.
type traces struct {
	url string

	mu     sync.Mutex
	bodies [][]byte
}

func collect(t *testing.T) *traces {
	t.Helper()
	kept := &traces{}
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil && r.URL.Path == "/v1/traces" {
			kept.mu.Lock()
			defer kept.mu.Unlock()
			kept.bodies = append(kept.bodies, body)
		}
	}))
	t.Cleanup(s.Close)
	kept.url = s.URL
	return kept
}

// namesIn are the names of the spans of the trace that has one of a name.
func (c *traces) namesIn(t *testing.T, name string) []string {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	byTrace := map[string][]string{}
	var wanted string
	for _, body := range c.bodies {
		var sent collector.ExportTraceServiceRequest
		require.NoError(t, proto.Unmarshal(body, &sent))
		for _, of := range sent.ResourceSpans {
			for _, in := range of.ScopeSpans {
				for _, span := range in.Spans {
					id := string(span.TraceId)
					byTrace[id] = append(byTrace[id], span.Name)
					if span.Name == name {
						wanted = id
					}
				}
			}
		}
	}
	return byTrace[wanted]
}

// requireOneTrace holds an order to one trace from its request to its mails, over four processes,
// in which nobody is named.
func (c *traces) requireOneTrace(t *testing.T) {
	t.Helper()
	names := c.namesIn(t, "POST /v1/orders")
	for _, want := range []string{
		"INSERT orders", "relay order.start", "StartWorkflow:Order", "RunActivity:Fulfil",
		"INSERT notifications", "smtp send",
	} {
		require.Condition(t, func() bool {
			for _, name := range names {
				if strings.HasPrefix(name, want) {
					return true
				}
			}
			return false
		}, "%s is not among %v", want, names)
	}
	for _, body := range c.bodies {
		for _, personal := range []string{"ana.souza", "Souza", "Acme", "revendasul", "PO-2026"} {
			require.False(t, bytes.Contains(body, []byte(personal)), personal)
		}
	}
}
