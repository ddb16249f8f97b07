package console

import (
	"strings"

	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
)

// navGroup is a part of the navigation under a heading.
type navGroup struct {
	Label string
	Items []navItem
}

type navItem struct {
	Path, Label, Icon string
	Key               string // the letter that leads there after "g"; empty: none
	Count             string // how much waits there; empty: not counted
	Hot               bool   // some of it is late
	Current           bool
}

// section is an entry of the navigation as it is planned: who sees it, and what is counted.
type section struct {
	path, label, icon string
	needs             access
	count             func(navCounts) (n int64, hot bool)
}

// navCounts is what the navigation counts, read once for a page: the tasks that the queue opens
// with. Today counts processes too, which only its own page reads.
type navCounts = operations.OpenWork

// sections are the navigation, group by group; the labels are keys of messages.
var sections = []struct {
	label string
	items []section
}{
	{"console.nav.work", []section{
		{Root, "console.today.title", "sun", operator, nil},
		{queuePath, "console.queue.title", "inbox", may(rules.ViewProcesses),
			func(c navCounts) (int64, bool) { return c.Open, c.Late > 0 }},
	}},
	{"console.nav.business", []section{
		{ticketsPath, "console.tickets.title", "life-buoy", may(rules.UseTickets),
			func(c navCounts) (int64, bool) { return c.Tickets, c.LateOnes > 0 }},
		{roomsDownPath, "console.roomsdown.title", "activity", may(rules.UseTickets), nil},
		{ordersPath, "console.orders.title", "receipt", may(rules.ViewProcesses), nil},
		{replacementsPath, "console.replacements.title", "repeat-2", may(rules.ViewAccount), nil},
		{sparesPath, "console.spares.title", "boxes", may(rules.ViewAccount), nil},
		{accountsPath, "console.accounts.title", "building-2", may(rules.ViewProcesses), nil},
		{shipmentsPath, "console.shipments.title", "truck", may(rules.ViewProcesses), nil},
		{stockPath, "console.stock.title", "warehouse", may(rules.ViewProcesses), nil},
		{inboxPath, "console.inbox.title", "message-square", may(rules.ViewProcesses), nil},
		{mailsPath, "console.mails.title", "mail", may(rules.ViewProcesses), nil},
	}},
	{"console.nav.know", []section{
		{processesPath, "console.processes.title", "workflow", may(rules.ViewProcesses), nil},
		{numbersPath, "console.numbers.title", "chart-column", may(rules.ViewProcesses), nil},
		{auditPath, "console.audit.title", "scroll-text", may(rules.ViewAudit), nil},
	}},
	{"console.nav.setup", []section{
		{settingsPath, "console.settings.title", "settings", may(rules.ViewProcesses), nil},
	}},
}

// goKeys are the letters that lead to a page after "g". They are the same in each language, as
// hands learn them.
var goKeys = map[string]string{
	Root:             "t",
	queuePath:        "q",
	ticketsPath:      "h", // help
	roomsDownPath:    "d", // down
	ordersPath:       "o",
	replacementsPath: "r",
	sparesPath:       "s",
	accountsPath:     "c", // customers
	shipmentsPath:    "p", // parcels
	stockPath:        "k",
	inboxPath:        "b", // mailbox
	mailsPath:        "m",
	processesPath:    "w", // what waits for whom
	numbersPath:      "n",
	auditPath:        "a",
	settingsPath:     "e",
}

// navigation is what the operator may open, with what waits there.
func (v *visit) navigation() ([]navGroup, error) {
	counts, err := v.operations.OpenTasks(v.scope(), v.who.ID)
	if err != nil {
		return nil, err
	}

	var groups []navGroup
	for _, g := range sections {
		group := navGroup{Label: v.say(g.label)}
		for _, s := range g.items {
			if !(route{access: s.needs}).allows(v.who.Role) {
				continue
			}
			item := navItem{
				Path:  s.path,
				Label: v.say(s.label),
				Icon:  s.icon,
				Key:   goKeys[s.path],
			}
			item.Current = v.request.URL.Path == s.path ||
				s.path != Root && strings.HasPrefix(v.request.URL.Path, s.path+"/")
			if s.count != nil {
				n, hot := s.count(counts)
				item.Hot = hot
				if n > 0 {
					item.Count = v.queueCount(operations.QueueCount{N: n, AtLeast: counts.AtLeast})
				}
			}
			group.Items = append(group.Items, item)
		}
		if len(group.Items) > 0 {
			groups = append(groups, group)
		}
	}
	return groups, nil
}

// counted writes a number exactly up to a bound, and "1,000+" beyond.
func (v *visit) counted(n, most int64) string {
	if n > most {
		return v.language.Number(most) + "+"
	}
	return v.language.Number(n)
}
