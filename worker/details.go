package worker

import (
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/messages/process"
	"roomcover.dev/roomcover/rules/processes"
	"roomcover.dev/roomcover/workflows"
)

// detailsLocale is the language of Temporal's own pages.
const detailsLocale = "en"

// charts are those of the processes, by their names.
var charts = func() map[string]processes.Chart {
	out := map[string]processes.Chart{}
	for _, c := range processes.Charts() {
		out[c.Name] = c
	}
	return out
}()

// words say where a process stands as its chart says it, with the steps that are stuck and
// the instants that come, in UTC. They name ids, codes and instants alone.
func words(s workflows.Standing) string {
	l := messages.In(detailsLocale)
	var lines []string
	if said := sentences(l, s); said != "" {
		lines = append(lines, said)
	}

	for _, step := range s.Stuck {
		lines = append(lines, l.Say("process.details.stuck", messages.Args{"step": step}))
	}
	for _, step := range s.Coming {
		at := step.At.UTC().Format(time.RFC3339)
		lines = append(lines, l.Say("process.details.coming",
			messages.Args{"name": step.Name, "at": at}))
	}
	if s.Version > 0 {
		lines = append(lines, l.Say("process.details.told",
			messages.Args{"version": strconv.FormatInt(s.Version, 10)}))
	}

	return strings.Join(lines, "\n\n")
}

func sentences(l *messages.Language, s workflows.Standing) string {
	chart, charted := charts[s.Process]
	waits, who := "", ""
	switch {
	case s.Process == "" || charted && s.State == "":
		return ""
	case !charted: // a file
		waits, who = l.Say("process.details.import.waits"), l.Say("process.details.import.who")
	default:
		until := ""
		if !s.Until.IsZero() {
			until = s.Until.UTC().Format("2006-01-02 15:04 UTC")
		}
		waits, who = process.Texts(chart, s.State, s.WaitsFor, until, detailsLocale)
	}

	return l.Say("process.sentence", messages.Args{"waits": waits, "who": who})
}
