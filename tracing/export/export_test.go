package export_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"roomcover.dev/roomcover/tracing"
	"roomcover.dev/roomcover/tracing/export"
)

func TestTracesAreSentWhereTheEnvironmentSays(t *testing.T) {
	var sent [][]byte
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/traces" {
			body, _ := io.ReadAll(r.Body)
			sent = append(sent, body)
		}
	}))
	defer collector.Close()
	before := otel.GetTracerProvider()
	defer otel.SetTracerProvider(before)

	require.False(t, export.On())
	stop, err := export.Start(t.Context(), "serve", "test")
	require.NoError(t, err)
	require.NoError(t, stop(t.Context()))
	require.Equal(t, before, otel.GetTracerProvider(), "off until an address is set")

	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	require.True(t, export.On())
	stop, err = export.Start(t.Context(), "serve", "test")
	require.NoError(t, err)
	ctx, span := tracing.Span(t.Context(), trace.SpanKindServer, "GET /v1/orders/:id")
	require.NotEmpty(t, tracing.ID(ctx))
	tracing.End(span, nil)
	require.NoError(t, stop(t.Context()), "what is left is sent")
	require.Len(t, sent, 1)
	for _, word := range []string{"roomcover-serve", "GET /v1/orders/:id"} {
		require.True(t, bytes.Contains(sent[0], []byte(word)), word)
	}
}
