package chaos

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	cloud "roomcover.dev/roomcover/sync"
	"roomcover.dev/roomcover/sync/simulator"
)

// cloudRegion is the region of the simulated Sync.
const cloudRegion = "Simulated"

// Cloud is a simulated Sync beside the rest, in the harness's own process: it is not killed, but
// refuses, is dead, slow or talks nonsense for a while.
type Cloud struct {
	*simulator.Simulator
	Client *cloud.Client // the harness's own
	roots  string        // file with who is believed about it
}

func startCloud(dir string) (*Cloud, error) {
	s, err := simulator.Start(simulator.Options{Unthrottled: true})
	if err != nil {
		return nil, err
	}
	c := &Cloud{Simulator: s, roots: filepath.Join(dir, "sync-roots.pem")}
	if err := os.WriteFile(c.roots, s.RootPEM(), 0o600); err != nil {
		return c, err
	}
	c.Client, err = cloud.NewClient(cloud.Options{
		Regions: map[string]string{cloudRegion: s.URL()},
		Roots:   s.Roots(),
	})
	return c, err
}

// environment is what the programs of the service are told of it.
func (c *Cloud) environment() []string {
	return []string{
		"ROOMCOVER_SYNC_REGIONS=" + cloudRegion + "=" + c.URL(),
		"SSL_CERT_FILE=" + c.roots,
	}
}

// troubles are what goes wrong at Sync: none of it is news of a room (S29).
var troubles = []simulator.Faults{
	{Status: 403},
	{Status: 503},
	{Status: 429, RetryAfter: 1},
	{Page: "<html>Bad gateway</html>"},
	{Cut: true},
	{Slow: 400 * time.Millisecond},
	{Status: 401},
}

// misbehave has Sync go wrong in one way after the other until the context ends; then it is well.
func (c *Cloud) misbehave(ctx context.Context, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 700))
	defer c.Break(simulator.Faults{})
	for ctx.Err() == nil {
		pause(ctx, 4*time.Second+upTo(r, 8*time.Second))
		c.Break(troubles[r.IntN(len(troubles))])
		pause(ctx, time.Second+upTo(r, 4*time.Second))
		c.Break(simulator.Faults{})
	}
}
