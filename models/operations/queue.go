package operations

import (
	"cmp"
	"context"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
)

// QueueQuery asks for the open tasks of operators.
type QueueQuery struct {
	Kind      db.TaskKind
	AccountID string
	Subject   string // id of what it is about
	Assignee  string // an operator's id, QueueNobodys, or empty for all
	OrNobody  bool   // also what nobody has taken
	TimeZone  string // IANA name: of the customers; empty: of all
	Due       QueueDue
	Zone      string // IANA name: where the day of the tasks begins and ends; empty: UTC
	Uncounted bool   // count nothing: only the tasks are asked for
	Limit     int    // 1 to 200, 0 means 50
	After     QueueCursor
}

// QueueDue narrows the queue by when its tasks are due.
type QueueDue string

// The choices of QueueDue; empty is any. A week begins on Monday.
const (
	DueLate     QueueDue = "late"
	DueToday    QueueDue = "today"
	DueThisWeek QueueDue = "week"
)

// QueueNobodys stands for the tasks that nobody has taken.
const QueueNobodys = "nobody"

// QueueItem is an open task with the names of what it is about.
type QueueItem struct {
	db.OperatorTask
	SubjectName  string
	AccountName  string
	AssigneeName string
	TimeZone     string // of the subject's place, else of the account; empty: of none
	Late         bool
}

// Queue is a page of the open tasks in the order in which they are due (S54).
type Queue struct {
	Items []QueueItem
	Next  QueueCursor
	// Total and Late count what the query narrows to. The maps count it by one facet, without
	// what the query says of that facet: Assignees by the operator's id, QueueNobodys for
	// nobody's; TimeZones by the customers' zone.
	Total, Late QueueCount
	Kinds       map[db.TaskKind]QueueCount
	Assignees   map[string]QueueCount
	TimeZones   map[string]QueueCount
	Dues        map[QueueDue]QueueCount
}

// Queue lists the open tasks with what they are about, in three statements. For the service
// and its operators.
func (s *Operations) Queue(ctx context.Context, q QueueQuery) (Queue, error) {
	b := s.queueBounds(q.Zone)
	var out Queue
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		out = Queue{}
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		if !q.Uncounted {
			if err := q.count(tx, b, &out); err != nil {
				return err
			}
		}

		page := db.Page{Limit: q.Limit}
		var tasks []db.OperatorTask
		err := q.first(tx, page.Size()+1, func(rows *gorm.DB) *gorm.DB {
			rows = q.narrow(rows, b)
			if q.After != (QueueCursor{}) {
				rows = rows.Where("(due_at, severity, id) > (?, ?, ?)",
					q.After.Due.UTC(), q.After.Severity, q.After.ID)
			}
			return rows
		}).Find(&tasks).Error
		if err != nil {
			return err
		}

		if len(tasks) > page.Size() {
			tasks = tasks[:page.Size()]
			last := tasks[len(tasks)-1]
			out.Next = QueueCursor{last.DueAt, last.Severity, last.ID}
		}
		late := int64(0)
		for _, t := range tasks {
			item := QueueItem{OperatorTask: t, Late: !b.now.Before(t.DueAt)}
			out.Items = append(out.Items, item)
			if item.Late {
				late++
			}
		}
		if q.After == (QueueCursor{}) && out.Next == (QueueCursor{}) { // the page has them all
			out.Total = QueueCount{N: int64(len(tasks))}
			out.Late = QueueCount{N: late}
		}
		out.Total.N = max(out.Total.N, int64(len(tasks)))
		out.Late.N = max(out.Late.N, late)
		return nameItems(tx, out.Items)
	})
	return out, err
}

// queueChain is the chain of the audit that says who has taken the queue with them.
const queueChain = "queue"

// NoteQueueFile audits that the caller takes so many tasks of the queue as a file: what a query
// narrows to. For the service and its operators.
func (s *Operations) NoteQueueFile(ctx context.Context, q QueueQuery, lines int) error {
	return s.db.Write(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		details := map[string]any{"lines": lines}
		for name, value := range map[string]string{
			"kind":      string(q.Kind),
			"account":   q.AccountID,
			"subject":   q.Subject,
			"assignee":  q.Assignee,
			"time_zone": q.TimeZone,
			"due":       string(q.Due),
		} {
			if value != "" {
				details[name] = value
			}
		}
		return tx.Audit(queueChain, nil, false, db.Entry{
			Verb:     "queue.downloaded",
			ObjectID: queueChain,
			Details:  details,
		})
	})
}

