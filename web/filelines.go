package web

import (
	"roomcover.dev/roomcover/attachment"
	"roomcover.dev/roomcover/messages"
)

// FileLine is a file below what it hangs on (S43).
type FileLine struct {
	Name, Size string
	State      Badge  // empty: it can be opened
	Note       string // why it was not taken
	Link       string // empty: it cannot be opened
	Picture    string // address of the small picture; empty: there is none
}

// The standings of a file of which the line says something.
const (
	fileReady   = "READY"
	fileRefused = "REFUSED"
)

var fileColors = map[string]string{
	"CHECKING": "amber",
	"BLOCKED":  "red",
	"REFUSED":  "red",
}

// FileLineOf says what a file is called, how large it is, and how it stands; code is why it was
// not taken. Only one that can be opened leads somewhere.
func FileLineOf(
	l *messages.Language, name string, size int64, standing, code string,
) FileLine {
	f := FileLine{Name: name, Size: FileSize(l, size)}
	if standing == fileReady {
		return f
	}
	f.State = Badge{Text: l.Say("file.state." + standing), Color: fileColors[standing]}
	if standing == fileRefused {
		f.Note = l.Say("file.refused." + code)
	}
	return f
}

// FileSize is a size in words, never less than one KB.
func FileSize(l *messages.Language, size int64) string {
	const kb, mb = 1 << 10, 1 << 20
	if size < mb {
		return l.Say("file.size.kb", messages.Args{"n": l.Number(max(1, (size+kb/2)/kb))})
	}
	return l.Say("file.size.mb", messages.Args{"n": l.Number((size + mb/2) / mb)})
}

// FileField is where a form takes files.
type FileField struct {
	ID          string
	Label, Help string
	Accept      string   // the endings that are taken
	Problems    []string // of the files that were chosen, each named
	Again       string   // that they have to be chosen again; empty: there were none

	About, AboutLabel string // where it is said what may come with it; empty: nowhere
}

// FileFieldOf is the field with what is wrong with the files that came.
func FileFieldOf(l *messages.Language, id string, came []Upload) FileField {
	f := FileField{
		ID:    id,
		Label: l.Say("file.field"),
		Help: l.Say("file.field.help", messages.Args{
			"file":    l.Number(attachment.MaxFile >> 20),
			"message": l.Number(attachment.MaxMessage >> 20),
			"files":   l.Number(attachment.MaxMessageFiles),
		}),
		Accept: acceptedEndings(),
	}
	for _, u := range came {
		if u.Wrong == "" {
			continue
		}
		f.Problems = append(f.Problems, l.Say("file.wrong."+string(u.Wrong), messages.Args{
			"name":    u.Name,
			"file":    l.Number(attachment.MaxFile >> 20),
			"message": l.Number(attachment.MaxMessage >> 20),
			"files":   l.Number(attachment.MaxMessageFiles),
			"ticket":  l.Number(attachment.MaxGroup >> 20),
		}))
	}
	if len(came) > 0 {
		f.Again = l.Say("file.again")
	}
	return f
}

// acceptedEndings are the endings of the kinds that are taken, as a field of files has them.
func acceptedEndings() string {
	out := ""
	for _, k := range attachment.Kinds() {
		for _, ending := range k.Extensions {
			if out != "" {
				out += ","
			}
			out += ending
		}
	}
	return out
}

// WrongFiles reports whether something is wrong with one of the files.
func WrongFiles(files []Upload) bool {
	for _, u := range files {
		if u.Wrong != "" {
			return true
		}
	}
	return false
}
