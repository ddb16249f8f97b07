package console

import (
	"cmp"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// queueActs are what can be done with many tasks of the queue at once.
func queueActs() []bulkAct {
	take := taskAct(operations.ManyTake, "take", "console.task.take", "hand")
	take.do = func(v *visit, l bulkLine) error {
		_, err := v.operations.TakeTask(v.acting(l.AccountID), l.ID, l.Seen)
		return err
	}
	give := taskAct(operations.ManyGive, "give", "console.task.give", "user-check")
	give.fields = func(v *visit) ([]web.Field, error) {
		f, err := v.colleagueField()
		return []web.Field{f}, err
	}
	give.do = func(v *visit, l bulkLine) error {
		ctx := v.acting(l.AccountID)
		_, err := v.operations.GiveTask(ctx, l.ID, v.form("operator"), l.Seen)
		return err
	}
	back := taskAct(operations.ManyHandBack, "hand-back", "console.task.handback", "undo-2")
	back.do = func(v *visit, l bulkLine) error {
		_, err := v.operations.HandBackTask(v.acting(l.AccountID), l.ID, l.Seen)
		return err
	}
	retry := taskAct(operations.ActRetry, "retry", "console.action.retry", "rotate-ccw")
	retry.do = func(v *visit, l bulkLine) error { return v.actOnLine(l, operations.ActRetry) }
	closing := taskAct(operations.ActClose, "close", "console.action.close", "check")
	closing.fields = func(v *visit) ([]web.Field, error) {
		return []web.Field{{
			Name:     "reason",
			Label:    v.say("console.field.reason"),
			Help:     v.say("console.field.reason.help"),
			Kind:     "area",
			Value:    v.form("reason"),
			Required: true,
		}}, nil
	}
	closing.do = func(v *visit, l bulkLine) error { return v.actOnLine(l, operations.ActClose) }
	return []bulkAct{take, give, back, retry, closing}
}

// taskAct is an act on many tasks, whose preview is the domain's.
func taskAct(act, name, label, icon string) bulkAct {
	return bulkAct{
		name:  name,
		label: label,
		says:  "console.many." + act,
		icon:  icon,
		needs: may(rules.WorkTasks),
		check: func(v *visit, ids []string) ([]bulkLine, error) { return v.checkTasks(act, ids) },
	}
}

// colleagueField chooses one of those who work on tasks.
func (v *visit) colleagueField() (web.Field, error) {
	f := web.Field{
		Name:     "operator",
		Label:    v.say("console.task.colleague"),
		Kind:     "choice",
		Value:    v.form("operator"),
		Required: true,
	}
	all, err := v.operations.Colleagues(v.scope())
	for _, o := range all {
		f.Offer(o.ID, o.Name, o.ID == f.Value)
	}
	return f, err
}

// checkTasks says of each task what would refuse the act. Before a colleague is chosen, who asks
// stands for one.
func (v *visit) checkTasks(act string, ids []string) ([]bulkLine, error) {
	m := operations.ManyTasks{
		IDs:       ids,
		Act:       act,
		Colleague: cmp.Or(v.form("operator"), v.who.ID),
		Preview:   true,
	}
	outcomes, err := v.operations.ActOnTasks(v.scope(), m)
	if act == operations.ManyGive && rules.CodeOf(err) == rules.ValidationFailed {
		return nil, errBadForm // it names nobody who works on tasks
	}
	if err != nil {
		return nil, err
	}

	var subjects []string
	for _, o := range outcomes {
		subjects = append(subjects, o.Task.SubjectID, db.Text(o.Task.AccountID))
	}
	found, err := v.operations.NamesOf(v.scope(), subjects)
	names := map[string]string{}
	for _, n := range found {
		names[n.ID] = n.Name
	}

	var lines []bulkLine
	for _, o := range outcomes {
		if o.Task.ID == "" {
			continue // it is gone
		}
		account := db.Text(o.Task.AccountID)
		l := bulkLine{
			ID:        o.ID,
			Seen:      o.Task.Seen(),
			AccountID: account,
			Name:      v.kindName(o.Task.Kind),
			Small:     names[o.Task.SubjectID],
			Link:      taskPath(o.ID),
		}
		if l.Small == "" {
			l.Small = names[account]
		}
		if o.Refused != nil {
			l.Refused = o.Refused
		}
		lines = append(lines, l)
	}
	return lines, err
}

// actOnLine settles one of many tasks, in the state that was seen.
func (v *visit) actOnLine(l bulkLine, action string) error {
	_, err := v.operations.Act(v.acting(l.AccountID), l.ID, operations.TaskAction{
		Name:   action,
		Seen:   l.Seen,
		Reason: v.form("reason"),
	})
	if err != nil && v.settledByMe(l.ID) {
		return nil
	}
	return err
}
