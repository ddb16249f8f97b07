package scim_test

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/storetest"
)

// Entra ID asks for 25 requests a second. This sends them for as long as ROOMCOVER_SCIM_BENCH says,
// such as 1m, and reports how long they took; without it, for a second.
func BenchmarkTwentyFiveRequestsASecond(b *testing.B) {
	storage := map[string]func(testing.TB) storetest.Env{
		"sqlite":   storetest.SQLite,
		"postgres": storetest.Postgres,
	}
	for name, open := range storage {
		b.Run(name, func(b *testing.B) {
			lasts := time.Second
			if said := os.Getenv("ROOMCOVER_SCIM_BENCH"); said != "" {
				var err error
				lasts, err = time.ParseDuration(said)
				require.NoError(b, err)
			}
			w := newTown(b, open(b))
			require.NoError(b, w.Exec("UPDATE accounts SET user_limit = 100000"))
			tick := time.NewTicker(time.Second / 25)
			defer tick.Stop()

			var took []time.Duration
			ids := []string{}
			for begin := time.Now(); time.Since(begin) < lasts; {
				<-tick.C
				n := len(took)
				at := time.Now()
				switch {
				case n%3 == 0:
					ids = append(ids, w.hire("Somebody", fmt.Sprintf("p%d@acme.example", n)))
				case n%3 == 1:
					w.send("GET", fmt.Sprintf(`/Users?filter=userName eq "p%d@acme.example"`, n), "")
				default:
					w.patch("/Users/"+ids[len(ids)-1], []string{off, on}[n%2])
				}
				took = append(took, time.Since(at))
			}
			slices.Sort(took)
			b.ReportMetric(float64(len(took))/lasts.Seconds(), "requests/s")
			b.ReportMetric(float64(took[len(took)/2].Milliseconds()), "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Milliseconds()), "p99-ms")
		})
	}
}
