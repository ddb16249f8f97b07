package sync_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/mail/letter"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/models/notification"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/models/sync"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/health"
)

// imported makes rooms of the account of the first places, by name.
func (w *world) imported(n int) {
	w.t.Helper()
	all, err := w.Sync.PlacesOf(w.ctx, w.acme.Account)
	require.NoError(w.t, err)
	placed := map[string]bool{}
	var choices []sync.Choice
	for _, p := range all {
		if !placed[p.PlaceGroup] {
			placed[p.PlaceGroup] = true
			require.NoError(w.t, w.Sync.PutGroup(w.ctx, w.acme.Account, sync.Group{
				PlaceGroup: p.PlaceGroup, Site: "Paulista", Country: "BR", Region: "SP",
				Platform: rules.PlatformOther,
			}, ""))
		}
		if len(choices) < n {
			choices = append(choices, sync.Choice{PlaceID: p.ID, Act: sync.Add})
		}
	}
	out, err := w.Sync.Apply(w.ctx, w.acme.Account, choices, "")
	require.NoError(w.t, err)
	for _, o := range out {
		require.NoError(w.t, o.Err)
	}
}

// told polls so many times, once a minute, and writes to people in between as a worker does.
func (w *world) told(minutes int) []notification.Notification {
	w.t.Helper()
	for range minutes {
		w.minutes(1)
		_, err := w.Sync.TellPeople(w.Context)
		require.NoError(w.t, err)
	}
	return w.Mails(w.t, rules.TemplateRoomHealth)
}

// roomsIn are the names of the rooms that a mail names as down or as well.
func roomsIn(n notification.Notification, kind string) (names []string) {
	lines, _ := n.Params[kind].([]any)
	for _, line := range lines {
		names = append(names, fmt.Sprint(line.(map[string]any)["room"]))
	}
	return names
}

// colleague is another member of the account.
func (w *world) colleague(email string, role identity.MemberRole) {
	w.t.Helper()
	inv, err := w.Invite(w.ctx, identity.NewInvite{
		AccountID: w.acme.Account, Email: email, Role: role, Kind: identity.InvitationForColleague,
	})
	require.NoError(w.t, err)
	w.Join(w.t, inv)
}

func TestS57_AnOutageOfAFloorIsOneMailToEachAdministrator(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newWorld(t, env, 60)
		w.minutes(3)
		w.imported(50)
		w.colleague("rui@acme.example", identity.RoleAdmin)
		w.colleague("leitora@acme.example", identity.RoleReadOnly)
		require.Empty(t, w.told(5))

		// Fifty rooms go down, not all in the same minute, and ten places that are no rooms of the
		// account.
		for i := range 60 {
			w.set(health.DeviceOffline, i)
			if i == 30 {
				w.minutes(1)
			}
		}
		require.Empty(t, w.told(2), "others are waited for")
		mails := w.told(6)
		require.Equal(t, 2, len(mails))
		to := map[string]bool{}
		for _, n := range mails {
			to[n.Recipient] = true
			require.Equal(t, w.con.ID, n.SubjectID)
			require.EqualValues(t, 50, n.Params["down_count"])
			require.EqualValues(t, 25, n.Params["down_more"])
			require.Len(t, roomsIn(n, "down"), 25)
		}
		require.Equal(t, map[string]bool{w.acme.Admin.Email: true, "rui@acme.example": true}, to)
		require.Equal(t, 2, w.Count(t, "SELECT count(*) FROM outbox_events WHERE kind = 'mail.start'"+
			" AND subject_id IN (SELECT id FROM notifications WHERE template = 'room_health')"))
		require.Equal(t, 10, w.Count(t, "SELECT count(*) FROM sync_changes WHERE told_in = ''"+
			" AND what = 'DOWN'"), "nobody is told of what is no room of the account")
		require.Zero(t, w.Count(t, "SELECT count(*) FROM sync_changes WHERE told_in IS NULL"+
			" AND what IN ('DOWN','WELL')"))

		// They are well again: one mail again, of the fifty.
		for i := range 60 {
			w.set(health.DeviceOnline, i)
		}
		require.Equal(t, 2, len(w.told(15)), "it has to last")
		mails = w.told(10)
		require.Equal(t, 4, len(mails))
		require.EqualValues(t, 50, mails[0].Params["well_count"])
		require.Equal(t, "WELL", mails[0].Params["what"])

		// One room: its page, its site, its time by its own clock, what is wrong with it.
		require.NoError(t, w.Exec("UPDATE rooms SET time_zone = 'America/Manaus' WHERE name = 'Mesa 3'"))
		page := "https://portal.example.com/rooms/" +
			w.Strings(t, "SELECT id FROM rooms WHERE name = 'Mesa 3'")[0]
		w.set(health.DeviceOffline, 3)
		mails = w.told(8)
		require.Equal(t, 6, len(mails))
		for locale, says := range map[string][]string{
			"en": {"offline", "Every device is offline", "Manaus", "open the room"},
			"pt-BR": {"offline", "Todos os equipamentos estão offline", "Manaus",
				"abra a página da sala"},
		} {
			n := mails[0]
			n.Locale = locale
			m, err := letter.Render(
				catalogue.DefaultProgram(), n, "https://portal.example.com", letter.Hidden)
			require.NoError(t, err)
			for _, said := range append(says, "Mesa 3", "Paulista", page) {
				require.Contains(t, m.Text, said)
				require.Contains(t, m.HTML, said)
			}
			require.Contains(t, m.Subject, "offline")
		}
		w.AuditHolds(t)
	})
}