// QueueCursor is where a page of the queue ends.
type QueueCursor struct {
	Due      time.Time
	Severity int
	ID       string
}

// String is the cursor as callers see it; empty for none.
func (c QueueCursor) String() string {
	if c == (QueueCursor{}) {
		return ""
	}
	return AgendaCursor{c.Due, strconv.Itoa(c.Severity) + "-" + c.ID}.String()
}

// ParseQueueCursor reads what String wrote; anything else answers VALIDATION_FAILED.
func ParseQueueCursor(pointer, text string) (QueueCursor, error) {
	c, err := ParseAgendaCursor(pointer, text)
	if err != nil || text == "" {
		return QueueCursor{}, err
	}
	severity, id, found := strings.Cut(c.ID, "-")
	n, err := strconv.Atoi(severity)
	if err != nil || !found || id == "" {
		return QueueCursor{}, invalidCursor(pointer)
	}
	return QueueCursor{c.At, n, id}, nil
}

// queueBounds are the instants by which the queue is narrowed: now, the end of the desk's day,
// and the beginning and the end of its week.
type queueBounds struct {
	now, tomorrow, week, nextWeek time.Time
}

func (s *Operations) queueBounds(zone string) queueBounds {
	place := db.ZoneOf(zone)
	now := s.db.Now()
	day := rules.DateIn(now, place)
	monday := day.AddDays(-(int(day.In(time.UTC).Weekday()) + 6) % 7)
	return queueBounds{
		now:      now.UTC(),
		tomorrow: rules.StartOfDay(day.AddDays(1), place).UTC(),
		week:     rules.StartOfDay(monday, place).UTC(),
		nextWeek: rules.StartOfDay(monday.AddDays(7), place).UTC(),
	}
}

// openCounted bounds what every page's navigation counts: every page waits for it.
const openCounted = 200

// OpenWork counts open tasks, of which the first 200 are looked at.
type OpenWork struct {
	Open, Late        int64
	Tickets, LateOnes int64 // of them those about tickets that wait for us
	AtLeast           bool  // there are others
}

// OpenTasks counts the open tasks that an operator or nobody has taken, as their queue opens, and
// those of them that are late.
func (s *Operations) OpenTasks(ctx context.Context, operator string) (OpenWork, error) {
	var all OpenWork
	err := s.db.ReadSingle(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		of := QueueQuery{Assignee: cmp.Or(operator, QueueNobodys), OrNobody: true}
		some := of.first(tx, openCounted+1,
			func(rows *gorm.DB) *gorm.DB {
				return rows.Select("due_at, severity, id, kind").Where("state = ?", db.TaskOpen)
			})
		late := s.db.Now().UTC()
		return tx.Table("(?) AS counted", some).
			Select(`count(*) AS open,
				COALESCE(sum(CASE WHEN due_at <= ? THEN 1 ELSE 0 END), 0) AS late,
				COALESCE(sum(CASE WHEN kind = ? THEN 1 ELSE 0 END), 0) AS tickets,
				COALESCE(sum(CASE WHEN kind = ? AND due_at <= ? THEN 1 ELSE 0 END), 0)
					AS late_ones`,
				late, db.TaskTicket, db.TaskTicket, late).
			Scan(&all).Error
	})
	all.AtLeast = all.Open > openCounted
	for _, n := range []*int64{&all.Open, &all.Late, &all.Tickets, &all.LateOnes} {
		*n = min(*n, openCounted)
	}
	return all, err
}

// QueueItemOf reads one task, open or done, as the queue shows it.
func (s *Operations) QueueItemOf(ctx context.Context, id string) (QueueItem, error) {
	var items []QueueItem
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		var t db.OperatorTask
		q := tx.Scope.Accounts(tx.DB, "account_id")
		if err := db.Found(q.First(&t, "id = ?", id).Error); err != nil {
			return err
		}
		items = []QueueItem{{
			OperatorTask: t,
			Late:         t.State == db.TaskOpen && !s.db.Now().Before(t.DueAt),
		}}
		return nameItems(tx, items)
	})
	if err != nil {
		return QueueItem{}, err
	}
	return items[0], nil
}

