package session_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/session"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func at(hours int) session.Slot {
	start := now.Add(time.Duration(hours) * time.Hour)
	return session.Slot{Start: start, End: start.Add(time.Hour)}
}

func code(t *testing.T, want string, err error) {
	t.Helper()
	require.Equal(t, want, rules.CodeOf(err), "%v", err)
}

func proposed(t *testing.T) session.Facts {
	t.Helper()
	f, err := session.Propose(session.Facts{}, []session.Slot{at(1), at(2), at(3)}, now)
	require.NoError(t, err)
	return f
}

func agreed(t *testing.T) session.Facts {
	t.Helper()
	f, err := session.Agree(proposed(t), session.Agreement{
		By:    "usr_1",
		At:    now,
		Text:  session.TextVersion,
		Slots: []session.Slot{at(1), at(3)},
	})
	require.NoError(t, err)
	return f
}

func scheduled(t *testing.T) session.Facts {
	t.Helper()
	f, err := session.Schedule(agreed(t), at(1), now)
	require.NoError(t, err)
	return f
}

func TestR57a_NoSessionIsScheduledWithoutTheCustomersAgreement(t *testing.T) {
	for _, f := range []session.Facts{{}, proposed(t)} {
		_, err := session.Schedule(f, at(1), now)
		code(t, session.NotAgreed, err)
	}

	f := agreed(t)
	require.Equal(t, session.Agreed, f.State)
	_, err := session.Schedule(f, at(2), now)
	code(t, session.NotAgreed, err)
	f, err = session.Schedule(f, at(1), now)
	require.NoError(t, err)
	require.Equal(t, session.Scheduled, f.State)

	// Times that are proposed anew need another yes.
	f, err = session.Propose(agreed(t), []session.Slot{at(5)}, now)
	require.NoError(t, err)
	_, err = session.Schedule(f, at(1), now)
	code(t, session.NotAgreed, err)
	_, err = session.Agree(proposed(t), session.Agreement{
		By: "usr_1", At: now, Text: session.TextVersion, Slots: []session.Slot{at(9)},
	})
	code(t, rules.ValidationFailed, err)
	_, err = session.Agree(proposed(t), session.Agreement{By: "usr_1", At: now, Slots: []session.Slot{at(1)}})
	code(t, rules.ValidationFailed, err)
}

func TestS46_TheSequenceRisesWithEachInvitation(t *testing.T) {
	f := scheduled(t)
	require.Equal(t, 0, f.Sequence)
	f, err := session.Schedule(f, at(3), now)
	require.NoError(t, err)
	require.Equal(t, 1, f.Sequence)
	f, err = session.ChangeLink(f)
	require.NoError(t, err)
	require.Equal(t, 2, f.Sequence)
	f, told, err := session.Cancel(f)
	require.NoError(t, err)
	require.True(t, told)
	require.Equal(t, 3, f.Sequence)
	again, told, err := session.Cancel(f)
	require.NoError(t, err)
	require.False(t, told)
	require.Equal(t, f, again)

	_, told, err = session.Cancel(agreed(t))
	require.NoError(t, err)
	require.False(t, told, "nobody was invited")
}