func TestS57_AFlappingRoomIsMailedOfTwiceAtMost(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t), 2)
	w.minutes(3)
	w.imported(1)
	for range 10 {
		w.set(health.DeviceOffline, 0)
		w.told(3)
		w.set(health.DeviceOnline, 0)
		w.told(3)
	}
	require.Equal(t, 1, len(w.told(1)))
	mails := w.told(80)
	require.Equal(t, 2, len(mails), "when an hour was quiet, it is compared with what was told last")
	require.Equal(t, []string{"Mesa 0"}, roomsIn(mails[0], "well"))
	require.Equal(t, []string{"Mesa 0"}, roomsIn(mails[1], "down"))
}

// Neither a refusal nor silence is news of rooms; nor is what was down all along.
func TestS29_AnOutageOfSyncIsMailedToNobody(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t), 30)
	w.minutes(3)
	w.imported(30)
	w.set(health.DeviceOffline, 3)
	require.Equal(t, 1, len(w.told(6)))
	for _, trouble := range []health.Code{health.Unreachable, health.Refused, health.Throttled, ""} {
		w.trouble = trouble
		require.Equal(t, 1, len(w.told(90)), trouble)
	}

	// Of one that nobody was told of as down, nobody is told that it is well.
	require.NoError(t, w.Exec("UPDATE sync_changes SET told_in = '' WHERE what = 'DOWN'"))
	w.set(health.DeviceOnline, 3)
	require.Equal(t, 1, len(w.told(30)))
	require.Equal(t, 1, w.changes()["WELL"])
}

// What is disconnected is told to nobody, and an account without administrators has nobody to tell.
func TestS57_NobodyIsToldWhoIsNotThere(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t), 2)
	w.minutes(3)
	w.imported(2)
	w.set(health.DeviceOffline, 0)
	w.minutes(3)
	require.NoError(t, w.Exec("UPDATE memberships SET blocked_at = created_at"))
	require.Empty(t, w.told(5))
	require.NoError(t, w.Exec("UPDATE memberships SET blocked_at = NULL"))
	require.Empty(t, w.told(5), "it was decided then")

	w.set(health.DeviceOffline, 1)
	w.minutes(3)
	require.NoError(t, w.Sync.Disconnect(w.ctx, w.acme.Account, ""))
	*w.clock = w.clock.Add(time.Hour)
	told, err := w.Sync.TellPeople(w.Context)
	require.NoError(t, err)
	require.Zero(t, told)
	require.Empty(t, w.Mails(t, rules.TemplateRoomHealth))
}

// A worker is killed after every single statement in turn, and two look at once: each notice is in
// one mail to each administrator, and none is lost.
func TestS57_AKillAnywhereTellsEachOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		w := newWorld(t, env, 4)
		w.minutes(3)
		w.imported(4)
		w.colleague("rui@acme.example", identity.RoleAdmin)
		w.set(health.DeviceOffline, 0, 1)
		w.minutes(6)

		mailed := func() (epochs, rooms int) {
			seen := map[string]bool{}
			for _, n := range w.Mails(t, rules.TemplateRoomHealth) {
				require.False(t, seen[n.Epoch+n.Recipient], "twice")
				seen[n.Epoch+n.Recipient] = true
				rooms += len(roomsIn(n, "down")) + len(roomsIn(n, "well"))
			}
			return len(seen), rooms
		}
		kill := 1
		for ; kill < 60; kill++ {
			ctx, stop := context.WithCancel(w.Context)
			w.Statements.Reset()
			w.Statements.After(func(done int) {
				if done == kill {
					stop()
				}
			})
			_, err := w.Sync.TellPeople(ctx)
			w.Statements.After(nil)
			stop()
			if err == nil {
				break
			}
			n, rooms := mailed()
			require.True(t, n == 0 && rooms == 0 || n == 2 && rooms == 4, "all of it, or nothing")
		}
		require.Greater(t, kill, 6, "it was killed in between")
		_, err := w.Sync.TellPeople(w.Context)
		require.NoError(t, err)
		n, rooms := mailed()
		require.Equal(t, []int{2, 4}, []int{n, rooms})

		w.set(health.DeviceOffline, 2)
		w.minutes(6)
		storetest.RequireAll(t, storetest.AtOnce(4, func(int) error {
			_, err := w.Sync.TellPeople(w.Context)
			return err
		}))
		n, rooms = mailed()
		require.Equal(t, []int{4, 6}, []int{n, rooms})
		require.Zero(t, w.Count(t, "SELECT count(*) FROM sync_changes WHERE what = 'DOWN'"+
			" AND (told_in IS NULL OR told_in NOT IN ("+
			"SELECT epoch FROM notifications WHERE template = 'room_health'))"))
	})
}

// A turn that has nothing to tell is one statement, however many rooms there are.
func TestS57_TellingNothingIsOneStatement(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t), 1000)
	w.minutes(3)
	w.Statements.Reset()
	told, err := w.Sync.TellPeople(w.Context)
	require.NoError(t, err)
	require.Zero(t, told)
	require.LessOrEqual(t, len(w.Statements.List()), 3, strings.Join(w.Statements.List(), "\n"))
}

// A room that was down and is well again before anybody was told of it is told of to nobody: that
// it is well would only raise the question what was wrong.
func TestS57_WhatWasDownBeforeAnybodyWasToldIsNotWellAgain(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t), 1)
	w.minutes(3)
	w.imported(1)
	require.Empty(t, w.told(5))

	w.set(health.DeviceOffline, 0)
	w.minutes(5)
	w.set(health.DeviceOnline, 0)
	w.minutes(30)
	notices := "SELECT count(*) FROM sync_changes WHERE what IN ('DOWN','WELL')"
	require.Equal(t, 2, w.Count(t, notices+" AND told_in IS NULL"))
	require.Empty(t, w.told(5))
	require.Equal(t, 2, w.Count(t, notices+" AND told_in = ''"))
}
