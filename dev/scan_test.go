package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A parcel is meant by what people have at hand: a serial, a number, its own id or its tracking
// number.
func TestAScanFindsItsParcelByWhatIsAtHand(t *testing.T) {
	answers := map[string]string{
		"/v1/rmas?limit=1&serial=SN100":        `{"items":[{"id":"rma_1"}]}`,
		"/v1/spare-units?limit=1&serial=SP100": `{"items":[{"id":"spu_1"}]}`,
		"/v1/shipments?subject_id=rma_1":       `{"items":[{"direction":"RETURN","state":"LABELLED","tracking":"T2"},{"direction":"OUT","state":"LABELLED","tracking":"T1"}]}`,
		"/v1/shipments?subject_id=RMA-7F3K2":   `{"items":[{"direction":"OUT","state":"LABELLED","tracking":"T1"}]}`,
		"/v1/shipments?subject_id=spare-7F3K2": `{"items":[{"direction":"SPARE","state":"LABELLED","tracking":"T3"}]}`,
		"/v1/shipments?subject_id=spu_1":       `{"items":[{"direction":"SPARE","state":"LABELLED","tracking":"T3"}]}`,
		"/v1/shipments/shp_1":                  `{"tracking":"T1"}`,
		"/v1/shipments?tracking=T1":            `{"items":[{"direction":"OUT","state":"LABELLED","tracking":"T1"}]}`,
	}
	read := func(path string, into any) error {
		body, ok := answers[path]
		if !ok {
			body = `{"items":[]}`
		}
		return json.Unmarshal([]byte(body), into)
	}

	for said, want := range map[string]string{
		"SN100 out": "T1", "SN100 return": "T2", "SP100 out": "T3", "RMA-7F3K2 out": "T1",
		"spare-7F3K2 out": "T3", "shp_1 out": "T1", "T1 out": "T1",
	} {
		parcel, way, _ := strings.Cut(said, " ")
		got, err := scanCommand{Parcel: parcel, Way: way}.tracking(t.Context(), read)
		require.NoError(t, err, said)
		require.Equal(t, want, got, said)
	}
	for _, said := range []string{"SN999", "T9"} {
		_, err := scanCommand{Parcel: said, Way: "out"}.tracking(t.Context(), read)
		require.ErrorContains(t, err, "no replacement or spare unit has", said)
	}
	_, err := scanCommand{Parcel: "T1", Way: "return"}.tracking(t.Context(), read)
	require.ErrorContains(t, err, "no parcel return")
}
