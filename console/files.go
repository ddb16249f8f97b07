package console

import (
	"bytes"
	"net/http"

	checks "roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// filesPath is where the files of tickets are (S43), those of notes among them (S42):
// /console/files/<id>, and below it the small picture.
const filesPath = Root + "/files"

func fileRoutes() []route {
	see := may(rules.UseTickets)
	return []route{
		{method: get, path: filesPath + "/:id", access: see, do: downloadFile},
		{method: get, path: filesPath + "/:id/picture", access: see, do: showPicture},
	}
}

// takesFiles reports whether a route's form may carry files.
func takesFiles(path string) bool {
	switch path {
	case ticketsPath + "/:id/reply", ticketsPath + "/:id/notes", ticketsPath + "/:id/drafts",
		ticketsPath + "/:id/canned", newTicketPath:
		return true
	}
	return false
}

// bodyBound is how many octets of a body the route takes: of a form, or, from an operator, of one
// with files.
func (v *visit) bodyBound() int64 {
	if takesFiles(v.route.path) && (v.who != nil || v.lastOperator() != "") {
		return web.MaxFormBody
	}
	return maxBody
}

// readFiles reads a form that carries files.
func (v *visit) readFiles() error {
	fields, files, err := web.ReadUploads(v.request, true)
	if err != nil {
		return errBadForm
	}
	v.request.PostForm, v.files = fields, files
	return nil
}

// attached are the files that came with the form, as what they hang on takes them.
func (v *visit) attached() (out []attachment.Upload) {
	for _, u := range v.files {
		out = append(out, attachment.Upload{Name: u.Name, Content: bytes.NewReader(u.Content)})
	}
	return out
}

// blameFiles says of the file that was refused why, and reports whether one was.
func (v *visit) blameFiles(err error) bool {
	return web.BlameUpload(v.files, err, ticket.FilePointer)
}

// fileLines are the files of a ticket, by the message or note on which they hang.
func (v *visit) fileLines(ticketID string) (map[string][]web.FileLine, error) {
	files, err := v.attachments.OfGroup(v.scope(), ticketID)
	out := map[string][]web.FileLine{}
	for _, f := range files {
		standing := v.attachments.StandingOf(f)
		line := web.FileLineOf(v.language, f.Name, f.Size, string(standing), f.Code)
		if standing == attachment.StandsReady {
			line.Link = filesPath + "/" + f.ID
			if f.Pictured {
				line.Picture = line.Link + "/picture"
			}
		}
		out[f.OwnerID] = append(out[f.OwnerID], line)
	}
	return out, err
}

// fileProblems are the refusals of a file that cannot be opened, by what their page says.
var fileProblems = map[string]string{
	checks.NotChecked: "filechecking",
	checks.Infected:   "fileblocked",
	checks.Gone:       "filegone",
}

// downloadFile hands out a file of a ticket, out of a sandbox.
func downloadFile(v *visit) (answer, error) {
	a, content, err := v.tickets.OpenFile(v.scope(), v.param("id"))
	if kind := fileProblems[rules.CodeOf(err)]; kind != "" {
		return v.problem(http.StatusConflict, kind), nil
	}
	if err != nil {
		return answer{}, err
	}
	return answer{sent: func(w http.ResponseWriter) error {
		return web.ServeFile(w, web.File{
			Name:      a.Name,
			MediaType: a.MediaType,
			Size:      a.Size,
			Content:   content,
		})
	}}, nil
}

// showPicture shows the small picture of a file, which the service has drawn itself.
func showPicture(v *visit) (answer, error) {
	small, err := v.tickets.OpenPicture(v.scope(), v.param("id"))
	if fileProblems[rules.CodeOf(err)] != "" {
		return answer{}, errNoPage
	}
	if err != nil {
		return answer{}, err
	}
	return answer{sent: func(w http.ResponseWriter) error {
		return web.ServeThumbnail(w, small.MediaType, small.Content)
	}}, nil
}