// about narrows tasks to the open ones, of an account and about a subject where the query
// says so.
func (q QueueQuery) about(rows *gorm.DB) *gorm.DB {
	rows = rows.Where("operator_tasks.state = ?", db.TaskOpen)
	if q.AccountID != "" {
		rows = rows.Where("operator_tasks.account_id = ?", q.AccountID)
	}
	if q.Subject != "" {
		rows = rows.Where("operator_tasks.subject_id = ?", q.Subject)
	}
	return rows
}

// narrow narrows open tasks to what is asked for.
func (q QueueQuery) narrow(rows *gorm.DB, b queueBounds) *gorm.DB {
	rows = q.about(rows)
	if q.Kind != "" {
		rows = rows.Where("kind = ?", q.Kind)
	}
	if q.TimeZone != "" {
		rows = rows.Where("account_id IN (SELECT id FROM accounts WHERE time_zone = ?)",
			q.TimeZone)
	}

	switch q.Due {
	case DueLate:
		rows = rows.Where("due_at <= ?", b.now)
	case DueToday:
		rows = rows.Where("due_at > ? AND due_at <= ?", b.now, b.tomorrow)
	case DueThisWeek:
		rows = rows.Where("due_at > ? AND due_at <= ?", b.week, b.nextWeek)
	}

	return rows
}

// first selects the first so many tasks in the order of the queue, of those that narrow leaves
// and that belong to whom the query asks for. Somebody's and nobody's are each read by an index of
// their own: by one of all tasks, others' would be read past, and those are due first.
func (q QueueQuery) first(tx *db.Tx, n int, narrow func(*gorm.DB) *gorm.DB) *gorm.DB {
	of := func(whose string, args ...any) *gorm.DB {
		return narrow(tx.Model(&db.OperatorTask{})).
			Where(whose, args...).
			Order(db.QueueOrder).
			Limit(n)
	}
	switch {
	case q.Assignee == "":
		return narrow(tx.Model(&db.OperatorTask{})).Order(db.QueueOrder).Limit(n)
	case q.Assignee == QueueNobodys:
		return of("assignee_id IS NULL")
	case q.OrNobody:
		return tx.Table("(SELECT * FROM (?) AS own UNION ALL SELECT * FROM (?) AS free) AS found",
			of("assignee_id = ?", q.Assignee), of("assignee_id IS NULL")).
			Order(db.QueueOrder).
			Limit(n)
	}
	return of("assignee_id = ?", q.Assignee)
}

// nameItems gives the items the names of what they are about, whose they are and who has
// taken them.
func nameItems(tx *db.Tx, items []QueueItem) error {
	var ids []string
	for _, t := range items {
		ids = append(ids, t.SubjectID, db.Text(t.AccountID), db.Text(t.AssigneeID))
	}
	found, err := namesOf(tx, ids)
	if err != nil {
		return err
	}
	known := map[string]Name{}
	for _, n := range found {
		known[n.ID] = n
	}

	for i := range items {
		t := &items[i]
		subject, acc := known[t.SubjectID], known[db.Text(t.AccountID)]
		t.SubjectName = strings.TrimSpace(subject.Name)
		t.AccountName = acc.Name
		t.AssigneeName = known[db.Text(t.AssigneeID)].Name
		t.TimeZone = subject.TimeZone
		if t.TimeZone == "" {
			t.TimeZone = acc.TimeZone
		}
	}
	return nil
}

// IDOf returns the id of what somebody typed into a search: an id, or the number that we gave
// to an order, a replacement or a spare; empty where it is none.
func (s *Operations) IDOf(ctx context.Context, typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	if db.KindOf(typed) != "" {
		return typed, nil
	}

	var id string
	err := s.db.Read(ctx, func(tx *db.Tx) error {
		if err := tx.Scope.Service(); err != nil {
			return err
		}
		found, err := db.IDNamed(tx, typed)
		if err != nil || found != typed {
			id = found
			return err
		}

		var ids []string
		err = tx.Table("orders").Where("vendor_order_no = ?", strings.ToUpper(typed)).
			Pluck("id", &ids).Error
		id = strings.Join(ids, "")
		return err
	})
	return id, err
}
