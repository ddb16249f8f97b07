package console

import (
	"net/url"
	"strings"

	"roomcover.dev/roomcover/models/operations"
	"roomcover.dev/roomcover/rules"
)

const searchPath = Root + "/search"

func searchRoutes() []route {
	return []route{
		{method: get, path: searchPath, access: may(rules.ViewProcesses), do: showSearch},
	}
}

// searchPage is what was found for the search box of the top bar.
type searchPage struct {
	Query string
	Rows  []row
	Empty emptyState
}

// longestSearch bounds what is searched for, in characters.
const longestSearch = 100

// showSearch finds the tasks that are about something by its number or id. Screens add what
// they know how to find.
func showSearch(v *visit) (answer, error) {
	p := searchPage{Query: shortened(v.query("q"), longestSearch)}
	if p.Query == "" {
		return redirect(Root), nil
	}

	id, err := v.operations.IDOf(v.scope(), p.Query)
	if err != nil {
		return answer{}, err
	}
	if id != "" {
		q := operations.QueueQuery{Subject: id, Zone: v.zone}
		if strings.HasPrefix(id, "acc_") {
			q = operations.QueueQuery{AccountID: id, Zone: v.zone}
		}
		found, err := v.operations.Queue(v.scope(), q)
		if err != nil {
			return answer{}, err
		}
		for _, t := range found.Items {
			p.Rows = append(p.Rows, v.taskRow(t))
		}
	}

	p.Empty = emptyState{
		Icon:     "search",
		Title:    v.say("console.search.empty.title", "query", p.Query),
		Text:     v.say("console.search.empty.text"),
		Link:     queuePath + "?" + url.Values{"who": {takenByOthers}}.Encode(),
		LinkText: v.say("console.queue.empty.all"),
	}
	return answer{page: "search", title: v.say("console.search.title"), data: p}, nil
}
