package server

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/tracing"
)

// Whoever asks for help names a trace: it stands in the API's problem answers, on the console's page
// of a fault, and in each line of the log about the request.
func TestAFaultNamesItsTraceWhereverItIsTold(t *testing.T) {
	before := otel.GetTracerProvider()
	t.Cleanup(func() { otel.SetTracerProvider(before) })

	var log bytes.Buffer
	env := storetest.SQLite(t)
	h, err := Handler(Options{
		Domains:   env.Domains,
		Log:       slog.New(tracing.Logs(slog.NewJSONHandler(&log, nil))),
		PublicURL: "https://portal.example.com",
	})
	require.NoError(t, err)
	for _, path := range []string{"/v1/panics", "/console/panics"} {
		h.(*gin.Engine).GET(path, func(*gin.Context) { panic("at once") })
	}
	answer := func(path string) string {
		log.Reset()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Body.String()
	}
	logged := func() (id string) {
		lines := bytes.Split(bytes.TrimSpace(log.Bytes()), []byte("\n"))
		for i, text := range lines {
			var line struct {
				TraceID string `json:"trace_id"`
			}
			require.NoError(t, json.Unmarshal(text, &line))
			require.True(t, i == 0 || line.TraceID == id, "one trace: %s", log.String())
			id = line.TraceID
		}
		return id
	}

	require.NotContains(t, answer("/v1/panics"), "trace_id", "nobody traces")
	require.Empty(t, logged())

	otel.SetTracerProvider(sdktrace.NewTracerProvider())
	for _, path := range []string{"/v1/nothing", "/v1/orders", "/v1/panics"} {
		var problem struct {
			Code    string
			TraceID string `json:"trace_id"`
		}
		require.NoError(t, json.Unmarshal([]byte(answer(path)), &problem))
		require.NotEmpty(t, problem.Code)
		require.Regexp(t, "^[0-9a-f]{32}$", problem.TraceID, path)
		require.Equal(t, logged(), problem.TraceID, path)
	}

	page := answer("/console/panics")
	require.NotEmpty(t, logged())
	require.Contains(t, page, logged())
}
