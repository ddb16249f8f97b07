package processes

import (
	"slices"
	"strings"
	"sync"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/rma"
	"roomcover.dev/roomcover/rules/shipping"
	"roomcover.dev/roomcover/rules/spare"
	"roomcover.dev/roomcover/rules/ticket"
)

// Chart is the states of one process and the arrows between them.
type Chart struct {
	Name   string // of its texts in the catalogue, such as "order"
	Of     string // of a track: the chart whose texts it shares; empty otherwise
	States []string
	Arrows []Arrow
	own    []string // of a track: states of which it says something of its own
}

// Arrow is a change of state; the one to the first state comes from "".
type Arrow struct{ From, To string }

// Charts lists the processes in the order in which people meet them. They are drawn once: each
// line of a list of processes asks them for its sentence.
func Charts() []Chart { return charts() }

var charts = sync.OnceValue(func() []Chart {
	return []Chart{
		chartOf("order", rules.OrderStates()),
		chartOf("invitation", rules.InvitationStates()),
		chartOf("contract", rules.ContractStates()),
		chartOf("licence", rules.LicenceStates()),
		chartOf("rma", rma.RMAStates()),
		chartOf("outbound", rma.OutboundStates()).trackOf("rma"),
		chartOf("return", rma.ReturnStates()).trackOf("rma", string(rma.ReturnInspected)),
		chartOf("spare", spare.SpareStates()),
		chartOf("shipment", shipping.ShipmentStates()),
		chartOf("ticket", ticket.States()),
		chartOf("mail", rules.NotificationStates()),
		{
			Name:   "csm",
			States: []string{taskOpen, taskDone},
			Arrows: []Arrow{{"", taskOpen}, {taskOpen, taskDone}},
		},
		{
			Name:   "contact",
			States: []string{questionOpen, questionConfirmed, questionRefused},
			Arrows: []Arrow{
				{"", questionOpen},
				{questionOpen, questionConfirmed},
				{questionOpen, questionRefused},
			},
		},
	}
})

func chartOf[S interface {
	~string
	CanBecome(S) bool
}](name string, states []S) Chart {
	c := Chart{Name: name}
	for _, from := range append([]S{""}, states...) {
		if from != "" {
			c.States = append(c.States, string(from))
		}

		for _, to := range states {
			if from.CanBecome(to) {
				c.Arrows = append(c.Arrows, Arrow{string(from), string(to)})
			}
		}
	}

	return c
}

// trackOf makes the chart a track of another; own are the states in which the track's
// text differs from the whole's.
func (c Chart) trackOf(name string, own ...string) Chart {
	c.Of, c.own = name, own
	return c
}

// Name returns the name of the kind's chart and texts.
func (k Kind) Name() string { return strings.ToLower(string(k)) }

// Waits lists what a process of the chart waits for in a state, the usual first; it is
// empty where the process has ended, or is not listed as under way.
func (c Chart) Waits(state string) []string {
	var waits []string
	for _, s := range situations {
		if s.State == state && s.Kind.Name() == c.Name && !slices.Contains(waits, s.WaitsFor) {
			waits = append(waits, s.WaitsFor)
		}
	}
	return waits
}

// Text returns the key, in the catalogue, of the texts about a process that waits for
// something in a state. What it usually waits for there, or nothing, is the state's own
// text; a state that is over is one in which it usually waits for nothing. A track shares
// the texts of the states that it has in common with its whole.
func (c Chart) Text(state, wait string) string {
	for _, whole := range Charts() {
		if whole.Name == c.Of && slices.Contains(whole.States, state) &&
			!slices.Contains(c.own, state) {
			return whole.Text(state, wait)
		}
	}

	key := c.Name + "." + state
	waits := c.Waits(state)
	if c.over(state) {
		waits = append([]string{""}, waits...)
	}
	if wait == "" || len(waits) == 0 || waits[0] == wait {
		return key
	}

	return key + "." + wait
}

// over reports whether no arrow leads out of a state.
func (c Chart) over(state string) bool {
	return !slices.ContainsFunc(c.Arrows, func(a Arrow) bool { return a.From == state })
}

// Texts lists the keys of the chart's own texts, in the order of its states.
func (c Chart) Texts() []string {
	var keys []string
	for _, state := range c.States {
		for _, wait := range append([]string{""}, c.Waits(state)...) {
			key := c.Text(state, wait)
			if strings.HasPrefix(key, c.Name+".") && !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}

	return keys
}

// Mermaid returns the chart as a Mermaid state diagram, with the current state marked
// where one is given.
func (c Chart) Mermaid(current string) string {
	lines := []string{"stateDiagram-v2"}
	for _, a := range c.Arrows {
		from := a.From
		if from == "" {
			from = "[*]"
		}
		lines = append(lines, "    "+from+" --> "+a.To)
	}

	for _, state := range c.States {
		if c.over(state) {
			lines = append(lines, "    "+state+" --> [*]")
		}
	}

	if current != "" {
		lines = append(lines,
			"    classDef current font-weight:bold,stroke-width:4px",
			"    class "+current+" current")
	}

	return strings.Join(lines, "\n") + "\n"
}
