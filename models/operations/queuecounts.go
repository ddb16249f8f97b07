package operations

import (
	"slices"
	"strings"

	"roomcover.dev/roomcover/models/db"
)

// QueueCount is how many tasks there are; with AtLeast there may be more. Of what somebody has,
// of what nobody has and of all tasks the first 1,000 are counted: nobody works through more.
type QueueCount struct {
	N       int64
	AtLeast bool
}

// queueCounted bounds what is counted.
const queueCounted = 1000

// queueSet is what is counted apart from the rest, up to a bound: an index has each in the order in
// which it is due.
type queueSet string

const (
	setAll     queueSet = "all"
	setMine    queueSet = "mine"    // of who asks
	setNobodys queueSet = "nobodys" // what nobody has taken
	setTheirs  queueSet = "theirs"  // of the colleague whom the query asks for
)

// queueGroup is how many open tasks of a set are alike in all facets.
type queueGroup struct {
	Part        queueSet
	Kind        db.TaskKind
	AssigneeID  string
	TimeZone    string
	Late, Today bool
	ThisWeek    bool
	N           int64
}

// fits reports whether the group is due then.
func (g queueGroup) fits(due QueueDue) bool {
	switch due {
	case DueLate:
		return g.Late
	case DueToday:
		return g.Today
	case DueThisWeek:
		return g.ThisWeek
	}
	return true
}

// beyond reports whether nothing that is due then comes behind the group.
func (g queueGroup) beyond(due QueueDue) bool { return !g.Late && !g.fits(due) }

// sets are the sets that are counted, those that the query lists first, and how many these are.
func (q QueueQuery) sets(asks string) (sets []queueSet, listed int) {
	switch {
	case q.Assignee == "":
		return []queueSet{setAll, setMine, setNobodys}, 1
	case q.Assignee == QueueNobodys:
		return []queueSet{setNobodys, setMine, setAll}, 1
	case q.Assignee != asks && q.OrNobody:
		return []queueSet{setTheirs, setNobodys, setMine, setAll}, 2
	case q.Assignee != asks:
		return []queueSet{setTheirs, setMine, setNobodys, setAll}, 1
	case q.OrNobody:
		return []queueSet{setMine, setNobodys, setAll}, 2
	}
	return []queueSet{setMine, setNobodys, setAll}, 1
}

// count counts what the query narrows to, by each of its facets, in one reading.
func (q QueueQuery) count(tx *db.Tx, b queueBounds, out *Queue) error {
	asks := tx.Scope.Actor.ID
	sets, listed := q.sets(asks)
	var parts []string
	var rows []any
	for _, set := range sets {
		of := q.about(tx.Table("operator_tasks")).
			Select("'" + string(set) + "' AS part, kind, assignee_id, account_id, due_at").
			Order(db.QueueOrder).
			Limit(queueCounted + 1)
		switch set {
		case setMine:
			of = of.Where("assignee_id = ?", asks)
		case setNobodys:
			of = of.Where("assignee_id IS NULL")
		case setTheirs:
			of = of.Where("assignee_id = ?", q.Assignee)
		}
		parts = append(parts, "SELECT * FROM (?) AS of_"+string(set))
		rows = append(rows, of)
	}

	var groups []queueGroup
	err := tx.Table("("+strings.Join(parts, " UNION ALL ")+") AS counted", rows...).
		Joins("LEFT JOIN accounts ON accounts.id = counted.account_id").
		Select(`part, kind, COALESCE(assignee_id, ?) AS assignee_id,
			COALESCE(time_zone, '') AS time_zone,
			due_at <= ? AS late, due_at > ? AND due_at <= ? AS today,
			due_at > ? AND due_at <= ? AS this_week, count(*) AS n`,
			QueueNobodys, b.now, b.now, b.tomorrow, b.week, b.nextWeek).
		Group("1, 2, 3, 4, 5, 6, 7").
		Scan(&groups).Error
	if err != nil {
		return err
	}

	c := queueCounts{
		query:   q,
		asks:    asks,
		listed:  sets[:listed],
		counted: map[queueSet]int64{},
		beyond:  map[queueSet]map[QueueDue]bool{},
		out:     out,
	}
	c.enterAll(groups)
	return nil
}

