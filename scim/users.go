package scim

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"roomcover.dev/roomcover/models/provisioning"
)

const (
	userSchema       = "urn:ietf:params:scim:schemas:core:2.0:User"
	groupSchema      = "urn:ietf:params:scim:schemas:core:2.0:Group"
	enterpriseSchema = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
	listSchema       = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
)

// users answers what is asked about people; an empty id is all of them.
func (r *request) users(id string) answer {
	switch {
	case id == "" && r.method == http.MethodGet:
		return r.listUsers()
	case id == "" && r.method == http.MethodPost:
		return r.createUser()
	case id == "":
		return notAllowed()
	case r.method == http.MethodGet:
		p, err := r.provisioning.GetPerson(r.ctx, r.directory, id)
		return r.answerUser(p, err, http.StatusOK, "PERSON_READ")
	case r.method == http.MethodPut:
		return r.replaceUser(id)
	case r.method == http.MethodPatch:
		return r.patchUser(id)
	case r.method == http.MethodDelete:
		err := r.provisioning.DeletePerson(r.ctx, r.directory, id, r.version)
		if err != nil {
			return r.answerError(err)
		}
		return answer{status: http.StatusNoContent, outcome: "PERSON_DELETED", person: id}
	}
	return notAllowed()
}

func (r *request) createUser() answer {
	w, err := wanted(clean(r.body, knownUser), true)
	if err != nil {
		return r.answerError(err)
	}
	p, err := r.provisioning.CreatePerson(r.ctx, r.directory, w)
	a := r.answerUser(p, err, http.StatusCreated, "PERSON_CREATED")
	if err == nil {
		a.place = r.base + "/Users/" + p.ID
	}
	return a
}

func (r *request) replaceUser(id string) answer {
	p, out, err := r.provisioning.ChangePerson(r.ctx, r.directory, id, r.version,
		func(_ provisioning.Attributes, active bool) (provisioning.Wanted, error) {
			return wanted(clean(r.body, knownUser), active)
		})
	return r.answerUser(p, err, http.StatusOK, "PERSON_"+string(out))
}

func (r *request) patchUser(id string) answer {
	changes, err := readPatch(r.body, knownUser)
	if err != nil {
		return r.answerError(err)
	}
	p, out, err := r.provisioning.ChangePerson(r.ctx, r.directory, id, r.version,
		func(before provisioning.Attributes, active bool) (provisioning.Wanted, error) {
			before["active"] = active
			if err := changes.apply(before); err != nil {
				return provisioning.Wanted{}, err
			}
			return wanted(before, active)
		})
	a := r.answerUser(p, err, http.StatusOK, "PERSON_"+string(out))
	a.ignored = changes.ignored
	return a
}

func (r *request) answerUser(
	p provisioning.Person, err error, status int, outcome string,
) answer {
	if err != nil {
		return r.answerError(err)
	}
	return answer{
		status:  status,
		body:    r.chosen(r.userView(p)),
		etag:    etagOf(p.Version),
		outcome: outcome,
		person:  p.ID,
	}
}

// userView is a person as directories read one.
func (r *request) userView(p provisioning.Person) map[string]any {
	out := map[string]any{}
	maps.Copy(out, p.Attributes)
	out["id"] = p.ID
	out["userName"] = p.UserName
	out["active"] = p.Active
	out["schemas"] = schemasOf(userSchema, p.Attributes)
	out["meta"] = r.meta("User", p.ID, p.CreatedAt, p.UpdatedAt, p.Version)

	groups := []any{}
	for _, g := range p.Groups {
		groups = append(groups, map[string]any{
			"value":   g.ID,
			"display": g.Name,
			"type":    "direct",
			"$ref":    r.base + "/Groups/" + g.ID,
		})
	}
	out["groups"] = groups
	return out
}

// schemasOf are the schemas of a resource: its own, and those of its extensions.
func schemasOf(own string, attributes map[string]any) []string {
	out := []string{own}
	for _, name := range keysOf(attributes) {
		if strings.HasPrefix(strings.ToLower(name), "urn:") {
			out = append(out, name)
		}
	}
	return out
}

