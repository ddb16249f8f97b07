package console

import (
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/web"
)

// queueFile is the queue as a file: what its page narrows it to, all pages of it, in the order in
// which it is due. It counts in lines how many they are.
func queueFile(lines *int) web.Listing[*visit] {
	return web.Listing[*visit]{
		Path:  queuePath,
		Words: "console.queue",
		Columns: []web.Column{
			{Name: "kind"},
			{Name: "subject"},
			{Name: "customer"},
			{Name: "due"},
			{Name: "raised"},
			{Name: "who"},
			{Name: "zone"},
		},
		Read: func(v *visit, q web.ListQuery) (web.ListResult, error) {
			found, err := readQueueFile(v, q)
			*lines += len(found.Lines)
			return found, err
		},
	}
}

func readQueueFile(v *visit, q web.ListQuery) (web.ListResult, error) {
	asked := v.queueQuery()
	asked.Limit = q.Limit
	asked.Uncounted = true
	var err error
	if asked.After, err = operations.ParseQueueCursor("/query/after", q.After); err != nil {
		return web.ListResult{}, errBadCursor
	}
	found, err := v.operations.Queue(v.scope(), asked)
	if err != nil {
		return web.ListResult{}, err
	}

	out := web.ListResult{Next: found.Next.String()}
	for _, t := range found.Items {
		out.Lines = append(out.Lines, web.Line{
			ID: t.ID,
			Cells: map[string]web.Cell{
				"kind":     {Text: v.kindName(t.Kind)},
				"subject":  {Text: t.SubjectName},
				"customer": {Text: t.AccountName},
				"due":      {Due: v.dueAt(t.DueAt, v.zone)},
				"raised":   v.when(&t.CreatedAt, v.zone),
				"who":      {Owner: web.FaceOf(db.Text(t.AssigneeID), t.AssigneeName)},
				"zone":     {Text: t.TimeZone},
			},
		})
	}
	return out, nil
}

// downloadQueue hands out the queue as a file: people's names and addresses leave the console with
// it, so the audit says who has taken it.
func downloadQueue(v *visit) (answer, error) {
	lines := 0
	list := queueFile(&lines)
	content, err := list.File(v)
	if err != nil {
		return answer{}, err
	}
	if err := v.operations.NoteQueueFile(v.scope(), v.queueQuery(), lines); err != nil {
		return answer{}, err
	}
	return answer{
		file: &download{
			name: list.FileName(v.now),
			kind: "text/csv; charset=utf-8",
			body: content,
		},
	}, nil
}