// queueCounts adds groups up to what a query counts.
type queueCounts struct {
	query   QueueQuery
	asks    string
	listed  []queueSet
	counted map[queueSet]int64
	beyond  map[queueSet]map[QueueDue]bool // what comes behind is due later
	out     *Queue
}

func (c queueCounts) enterAll(groups []queueGroup) {
	for _, g := range groups {
		c.counted[g.Part] += g.N
		if c.beyond[g.Part] == nil {
			c.beyond[g.Part] = map[QueueDue]bool{}
		}
		for _, due := range []QueueDue{DueLate, DueToday, DueThisWeek} {
			if g.beyond(due) {
				c.beyond[g.Part][due] = true
			}
		}
	}

	q, out := c.query, c.out
	out.Kinds = map[db.TaskKind]QueueCount{}
	out.Assignees = map[string]QueueCount{}
	out.TimeZones = map[string]QueueCount{}
	out.Dues = map[QueueDue]QueueCount{}
	for _, due := range []QueueDue{"", DueLate, DueToday, DueThisWeek} {
		out.Dues[due] = QueueCount{AtLeast: c.others(due, c.listed...)}
	}
	out.Total.AtLeast = c.others(q.Due, c.listed...)
	out.Late.AtLeast = c.others(DueLate, c.listed...)
	for _, g := range groups {
		c.enter(g)
		c.enterAssignee(g)
	}
}

// others reports whether tasks that are due then may stand behind those of the sets that were
// counted.
func (c queueCounts) others(due QueueDue, sets ...queueSet) bool {
	return slices.ContainsFunc(sets, func(set queueSet) bool {
		return c.counted[set] > queueCounted && !c.beyond[set][due]
	})
}

// enter counts a group of what the query lists wherever it belongs: in a facet where all other
// facets fit, in the total where all do.
func (c queueCounts) enter(g queueGroup) {
	if !slices.Contains(c.listed, g.Part) {
		return
	}
	q, out := c.query, c.out
	kind := q.Kind == "" || q.Kind == g.Kind
	zone := q.TimeZone == "" || q.TimeZone == g.TimeZone
	due := g.fits(q.Due)
	more := c.others(q.Due, c.listed...)

	if zone && due {
		out.Kinds[g.Kind] = QueueCount{out.Kinds[g.Kind].N + g.N, more}
	}
	if kind && due && g.TimeZone != "" {
		out.TimeZones[g.TimeZone] = QueueCount{out.TimeZones[g.TimeZone].N + g.N, more}
	}
	if kind && zone {
		for due, count := range out.Dues {
			if g.fits(due) {
				count.N += g.N
				out.Dues[due] = count
			}
		}
	}
	if kind && zone && due {
		out.Total.N += g.N
		if g.Late {
			out.Late.N += g.N
		}
	}
}

// enterAssignee counts a group for whoever has it, in the set in which most of it is counted.
func (c queueCounts) enterAssignee(g queueGroup) {
	q, out := c.query, c.out
	set := setAll
	switch g.AssigneeID {
	case QueueNobodys:
		set = setNobodys
	case c.asks:
		set = setMine
	case q.Assignee:
		set = setTheirs
	}
	fits := (q.Kind == "" || q.Kind == g.Kind) &&
		(q.TimeZone == "" || q.TimeZone == g.TimeZone) &&
		g.fits(q.Due)
	if g.Part != set || !fits {
		return
	}
	n := out.Assignees[g.AssigneeID].N + g.N
	out.Assignees[g.AssigneeID] = QueueCount{n, c.others(q.Due, set)}
}
