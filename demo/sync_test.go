package demo

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// Nothing requires Sync (R34b): where none runs, or the service knows no region of it, both chapters
// say so and the story goes on.
func TestR34b_TheStoryGoesOnWithoutSync(t *testing.T) {
	absent := func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, "/sync", r.URL.Path)
		_, _ = w.Write([]byte(`<h1>Sync</h1><p class="note">Não está configurado.</p>`))
	}
	for name, certificate := range map[string]string{"no Sync runs": "", "no region is known": "PEM"} {
		t.Run(name, func(t *testing.T) {
			s, out := testStory(t, absent)
			s.SyncCertificate, s.SyncKey = certificate, certificate
			require.NoError(t, s.connectSync(t.Context()))
			require.NoError(t, s.helpInOneClick(t.Context()))
			require.Equal(t, 2, bytes.Count(out.Bytes(), []byte("no Sync runs here")))
			require.Zero(t, s.checks, "nothing is counted that was not looked at")
		})
	}
}

func TestTheRegionOfSyncIsReadFromItsForm(t *testing.T) {
	s, _ := testStory(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`<select id="region" name="region" aria-describedby="region-help">` +
			`<option value="Simulated" selected>Simulated</option></select>`))
	})
	s.SyncCertificate, s.SyncKey = "PEM", "PEM"
	region, err := s.syncRegion(t.Context())
	require.NoError(t, err)
	require.Equal(t, "Simulated", region)
}
