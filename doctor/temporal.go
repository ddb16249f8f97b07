package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"

	"roomcover.dev/roomcover/worker"
)

const aboutTemporal = "Temporal"

// temporal looks at what the workers need there.
func (r *report) temporal(ctx context.Context, o Options) {
	c := o.Config.Temporal
	const setup = "Run roomcover temporal setup."
	const unswept = "contracts are not started, ended or reminded of."

	s, err := worker.Look(ctx, worker.Options{
		Temporal:  o.Temporal,
		Namespace: c.Namespace,
		Retention: c.Retention,
	})
	switch {
	case err != nil:
		r.temporalFails(err)
		return
	case !s.Namespace:
		r.fail(aboutTemporal, "It has no namespace "+c.Namespace+".", setup+
			" Where the service does not let you, make it by hand.")
		return
	}

	if s.Short {
		r.warn(aboutTemporal, fmt.Sprintf("It keeps what has ended for %s, and "+
			"ROOMCOVER_TEMPORAL_RETENTION asks for %s.", inDays(s.Retention), inDays(c.Retention)),
			setup)
	}
	switch {
	case !s.Schedule:
		r.fail(aboutTemporal, "It has no schedule for the sweep: "+unswept, setup)
	case s.Paused:
		r.fail(aboutTemporal, "The schedule of the sweep is paused: "+unswept,
			"Unpause daily-sweep in Temporal's pages.")
	}
	if !s.Polled {
		r.fail(aboutTemporal, "No worker asks it for work: mails, contracts and parcels wait.",
			"Start roomcover worker, and look at its log.")
	}
}

// temporalFails says why Temporal cannot be asked.
func (r *report) temporalFails(err error) {
	remedy := "Is it running, and reached from here? ROOMCOVER_TEMPORAL_ADDRESS says where it is."
	var refused *serviceerror.PermissionDenied
	if errors.As(err, &refused) {
		remedy = "It refuses the key or the certificate: look at ROOMCOVER_TEMPORAL_API_KEY and " +
			"ROOMCOVER_TEMPORAL_CERT_FILE."
	}
	r.fail(aboutTemporal, sentence("It does not answer: "+err.Error()), remedy)
}

// inDays is a time as people say it.
func inDays(d time.Duration) string {
	if days := d / (24 * time.Hour); days > 0 {
		return count(int(days), "day")
	}
	return d.String()
}

func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}
