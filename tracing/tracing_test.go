package tracing_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"roomcover.dev/roomcover/tracing"
)

// recorded has spans kept until the test ends.
func recorded(t *testing.T) *tracetest.SpanRecorder {
	t.Helper()
	r := tracetest.NewSpanRecorder()
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(r)))
	t.Cleanup(func() { otel.SetTracerProvider(before) })
	return r
}

func TestATraceGoesOnByARow(t *testing.T) {
	recorded(t)
	ctx, span := tracing.Span(t.Context(), trace.SpanKindServer, "one")
	row := map[string]string{"why": "damage"}
	tracing.Put(ctx, row)
	tracing.End(span, nil)
	require.Len(t, row, 2)

	later := tracing.Follow(context.Background(), row)
	require.Equal(t, tracing.ID(ctx), tracing.ID(later))
	require.NotEmpty(t, tracing.ID(later))
}

func TestWithoutATraceNothingIsAdded(t *testing.T) {
	row := map[string]string{}
	tracing.Put(t.Context(), row)
	require.Empty(t, row)
	require.Empty(t, tracing.ID(tracing.Follow(t.Context(), row)))
	for _, nonsense := range []string{"", "x", "00-0-0-00", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"} {
		require.Empty(t, tracing.ID(tracing.Follow(t.Context(), map[string]string{"traceparent": nonsense})))
	}
}

func TestASpanDoesNotTellAnErrorsText(t *testing.T) {
	r := recorded(t)
	_, span := tracing.Span(t.Context(), trace.SpanKindClient, "one")
	tracing.End(span, errors.New("ana@acme.example is unknown"))
	ended := r.Ended()[0]
	require.Equal(t, sdktrace.Status{Code: codes.Error}, ended.Status())
	require.Empty(t, ended.Events())
}

func TestALineOfTheLogNamesItsTrace(t *testing.T) {
	recorded(t)
	var out bytes.Buffer
	log := slog.New(tracing.Logs(slog.NewJSONHandler(&out, nil))).With("a", 1)
	ctx, span := tracing.Span(t.Context(), trace.SpanKindServer, "one")
	log.InfoContext(ctx, "within")
	tracing.End(span, nil)
	var line map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &line))
	require.Equal(t, tracing.ID(ctx), line["trace_id"])

	out.Reset()
	log.Info("without")
	require.NotContains(t, out.String(), "trace_id")
}
