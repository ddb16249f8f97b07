package console

import (
	"strconv"

	"roomcover.dev/roomcover/models/account"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

const csmsPath = settingsPath + "/csms"

// csmsList is the list of the customer success managers, the newest first.
var csmsList = listing{
	path:  csmsPath,
	words: "console.csms",
	needs: may(rules.ViewProcesses),
	columns: []web.Column{
		{Name: "name"},
		{Name: "email"},
		{Name: "phone"},
		{Name: "state"},
	},
	read: readCSMs,
}

func csmRoutes() []route {
	manage := may(rules.ManageCSMs)
	return append(csmsList.routes(),
		route{method: get, path: csmsPath + "/:id", access: manage, do: changeCSM},
		route{method: post, path: csmsPath + "/:id", access: manage, do: changeCSM},
		route{method: get, path: settingsPath + "/new-csm", access: manage, do: addCSM},
		route{method: post, path: settingsPath + "/new-csm", access: manage, do: addCSM},
	)
}

func readCSMs(v *visit, q web.ListQuery) (web.ListResult, error) {
	found, next, err := v.accounts.ListCSMs(v.scope(), db.Page{After: q.After, Limit: q.Limit})
	if err != nil {
		return web.ListResult{}, err
	}
	manages := v.mayDo(rules.ManageCSMs)
	r := web.ListResult{
		Next: next,
		Empty: web.EmptyState{
			Icon:  "users",
			Title: v.say("console.csms.empty.title"),
			Text:  v.say("console.csms.empty.text"),
		},
	}
	if manages {
		r.Acts = []web.ListAct{{
			Link: settingsPath + "/new-csm", Label: v.say("console.csms.add"), Icon: "user-plus",
			Main: true,
		}}
	}
	for _, c := range found {
		state := web.Badge{Text: v.say("console.csms.active"), Color: "green"}
		if !c.Active {
			state = web.Badge{Text: v.say("console.csms.left")}
		}
		l := web.Line{ID: c.ID, Cells: map[string]web.Cell{
			"name":  {Text: c.Name},
			"email": {Text: c.Email},
			"phone": {Text: c.Phone},
			"state": {Badge: state},
		}}
		if manages {
			l.Link = csmsPath + "/" + c.ID
		}
		r.Lines = append(r.Lines, l)
	}
	return r, nil
}

func (v *visit) csmFields(c account.CSM) typedFields {
	f := typedFields{v: v}
	f.add("text", "name", v.say("field.name"), c.Name, true)
	f.add("email", "email", v.say("field.email"), c.Email, true)
	f.add("text", "phone", v.say("console.csms.column.phone"), c.Phone, false)
	return f
}

func csmForm(f typedFields) rules.CSMForm {
	form := rules.CSMForm{
		Name: f.value("name"), Email: f.value("email"), Phone: f.value("phone"),
	}
	return form.Normalise()
}

// changeCSM changes a manager, or notes that the person has left.
func changeCSM(v *visit) (answer, error) {
	c, err := v.accounts.GetCSM(v.scope(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	v.resume(v.request.URL.Path)
	f := v.csmFields(c)
	f.yesOrNo("active", v.say("console.csms.still"), c.Active)
	active := "no"
	if c.Active {
		active = "yes"
	}
	holds := holding("name", c.Name, "email", c.Email, "phone", c.Phone, "active", active)
	f.list = append(f.list, v.reasonField())
	return v.runEdit(edit{
		Title:  v.say("console.csms.change", "name", c.Name),
		Fields: f.list,
		Seen:   strconv.FormatInt(c.Version, 10),
		Submit: v.say("console.settings.save"),
		Back:   csmsPath,
		Follows: func() ([]string, error) {
			if err := rules.CheckReason(v.form("reason")); err != nil {
				return nil, err
			}
			if err := csmForm(f).Validate(); err != nil {
				return nil, err
			}
			says := f.differences(holds)
			switch now := f.value("active"); {
			case now == "no" && c.Active:
				says = append(says, v.say("console.csms.will.leave"))
			case now == "yes" && !c.Active:
				says = append(says, v.say("console.csms.will.back"))
			default:
				says = append(says, v.say("console.csms.will.show"))
			}
			return says, nil
		},
		Make: func() (string, string, error) {
			_, err := v.accounts.ChangeCSM(v.acting(""), c.ID, account.CSMChange{
				Form:    csmForm(f),
				Active:  f.value("active") == "yes",
				Version: c.Version,
				Reason:  v.form("reason"),
			})
			return csmsPath, "console.flash.csm", err
		},
	})
}

// addCSM enters a manager.
func addCSM(v *visit) (answer, error) {
	v.resume(v.request.URL.Path)
	f := v.csmFields(account.CSM{})
	f.list = append(f.list, v.reasonField())
	return v.runEdit(edit{
		Title:  v.say("console.csms.add"),
		Fields: f.list,
		Submit: v.say("console.csms.add"),
		Back:   csmsPath,
		Follows: func() ([]string, error) {
			if err := rules.CheckReason(v.form("reason")); err != nil {
				return nil, err
			}
			return []string{v.say("console.csms.will.add", "name", f.value("name"))},
				csmForm(f).Validate()
		},
		Make: func() (string, string, error) {
			_, err := v.accounts.CreateCSM(v.acting(""), csmForm(f), v.form("reason"))
			return csmsPath, "console.flash.csm", err
		},
	})
}
