package strictjson_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/strictjson"
)

func TestDecodeReadsInstants(t *testing.T) {
	type document struct {
		At    *time.Time `json:"at"`
		Other time.Time  `json:"other"`
	}
	var d document
	require.Empty(
		t, strictjson.Decode([]byte(`{"at":"2026-11-26T09:30:00-03:00","other":"2026-11-26T12:30:00.5Z"}`), &d),
	)
	require.Equal(t, "2026-11-26T12:30:00Z", d.At.UTC().Format(time.RFC3339))
	require.Equal(t, 500*time.Millisecond, time.Duration(d.Other.Nanosecond()))
	for _, wrong := range []string{`"2026-11-26"`, `"yesterday"`, `""`, `5`, `{}`, `[1]`} {
		require.Len(t, codes(strictjson.Decode([]byte(`{"at":`+wrong+`}`), &d)), 1, wrong)
	}
	require.Equal(t, []string{"/at INVALID_DATE"},
		codes(strictjson.Decode([]byte(`{"at":"2026-11-26T25:00:00Z"}`), &d)))
}
