package processes

import (
	"slices"
	"strings"

	"roomcover.dev/roomcover/rules"
)

// Chart is the states of one process and the arrows between them.
type Chart struct {
	Name   string // of its texts in the catalogue, such as "order"
	Of     string // of a track: the chart whose texts it shares; empty otherwise
	States []string
	Arrows []Arrow
}

// Arrow is a change of state; the one to the first state comes from "".
type Arrow struct{ From, To string }

// Charts lists the processes in the order in which people meet them.
func Charts() []Chart {
	return []Chart{
		chartOf("order", rules.OrderStates()),
		chartOf("invitation", rules.InvitationStates()),
		chartOf("contract", rules.ContractStates()),
		chartOf("licence", rules.LicenceStates()),
		chartOf("rma", rules.RMAStates()),
		chartOf("outbound", rules.OutboundStates()).trackOf("rma"),
		chartOf("return", rules.ReturnStates()).trackOf("rma"),
		chartOf("spare", rules.SpareStates()),
		chartOf("shipment", rules.ShipmentStates()),
		chartOf("mail", rules.NotificationStates()),
		{
			Name:   "csm",
			States: []string{taskOpen, taskDone},
			Arrows: []Arrow{{"", taskOpen}, {taskOpen, taskDone}},
		},
	}
}

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

func (c Chart) trackOf(name string) Chart {
	c.Of = name
	return c
}

// Name returns the name of the kind's chart and texts.
func (k Kind) Name() string { return strings.ToLower(string(k)) }

// Waits lists what a process of the chart waits for in a state, the usual first; none
// where it is at its end, or is not listed as under way.
func (c Chart) Waits(state string) []string {
	var waits []string
	for _, s := range situations {
		if s.Kind.Name() == c.Name && s.State == state && !slices.Contains(waits, s.WaitsFor) {
			waits = append(waits, s.WaitsFor)
		}
	}
	return waits
}

// Mermaid returns the chart as a Mermaid state diagram, with the current state marked
// where one is given.
func (c Chart) Mermaid(current string) string {
	lines := []string{"stateDiagram-v2"}
	leaves := map[string]bool{}
	for _, a := range c.Arrows {
		leaves[a.From] = leaves[a.From] || a.From != a.To
		from := a.From
		if from == "" {
			from = "[*]"
		}
		lines = append(lines, "    "+from+" --> "+a.To)
	}
	for _, state := range c.States {
		if !leaves[state] {
			lines = append(lines, "    "+state+" --> [*]")
		}
	}
	if current != "" {
		lines = append(lines, "    classDef current font-weight:bold,stroke-width:4px", "    class "+current+" current")
	}
	return strings.Join(lines, "\n") + "\n"
}
