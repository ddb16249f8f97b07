package bench

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"time"

	"roomcover.dev/roomcover/models/db"
	rooms "roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/sync/simulator"
)

// pollUnchanged asks for all places when none of them changed.
func (b *syncBench) pollUnchanged(ctx context.Context) error {
	return b.measurePolls(ctx, &b.report.Unchanged, func(int) {})
}

// pollChanged asks for all places when each of them is read otherwise than before, and once more,
// when that is believed and its people are to be told.
func (b *syncBench) pollChanged(ctx context.Context) error {
	places := simulator.Rooms(b.o.Places)
	return b.measurePolls(ctx, &b.report.Changed, func(n int) {
		if n%2 == 1 {
			return // the same again: now it is believed
		}
		down := n%4 == 0
		for i := range places {
			places[i].Devices = slices.Clone(places[i].Devices)
			for d := range places[i].Devices {
				device := &places[i].Devices[d]
				device.Status, device.HealthStatus = "Online", "NoIssues"
				if down {
					device.Status, device.HealthStatus = "Offline", "Error"
				}
			}
		}
		b.cloud.Put(syncOrg(0), places...)
	})
}

// measurePolls asks for all places some times, each after a change.
func (b *syncBench) measurePolls(
	ctx context.Context, out *SyncPolls, change func(n int),
) error {
	out.Places = b.o.Places
	for n := range b.o.Polls {
		change(n)
		took, statements, err := b.poll(ctx)
		if err != nil {
			return err
		}
		out.Seconds = append(out.Seconds, took.Seconds())
		out.Statements = max(out.Statements, statements)
	}
	b.say("%d polls of %d places: the slowest %.2f s, at most %.0f statements", b.o.Polls,
		b.o.Places, slices.Max(out.Seconds), out.Statements)
	return nil
}

// addRooms adds places as rooms, as the form of the portal does, while as many more are known.
func (b *syncBench) addRooms(ctx context.Context) error {
	ctx = db.WithSystem(ctx)
	sync := b.parts.stack.Domains.Sync
	groups, err := sync.GroupsOf(ctx, b.account)
	if err != nil {
		return err
	}
	for _, g := range groups {
		g.Site, g.Country, g.Platform = g.PlaceGroup, "BR", rules.PlatformOther
		if err := sync.PutGroup(ctx, b.account, g, "bench"); err != nil {
			return err
		}
	}
	all, err := sync.Preview(ctx, b.account)
	if err != nil {
		return err
	}
	var choices []rooms.Choice
	for _, p := range all {
		if p.Kind == rooms.KindNew && len(choices) < b.o.Adds {
			choices = append(choices, rooms.Choice{PlaceID: p.ID, Act: rooms.Add})
		}
	}

	b.parts.statements.start()
	began := time.Now()
	outcomes, err := sync.Apply(ctx, b.account, choices, "bench")
	b.report.AddSeconds = time.Since(began).Seconds()
	b.report.AddStatements = total(b.parts.statements.stop(1))
	if err != nil {
		return err
	}
	for _, o := range outcomes {
		if o.Err == nil && o.Changed {
			b.report.Added++
		}
	}
	if b.report.Added != b.o.Adds {
		return fmt.Errorf("%d of %d rooms were added", b.report.Added, b.o.Adds)
	}
	b.say("%d rooms added in %.2f s with %.0f statements", b.report.Added, b.report.AddSeconds,
		b.report.AddStatements)
	return nil
}

// watchConnections looks at a worker of its own process and at the database, first with nobody
// connected and then while many connections are asked each minute.
func (b *syncBench) watchConnections(ctx context.Context) error {
	if b.o.Connections == 0 || b.o.Program == "" {
		return nil
	}
	system := db.WithSystem(ctx)
	sync := b.parts.stack.Domains.Sync
	if err := sync.Disconnect(system, b.account, "bench"); err != nil {
		return err
	}

	b.workerEnvironment = []string{
		"ROOMCOVER_SYNC_REGIONS=" + syncRegion + "=" + b.cloud.URL(),
		"SSL_CERT_FILE=" + b.roots,
	}
	cmd, err := b.startWorker()
	if err != nil {
		return err
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	}()

	w := &SyncWatch{Connections: b.o.Connections, PlacesEach: b.o.PlacesEach}
	b.report.Watch = w
	sleep(ctx, settlingTime)
	_, w.IdlePercent = b.share(ctx, cmd.Process.Pid)

	for n := range b.o.Connections {
		b.cloud.Put(syncOrg(n+1), simulator.Rooms(b.o.PlacesEach)...)
		if _, err := b.connect(system, n+1); err != nil {
			return err
		}
	}
	b.say("%d connections of %d places; watching for %s", w.Connections, w.PlacesEach, b.o.Watched)
	sleep(ctx, settlingTime+2*time.Minute) // each was read twice: nothing changes any more
	before := len(b.cloud.Requests())
	w.Seconds, w.Percent = b.share(ctx, cmd.Process.Pid)
	w.Requests = len(b.cloud.Requests()) - before
	b.say("worker and database: %.2f %% of a core idle, %.2f %% with %d requests in %.0f s",
		w.IdlePercent, w.Percent, w.Requests, w.Seconds)
	return ctx.Err()
}

// settlingTime is how long a worker takes to come up.
const settlingTime = 15 * time.Second

// share is how much of one core a worker and the database use while they are watched.
func (b *syncBench) share(ctx context.Context, pid int) (seconds, percent float64) {
	used := func() time.Duration { return cpuOf(pid, false) + b.parts.databaseCPU() }
	began, before := time.Now(), used()
	sleep(ctx, b.o.Watched)
	seconds = time.Since(began).Seconds()
	return seconds, (used() - before).Seconds() / seconds * 100
}
