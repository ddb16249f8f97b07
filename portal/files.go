package portal

import (
	"bytes"
	"net/http"
	"time"

	checks "roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/models/attachment"
	"roomcover.dev/roomcover/models/ticket"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// filesPath is where the files of tickets are (S43): /files/<id>, and below it the small picture.
const filesPath = "/files"

// mostFileForms bounds how many forms with files one person sends in an hour.
const mostFileForms = 120

// takesFiles reports whether a route's form may carry files.
func takesFiles(path string) bool {
	return path == newTicketPath || path == ticketsPath+"/:id/reply"
}

// takesFilesAt is takesFiles of an address.
func takesFilesAt(address string) bool {
	r, ok := formAt(address)
	return ok && takesFiles(r.path)
}

// readFiles reads a form that carries files. Whoever sends too many is told so beside them, with
// what was typed.
func (v *visit) readFiles() error {
	err := v.throttle("files/"+v.who.user.ID, mostFileForms, time.Hour)
	often := rules.CodeOf(err) == rules.RateLimited
	if err != nil && !often {
		return err
	}

	fields, files, err := web.ReadUploads(v.request, !often)
	if err != nil {
		return errBadForm
	}
	if often {
		for i := range files {
			files[i].Wrong = web.FilesTooOften
		}
	}
	v.request.PostForm, v.files = fields, files
	return nil
}

// attached are the files that came with the form, as what they hang on takes them.
func (v *visit) attached() (out []attachment.Upload) {
	for _, u := range v.files {
		out = append(out, attachment.Upload{
			Name:    u.Name,
			Content: bytes.NewReader(u.Content),
		})
	}
	return out
}

// blameFiles says of the file that was refused why, and reports whether one was.
func (v *visit) blameFiles(err error) bool {
	return web.BlameUpload(v.files, err, ticket.FilePointer)
}

// fileField is the field of a form that takes files, with what is wrong with those that came.
func (v *visit) fileField() *web.FileField {
	f := web.FileFieldOf(v.language, "files", v.files)
	if edition, err := v.helpFor(); err == nil { // without the help the field is the same
		if entry, ok := edition.Entry("files-of-a-ticket"); ok {
			f.About = entry.Path
			f.AboutLabel = v.say("help.about", "question", entry.Title)
		}
	}
	return &f
}

// fileLines are the files of a ticket, by the message on which they hang.
func (v *visit) fileLines(ticketID string) (map[string][]web.FileLine, error) {
	files, err := v.attachments.OfGroup(v.acting(), ticketID)
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

// downloadFile hands out a file of a ticket, out of a sandbox. Of another account, or of what is
// not shown to a customer, there is none (S42).
func downloadFile(v *visit) (answer, error) {
	if v.looking() {
		return answer{}, errLookFile
	}
	a, content, err := v.tickets.OpenFile(v.acting(), v.param("id"))
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
	if v.looking() {
		return answer{}, errLookFile
	}
	small, err := v.tickets.OpenPicture(v.acting(), v.param("id"))
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
