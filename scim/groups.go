package scim

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"roomcover.dev/roomcover/models/provisioning"
)

// groups answers what is asked about groups; an empty id is all of them.
func (r *request) groups(id string) answer {
	switch {
	case id == "" && r.method == http.MethodGet:
		return r.listGroups()
	case id == "" && r.method == http.MethodPost:
		return r.createGroup()
	case id == "":
		return notAllowed()
	case r.method == http.MethodGet:
		g, err := r.provisioning.GetGroup(r.ctx, r.directory, id)
		return r.answerGroup(g, err, http.StatusOK, "GROUP_READ")
	case r.method == http.MethodPut:
		return r.replaceGroup(id)
	case r.method == http.MethodPatch:
		return r.patchGroup(id)
	case r.method == http.MethodDelete:
		err := r.provisioning.DeleteGroup(r.ctx, r.directory, id, r.version)
		if err != nil {
			return r.answerError(err)
		}
		return answer{status: http.StatusNoContent, outcome: "GROUP_DELETED"}
	}
	return notAllowed()
}

// wantedGroup reads out of a resource what the service goes by; people are those of before, where
// the resource says nothing of its members.
func wantedGroup(
	attributes provisioning.Attributes, people []string,
) (provisioning.WantedGroup, error) {
	w := provisioning.WantedGroup{
		Name:       text(attributes["displayName"]),
		ExternalID: text(attributes["externalId"]),
		People:     people,
	}
	if members, there := attributes["members"]; there {
		w.People = nil
		for _, e := range elements(members) {
			id := text(e)
			if parts, ok := e.(map[string]any); ok {
				id = text(parts["value"])
			}
			if id == "" {
				return w, provisioning.Invalid(
					"A member has to have the id of a user as its value.")
			}
			w.People = append(w.People, id)
		}
	}
	delete(attributes, "members")
	w.Attributes = attributes
	return w, nil
}

func (r *request) createGroup() answer {
	w, err := wantedGroup(cleanGroup(r.body), nil)
	if err != nil {
		return r.answerError(err)
	}
	g, err := r.provisioning.CreateGroup(r.ctx, r.directory, w)
	a := r.answerGroup(g, err, http.StatusCreated, "GROUP_CREATED")
	if err == nil {
		a.place = r.base + "/Groups/" + g.ID
	}
	return a
}

// cleanGroup is clean of a group, in which members that are there and empty mean nobody.
func cleanGroup(sent map[string]any) provisioning.Attributes {
	out := clean(sent, knownGroup)
	for name, value := range sent {
		if list, ok := value.([]any); ok && strings.EqualFold(name, "members") && len(list) == 0 {
			out["members"] = []any{}
		}
	}
	return out
}

func (r *request) replaceGroup(id string) answer {
	g, out, err := r.provisioning.ChangeGroup(r.ctx, r.directory, id, r.version,
		func(_ provisioning.Attributes, people []string) (provisioning.WantedGroup, error) {
			return wantedGroup(cleanGroup(r.body), people)
		})
	return r.answerGroup(g, err, http.StatusOK, "GROUP_"+string(out))
}

// patchGroup answers without a body, which Entra ID prefers: a large group would be sent back
// with each member.
func (r *request) patchGroup(id string) answer {
	changes, err := readPatch(r.body, knownGroup)
	if err != nil {
		return r.answerError(err)
	}
	g, out, err := r.provisioning.ChangeGroup(r.ctx, r.directory, id, r.version,
		func(before provisioning.Attributes, people []string) (provisioning.WantedGroup, error) {
			members := []any{}
			for _, id := range people {
				members = append(members, map[string]any{"value": id})
			}
			before["members"] = members
			if err := changes.apply(before); err != nil {
				return provisioning.WantedGroup{}, err
			}
			return wantedGroup(before, nil)
		})
	if err != nil {
		return r.answerError(err)
	}
	return answer{
		status:  http.StatusNoContent,
		etag:    etagOf(g.Version),
		outcome: "GROUP_" + string(out),
		ignored: changes.ignored,
	}
}

func (r *request) answerGroup(g provisioning.Group, err error, status int, outcome string) answer {
	if err != nil {
		return r.answerError(err)
	}
	return answer{
		status:  status,
		body:    r.chosen(r.groupView(g)),
		etag:    etagOf(g.Version),
		outcome: outcome,
	}
}

// groupView is a group as directories read one.
func (r *request) groupView(g provisioning.Group) map[string]any {
	out := map[string]any{}
	maps.Copy(out, g.Attributes)
	out["id"] = g.ID
	out["displayName"] = g.Name
	out["schemas"] = schemasOf(groupSchema, g.Attributes)
	out["meta"] = r.meta("Group", g.ID, g.CreatedAt, g.UpdatedAt, g.Version)

	members := []any{}
	for _, p := range g.People {
		members = append(members, map[string]any{
			"value":   p.ID,
			"display": p.Name,
			"type":    "User",
			"$ref":    r.base + "/Users/" + p.ID,
		})
	}
	out["members"] = members
	return out
}

func (r *request) listGroups() answer {
	start, count, err := r.page()
	if err != nil {
		return r.answerError(err)
	}
	only := filter(nil)
	if said := strings.TrimSpace(r.query.Get("filter")); said != "" {
		if only, err = readFilter(said, slices.Concat(knownGroup, []string{"id"})); err != nil {
			return r.answerError(err)
		}
	}
	// Whether somebody is in a group is asked of its members, which a list of names has not read.
	for _, c := range only {
		if c.path.name == "members" {
			return r.answerError(errFilter)
		}
	}

	withPeople := !oneOf("members", namesIn(r.query.Get("excludedAttributes")))
	var keep func(provisioning.Group) bool // nil: each
	if len(only) > 0 {
		keep = func(g provisioning.Group) bool { return only.holds(r.groupView(g)) }
	}
	found, total, err := r.provisioning.Groups(r.ctx, r.directory, only.narrowGroups(), keep,
		start, count, withPeople)
	if err != nil {
		return r.answerError(err)
	}
	views := []any{}
	for _, g := range found {
		views = append(views, r.chosen(r.groupView(g)))
	}
	return answer{
		status:  http.StatusOK,
		body:    listOf(views, total, start),
		outcome: "GROUPS_LISTED",
	}
}
