package console

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

// shelf is what the sample's bulk act works on: the lines that were put away, by whom is not
// asked. The third line cannot be put away, and the fourth changes between preview and act.
type shelf struct {
	mu   sync.Mutex
	away map[string]int // how often each line was put away
}

func (s *shelf) act() bulkAct {
	return bulkAct{
		name:  "put-away",
		label: "console.task.take",
		says:  "console.action.close.says",
		icon:  "hand",
		needs: may(rules.WorkTasks),
		fields: func(v *visit) ([]web.Field, error) {
			return []web.Field{{Name: "reason", Label: "Reason", Kind: "area", Value: v.form("reason"), Required: true}}, nil
		},
		check: func(_ *visit, ids []string) ([]bulkLine, error) {
			var lines []bulkLine
			for _, id := range ids {
				l := bulkLine{ID: id, Seen: "first", Name: "Line " + id, Small: "on the shelf"}
				if id == "3" {
					l.Refused = rules.Refuse(rules.StateConflict, "It is nailed down.", "Leave it.")
				}
				if id != "9" {
					lines = append(lines, l)
				}
			}
			return lines, nil
		},
		do: func(v *visit, l bulkLine) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			if l.ID == "4" {
				return rules.Refuse(rules.VersionMismatch, "It changed.", "Look again.")
			}
			if l.ID == "3" {
				return rules.Refuse(rules.StateConflict, "It is nailed down.", "Leave it.")
			}
			if s.away[l.ID] == 0 {
				s.away[l.ID]++
			}
			return nil
		},
	}
}

// shelfWorld is a console whose list of orders can be put away.
func shelfWorld(t *testing.T) (*world, *shelf) {
	t.Helper()
	s := &shelf{away: map[string]int{}}
	before := ordersList
	t.Cleanup(func() { ordersList = before })
	ordersList = sampleList
	ordersList.needs = operator
	ordersList.bulk = []bulkAct{s.act()}
	plain := sampleList.read
	ordersList.read = func(v *visit, q web.ListQuery) (web.ListResult, error) {
		r, err := plain(v, q)
		for i := range r.Lines {
			r.Lines[i].ID = fmt.Sprint(i)
		}
		return r, err
	}
	return issuerWorld(t), s
}

func TestManyLinesAreChosenInAList(t *testing.T) {
	w, _ := shelfWorld(t)
	agent := w.signedIn(byRole[rules.OperatorAgent])
	page := agent.get(ordersPath + "?sort=number")
	require.Equal(t, 50, strings.Count(page.body, `form="bulk"`))
	require.NotContains(t, page.body, " checked")
	require.Contains(t, page.body, "Choose all 50 shown")
	require.Contains(t, page.body, `formaction="/console/orders/~put-away"`)

	all := agent.get(ordersPath + "?chosen=all&sort=number")
	require.Equal(t, 50, strings.Count(all.body, " checked"), "without scripts, by an address")
	links := regexp.MustCompile(`href="([^"]*chosen=[^"]*)"`).FindAllStringSubmatch(all.body, -1)
	require.Len(t, links, 1, "what narrows the list chooses nothing")

	reader := w.signedIn(byRole[rules.OperatorManager]).get(ordersPath)
	require.NotContains(t, reader.body, `form="bulk"`, "who may not act has no boxes")
}

func TestManyLinesAreShownBeforeTheyAreDone(t *testing.T) {
	w, s := shelfWorld(t)
	agent := w.signedIn(byRole[rules.OperatorAgent])
	path := ordersPath + "/~put-away"
	back := ordersPath + "?sort=number"

	ask := agent.post(path, "back", back, "id", "1", "id", "2", "id", "2", "id", "3", "id", "4", "id", "9")
	require.Equal(t, http.StatusOK, ask.status)
	require.Contains(t, ask.body, "3 will be done. 2 would be refused and are left as they are.")
	require.Contains(t, ask.body, "It is nailed down.")
	require.Contains(t, ask.body, "It is gone, or has left this list.")
	require.Contains(t, ask.body, `href="/console/orders?sort=number"`, "the way back is the list as it was")
	require.Empty(t, s.away, "nothing is done before it is confirmed")

	form := []string{"confirmed", "yes", "back", back, "id", "1", "seen", "first", "id", "2", "seen", "first",
		"id", "4", "seen", "first"}
	empty := agent.post(path, form...)
	require.Equal(t, http.StatusUnprocessableEntity, empty.status)
	require.Contains(t, empty.body, "This is needed.")
	require.Empty(t, s.away)

	form = append(form, "reason", "spring")
	for range 2 { // the second click on the button answers as the first one
		over := agent.post(path, form...)
		require.Equal(t, http.StatusOK, over.status)
		require.Contains(t, over.body, "2 done. 1 refused.")
		require.Contains(t, over.body, "This has changed since you looked at it")
		require.NotContains(t, over.body, "<textarea")
		require.Equal(t, map[string]int{"1": 1, "2": 1}, s.away)
	}

	manager := w.signedIn(byRole[rules.OperatorManager])
	require.Equal(t, http.StatusForbidden, manager.post(path, form...).status)
}

func TestManyLinesAtOnceAreBounded(t *testing.T) {
	w, s := shelfWorld(t)
	agent := w.signedIn(byRole[rules.OperatorAgent])
	path := ordersPath + "/~put-away"
	require.Contains(t, agent.post(path).body, "Tick the lines first")
	require.Equal(t, ordersPath, agent.post(path, "back", "https://elsewhere.example").path)
	require.Equal(t, ordersPath, agent.post(path, "back", queuePath).path)
	require.Equal(t, url.Values{"sort": {"number"}}, agent.post(path, "back", ordersPath+"?sort=number").query)

	many := slices.Repeat([]string{"id", "1"}, mostAtOnce+1)
	require.Equal(t, http.StatusBadRequest, agent.post(path, many...).status)
	require.Equal(t, http.StatusBadRequest,
		agent.post(path, "confirmed", "yes", "id", "1", "id", "2", "seen", "first").status)
	require.Empty(t, s.away)
}