func TestS46_EachStateHasItsCommands(t *testing.T) {
	held, err := session.End(scheduled(t), session.Held, now.Add(time.Hour))
	require.NoError(t, err)
	noShow, err := session.End(scheduled(t), session.NoShow, now.Add(time.Hour))
	require.NoError(t, err)
	cancelled, _, err := session.Cancel(scheduled(t))
	require.NoError(t, err)
	later := now.Add(time.Hour)

	for name, f := range map[string]session.Facts{
		"new": {}, "proposed": proposed(t), "agreed": agreed(t), "scheduled": scheduled(t),
		"held": held, "no show": noShow, "cancelled": cancelled,
	} {
		may := map[string]bool{}
		_, err := session.Propose(f, []session.Slot{at(2)}, now)
		may["propose"] = err == nil
		_, err = session.Agree(f, session.Agreement{
			By: "usr_2", At: now, Text: session.TextVersion, Slots: []session.Slot{at(2)},
		})
		may["agree"] = err == nil
		_, err = session.Schedule(f, at(3), now)
		may["schedule"] = err == nil
		_, err = session.ChangeLink(f)
		may["link"] = err == nil
		_, err = session.End(f, session.Held, later)
		may["held"] = err == nil
		_, err = session.End(f, session.NoShow, later)
		may["no show"] = err == nil
		_, _, err = session.Cancel(f)
		may["cancel"] = err == nil

		want := map[string]map[string]bool{
			"new":       {"propose": true, "cancel": true},
			"proposed":  {"propose": true, "agree": true, "cancel": true},
			"agreed":    {"propose": true, "agree": true, "schedule": true, "cancel": true},
			"scheduled": {"schedule": true, "link": true, "held": true, "no show": true, "cancel": true},
			"held":      {"held": true},
			"no show":   {"no show": true},
			"cancelled": {"cancel": true},
		}[name]
		for command, allowed := range may {
			require.Equal(t, want[command], allowed, "%s: %s", name, command)
		}
	}

	_, err = session.End(scheduled(t), session.Held, now)
	code(t, rules.StateConflict, err)
	_, err = session.End(scheduled(t), session.Cancelled, later)
	code(t, rules.StateConflict, err)
	_, err = session.Schedule(agreed(t), at(1), now.Add(time.Hour))
	code(t, rules.ValidationFailed, err)
}

func TestS46_ProposedTimesAreTimes(t *testing.T) {
	long := at(1)
	long.End = long.Start.Add(5 * time.Hour)
	for _, wrong := range [][]session.Slot{
		nil, {at(1), at(2), at(3), at(4)}, {at(0)}, {at(-2)}, {at(1), at(1)}, {long},
		{{Start: at(2).Start, End: at(1).Start}}, {at(24 * 61)},
	} {
		_, err := session.Propose(session.Facts{}, wrong, now)
		code(t, rules.ValidationFailed, err)
	}

	reminder := scheduled(t).Reminder(now.Add(-time.Minute))
	require.Equal(t, now, *reminder)
	require.Nil(t, scheduled(t).Reminder(now))
	require.Nil(t, agreed(t).Reminder(now))
}

func TestS46_OnlyLinksOfTheMeetingServicesAreTaken(t *testing.T) {
	for _, link := range []string{
		"https://teams.microsoft.com/l/meetup-join/19%3ameeting_x%40thread.v2/0?context=%7b%7d",
		"https://teams.live.com/meet/9312345",
		"https://us02web.zoom.us/j/8123?pwd=abc.1",
		" https://TEAMS.microsoft.com/l/1 ",
	} {
		_, err := session.CheckLink(link, session.Hosts())
		require.NoError(t, err, link)
	}
	for _, link := range []string{
		"", "http://teams.microsoft.com/l/1", "https://evil.example/teams.microsoft.com",
		"https://teams.microsoft.com.evil.example/", "https://user@teams.microsoft.com/",
		"https://teams.microsoft.com:8443/", "https://teams.microsoft.com:/", "https://zoom.us.evil.example/",
		"https://evilzoom.us/j/1", "https://.zoom.us/", "javascript:alert(1)", "//teams.microsoft.com/",
		"https:teams.microsoft.com", "https://teams.microsoft.com/a b", "https://teams.microsoft.com/\u202e",
		"https://teams.microsoft.com\\@evil.example/", "https://tеams.microsoft.com/", // a Cyrillic e
		"https://teams.microsoft.com/\r\nX: y",
	} {
		_, err := session.CheckLink(link, session.Hosts())
		code(t, session.LinkRefused, err)
	}
	_, err := session.CheckLink("https://meet.example/x", []string{"meet.example"})
	require.NoError(t, err)
}
