package entitlement_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/calendar"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
)

// refusals are the codes of what would become of each room; "has" where it keeps its licence.
func refusals(p entitlement.AssignPreview) (codes []string) {
	for _, r := range p.Rooms {
		code := rules.CodeOf(r.Refused)
		if r.Has {
			code = "has"
		}
		codes = append(codes, code)
	}
	return codes
}

// The preview of an assignment says what the assignment itself then does: which contracts start,
// what is left, what is refused, which terms have to be acknowledged and what is capped.
func TestS1_R39b_R78_R125d_APreviewSaysWhatManyAssignmentsLeadTo(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		rival := env.Fulfilled(t, seller, storetest.Form("PO-2"))
		foreign := env.Fulfilled(t, seller, storetest.FormFor("PO-3", "Beta SA", "bia@beta.example"))
		accountID := *o.AccountID
		ctx := storetest.Customer(accountID)
		rooms := several(t, env, accountID, "BR", 3)
		env.Assigned(t, env.Licences(t, rival)[0], entitlement.Room{ID: rooms[0]})
		_, err := env.ArchiveRoom(env.Context, rooms[1], "")
		require.NoError(t, err)
		old := env.Device(t, entitlement.Room{ID: rooms[2], AccountID: accountID}, "OLD1", "MEETUP", "2024-01-01")
		for _, terms := range []catalogue.CountryTerms{
			storetest.TermsOf("DE", func(t *catalogue.CountryTerms) { t.RMASpeed = "3BD" }),
			storetest.TermsOf("AR", func(t *catalogue.CountryTerms) { t.Available = false }),
		} {
			_, err := env.PublishTerms(env.Context, terms, "")
			require.NoError(t, err)
		}
		abroad := several(t, env, accountID, "DE", 1)[0]
		unserved := several(t, env, accountID, "AR", 1)[0]
		theirs := several(t, env, *foreign.AccountID, "BR", 1)[0]

		q := entitlement.AssignManyRequest{
			ContractID: env.Licences(t, o)[0].ContractID,
			RoomIDs:    []string{rooms[0], rooms[1], rooms[2], abroad, unserved, theirs},
		}
		events := env.Count(t, "SELECT count(*) FROM audit_events")
		p, err := env.PreviewAssignMany(ctx, q)
		require.NoError(t, err)
		require.Equal(t, []string{
			"ROOM_HAS_LICENCE", "ROOM_IS_ARCHIVED", "", "", "COUNTRY_NOT_SUPPORTED", "NOT_FOUND",
		}, refusals(p))
		require.Equal(t, []string{rooms[2], abroad}, p.Assigned())
		require.EqualValues(t, 10, p.Free)
		require.EqualValues(t, 8, p.Left())
		require.Len(t, p.Starts, 1, "S1: the order's contract waits for its first assignment")
		require.Equal(t, rules.ContractActive, p.Contract.State)
		require.Len(t, p.Terms, 1)
		require.Equal(t, "DE", p.Terms[0].Country)
		require.Equal(t, calendar.RMASpeed("3BD"), p.Terms[0].RMASpeed)
		require.Equal(t, "BR", p.Home.Country)
		require.Len(t, p.Capped, 1)
		require.Equal(t, old.ID, p.Capped[0].ID)
		require.Equal(t, rooms[2], *p.Capped[0].RoomID)
		require.Equal(t, licensing.WarnHardwareCapped, p.Capped[0].Warning.Code)
		require.Equal(t, events, env.Count(t, "SELECT count(*) FROM audit_events"), "a look changes nothing")
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM licence_assignments"))

		q.RoomIDs = p.Assigned()
		q.Acknowledged = map[string]int{"DE": p.Terms[0].Version}
		did, err := env.AssignMany(ctx, q)
		require.NoError(t, err)
		require.Equal(t, []string{p.Contract.ID}, did.Started)
		contract, err := env.Contract(ctx, p.Contract.ID)
		require.NoError(t, err)
		require.True(t, p.Contract.StartAt.Equal(*contract.StartAt))
		require.True(t, p.Contract.EndAt.Equal(*contract.EndAt))
		require.Equal(t, did.Warnings[0].Code, p.Capped[0].Warning.Code)

		again, err := env.PreviewAssignMany(ctx, q)
		require.NoError(t, err)
		require.Equal(t, []string{"has", "has"}, refusals(again))
		require.Empty(t, again.Starts)
		require.EqualValues(t, 8, again.Left())

		_, err = env.PreviewAssignMany(storetest.Customer(*foreign.AccountID), q)
		storetest.RequireCode(t, rules.NotFound, err)
	})
}

