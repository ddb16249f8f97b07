package portal

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// dead makes one link of every kind that is over.
func (w *world) dead() map[string]string {
	inv := w.invited()
	links := map[string]string{
		"unknown": "/invitation?token=" + strings.Repeat("A", 43),
		"empty":   "/invitation?token=",
		"none":    "/invitation",
		"request": "/invitation/request",
	}
	invite := func(email string) identity.Invitation {
		i, err := w.Invite(w.Context, identity.NewInvite{
			AccountID:   inv.AccountID,
			Email:       email,
			ContactName: "X",
			Role:        identity.RoleReadOnly,
			Kind:        identity.InvitationForColleague,
		})
		require.NoError(w.t, err)
		return i
	}
	used := invite("used@acme.example")
	replaced := invite("replaced@acme.example")
	revoked := invite("revoked@acme.example")
	w.guest().accept(used, "Used")
	_, err := w.Reissue(w.Context, replaced.ID, "", "", "lost")
	require.NoError(w.t, err)
	_, err = w.RevokeInvitation(w.Context, revoked.ID, "mistake")
	require.NoError(w.t, err)
	w.Calendar.Set(inv.ExpiresAt)
	require.NoError(w.t, w.ExpireInvitation(w.Context, inv.ID))
	for name, i := range map[string]identity.Invitation{
		"used":       used,
		"superseded": replaced,
		"revoked":    revoked,
		"expired":    inv,
	} {
		links[name] = w.link(i)
	}
	return links
}

func TestR123_R51a_AllDeadLinksShowTheSamePage(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		links := w.dead()
		require.Len(t, links, 8)
		body := ""
		for name, link := range links {
			r := w.guest().get(link)
			require.Equal(t, 410, r.status, name)
			if body == "" {
				body = r.body
			}
			require.Equal(t, body, r.body, name)
		}
		require.Contains(t, body, "Select@logitech.com", "the page tells how to ask for a new one")
		require.Contains(t, body, `action="/invitation/request"`)
		require.NotContains(t, body, "acme")
	})
}

func TestR123_ARequestRevealsNothingAndReachesAnOperator(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		inv := w.invited()
		known := w.guest().post("/invitation/request", "email", " Ana.Souza@acme.example")
		unknown := w.guest().post("/invitation/request", "email", "nobody@acme.example")
		require.Equal(t, 200, known.status)
		require.Equal(t, known.body, unknown.body)
		require.Equal(t, known.header.Values("Set-Cookie"), unknown.header.Values("Set-Cookie"))
		tasks := w.tasks(db.TaskInvitationRequested)
		require.Len(t, tasks, 1)
		require.Equal(t, inv.ID, tasks[0].SubjectID)
		require.NotContains(t, tasks[0].What+tasks[0].Why, "@")
		next, err := w.Reissue(w.as(rules.OperatorAgent), inv.ID, "", "", "asked on the portal")
		require.NoError(t, err)
		require.Empty(t, w.tasks(db.TaskInvitationRequested))
		require.Equal(t, 410, w.guest().get(w.link(inv)).status, "the old link is dead")
		require.Equal(t, 200, w.guest().get(w.link(next)).status)
		_, faults, err := w.VerifyAudit(w.Context)
		require.NoError(t, err)
		require.Empty(t, faults)
	})
}

func TestR123_RequestsAreBounded(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, 422, w.guest().post("/invitation/request", "email", "not an address").status)
	g := w.guest()
	for i := range 10 {
		require.Equal(t, 200, g.post("/invitation/request", "email", "same@acme.example").status, i)
	}
	r := g.post("/invitation/request", "email", "same@acme.example")
	require.Equal(t, 429, r.status)
	require.NotEmpty(t, r.header.Get("Retry-After"))
}

func TestR123_AnAcceptedInvitationRaisesNoTask(t *testing.T) {
	w := newWorld(t)
	w.admin()
	require.Equal(t, 200, w.guest().post("/invitation/request", "email", "ana.souza@acme.example").status)
	require.Empty(t, w.tasks(db.TaskInvitationRequested))
}
