package console

import (
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/web"
)

// queueFile is the queue as a file: what its page narrows it to, all pages of it, in the order in
// which it is due.
func queueFile() web.Listing[*visit] {
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
		Read: readQueueFile,
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

// downloadQueue hands out the queue as a file.
func downloadQueue(v *visit) (answer, error) {
	list := queueFile()
	content, err := list.File(v)
	return answer{
		file: &download{
			name: list.FileName(v.now),
			kind: "text/csv; charset=utf-8",
			body: content,
		},
	}, err
}