func (r *request) meta(
	kind, id string, created, updated time.Time, version int64,
) map[string]any {
	return map[string]any{
		"resourceType": kind,
		"created":      created.UTC().Format(time.RFC3339),
		"lastModified": updated.UTC().Format(time.RFC3339),
		"location":     r.base + "/" + kind + "s/" + id,
		"version":      etagOf(version),
	}
}

// chosen leaves in a resource what attributes and excludedAttributes ask for.
func (r *request) chosen(resource map[string]any) map[string]any {
	always := []string{"id", "schemas"}
	if only := namesIn(r.query.Get("attributes")); len(only) > 0 {
		for name := range resource {
			if !oneOf(name, only) && !oneOf(name, always) {
				delete(resource, name)
			}
		}
	}
	without := namesIn(r.query.Get("excludedAttributes"))
	for name := range resource {
		if oneOf(name, without) && !oneOf(name, always) {
			delete(resource, name)
		}
	}
	return resource
}

// namesIn are the names of attributes in a list; a part stands for its whole.
func namesIn(said string) (names []string) {
	for _, one := range strings.Split(said, ",") {
		one = strings.TrimSpace(one)
		if one == "" {
			continue
		}
		if strings.HasPrefix(strings.ToLower(one), "urn:") {
			for _, schema := range []string{userSchema, groupSchema, enterpriseSchema} {
				if len(one) > len(schema) && strings.EqualFold(one[:len(schema)], schema) {
					if schema == enterpriseSchema {
						names = append(names, schema)
					}
					one = one[len(schema)+1:]
				}
			}
		}
		name, _, _ := strings.Cut(one, ".")
		names = append(names, name)
	}
	return names
}

const (
	pageSize = 100
	mostPage = 200
)

// page reads from where a list is wanted, and how much of it.
func (r *request) page() (start, count int, err error) {
	start, count = 1, pageSize
	if said := r.query.Get("startIndex"); said != "" {
		if start, err = strconv.Atoi(said); err != nil {
			return 0, 0, provisioning.Invalid("startIndex has to be a number.")
		}
	}
	if said := r.query.Get("count"); said != "" {
		if count, err = strconv.Atoi(said); err != nil {
			return 0, 0, provisioning.Invalid("count has to be a number.")
		}
	}
	return max(start, 1), min(max(count, 0), mostPage), nil
}

func (r *request) listUsers() answer {
	start, count, err := r.page()
	if err != nil {
		return r.answerError(err)
	}
	only := filter(nil)
	if said := strings.TrimSpace(r.query.Get("filter")); said != "" {
		if only, err = readFilter(said, slices.Concat(knownUser, []string{"id"})); err != nil {
			return r.answerError(err)
		}
	}

	var keep func(provisioning.Person) bool // nil: everybody
	if len(only) > 0 {
		keep = func(p provisioning.Person) bool { return only.holds(r.userView(p)) }
	}
	people, total, err := r.provisioning.People(r.ctx, r.directory, only.narrow(), keep,
		start, count)
	if err != nil {
		return r.answerError(err)
	}
	views := []any{}
	for _, p := range people {
		views = append(views, r.chosen(r.userView(p)))
	}
	a := answer{
		status:  http.StatusOK,
		body:    listOf(views, total, start),
		outcome: "PEOPLE_LISTED",
	}
	if len(only) > 0 {
		a.outcome = "PERSON_NOT_FOUND"
		if total > 0 {
			a.outcome = "PERSON_FOUND"
		}
	}
	if len(people) == 1 {
		a.person = people[0].ID
	}
	return a
}

func listOf(views []any, total, start int) map[string]any {
	return map[string]any{
		"schemas":      []string{listSchema},
		"totalResults": total,
		"startIndex":   start,
		"itemsPerPage": len(views),
		"Resources":    views,
	}
}