// Before a move its preview says, by the rules of cover themselves, what the move then does.
func TestR28_APreviewSaysWhatAMoveLeavesUncovered(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o, accountID := storetest.AcmeForm(t, env)
		ctx := storetest.Customer(accountID)
		a, b := env.Room(t, accountID, "A"), env.Room(t, accountID, "B")
		stays := env.Device(t, a, "STAYS1", "MEETUP", "2023-01-10")
		goes := env.Device(t, a, "GOES1", "MEETUP", "2023-01-10")
		licence := env.Licences(t, o)[0]
		env.Assigned(t, licence, a)
		look := func(q entitlement.MoveRequest) entitlement.MovePreview {
			t.Helper()
			q.FromRoomID = a.ID
			p, err := env.PreviewMove(ctx, q)
			require.NoError(t, err)
			return p
		}
		covered := func(p entitlement.MovePreview) map[string][2]bool {
			out := map[string][2]bool{
				"A": {p.From.Before.Covered, p.From.After.Covered},
				"B": {p.To.Before.Covered, p.To.After.Covered},
			}
			for _, d := range p.Devices {
				out[*d.Serial] = [2]bool{d.Before.Covered, d.After.Covered}
			}
			return out
		}

		device := look(entitlement.MoveRequest{ToRoomID: b.ID, DeviceIDs: []string{goes.ID}})
		require.NoError(t, device.Refused)
		require.Equal(t, map[string][2]bool{
			"A": {true, true}, "B": {false, false}, "GOES1": {true, false}, "STAYS1": {true, true},
		}, covered(device), "R28a: without the license the device is not covered")
		require.Equal(t, goes.ID, device.Devices[0].ID, "what moves stands first")

		alone := look(entitlement.MoveRequest{ToRoomID: b.ID, LicenceIDs: []string{licence.ID}})
		require.Equal(t, map[string][2]bool{
			"A": {true, false}, "B": {false, true}, "GOES1": {true, false}, "STAYS1": {true, false},
		}, covered(alone))

		both := look(entitlement.MoveRequest{
			ToRoomID: b.ID, DeviceIDs: []string{goes.ID}, LicenceIDs: []string{licence.ID},
		})
		want := map[string][2]bool{
			"A": {true, false}, "B": {false, true}, "GOES1": {true, true}, "STAYS1": {true, false},
		}
		require.Equal(t, want, covered(both))
		require.Len(t, both.Licences, 1)
		require.True(t, both.To.After.Until.Equal(*both.Licences[0].Contract.EndAt), "R28b: the end stays")

		_, err := env.Move(ctx, entitlement.MoveRequest{
			FromRoomID: a.ID, ToRoomID: b.ID, DeviceIDs: []string{goes.ID}, LicenceIDs: []string{licence.ID},
		})
		require.NoError(t, err)
		answers, err := env.Coverage(ctx, []entitlement.CoverSubject{
			{Serial: "GOES1"}, {Serial: "STAYS1"},
		}, env.Now(), "HARDWARE")
		require.NoError(t, err)
		require.Equal(t, want["GOES1"][1], answers[0].Answer.Covered)
		require.Equal(t, want["STAYS1"][1], answers[1].Answer.Covered)
		require.Equal(t, stays.ID, both.Devices[1].ID)

		_, err = env.PreviewMove(ctx, entitlement.MoveRequest{FromRoomID: a.ID, ToRoomID: a.ID})
		storetest.RequireCode(t, rules.ValidationFailed, err)
		gone := look(entitlement.MoveRequest{ToRoomID: b.ID, DeviceIDs: []string{goes.ID}})
		require.Equal(t, rules.StateConflict, rules.CodeOf(gone.Refused))
	})
}

// What a move would be refused for is told before it: a room with a license of the service, one
// that is archived, terms that differ; a foreign room does not exist.
func TestR28_R39b_R78e_APreviewSaysWhyAMoveWouldBeRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		foreign := env.Fulfilled(t, seller, storetest.FormFor("PO-3", "Beta SA", "bia@beta.example"))
		accountID := *o.AccountID
		ctx := storetest.Customer(accountID)
		a, b := env.Room(t, accountID, "A"), env.Room(t, accountID, "B")
		closed, far := env.Room(t, accountID, "C"), env.RoomIn(t, accountID, "D", "DE")
		theirs := env.Room(t, *foreign.AccountID, "E")
		licences := env.Licences(t, o)
		env.Assigned(t, licences[0], a)
		env.Assigned(t, licences[1], b)
		_, err := env.ArchiveRoom(env.Context, closed.ID, "")
		require.NoError(t, err)
		_, err = env.PublishTerms(env.Context,
			storetest.TermsOf("DE", func(t *catalogue.CountryTerms) { t.RMASpeed = "3BD" }), "")
		require.NoError(t, err)

		look := func(to string) (entitlement.MovePreview, error) {
			return env.PreviewMove(ctx, entitlement.MoveRequest{
				FromRoomID: a.ID, ToRoomID: to, LicenceIDs: []string{licences[0].ID},
			})
		}
		for to, code := range map[string]string{
			b.ID: licensing.RoomHasLicence, closed.ID: licensing.RoomIsArchived, far.ID: "",
		} {
			p, err := look(to)
			require.NoError(t, err)
			require.Equal(t, code, rules.CodeOf(p.Refused), to)
			require.Equal(t, to == far.ID, p.Terms != nil)
			require.True(t, p.From.Before.Covered)
		}
		for _, to := range []string{theirs.ID, "rom_none"} {
			_, err := look(to)
			storetest.RequireCode(t, rules.NotFound, err)
		}
	})
}
