package entitlement_test

import (
	"errors"
	"fmt"
	"testing"

	"cloud.google.com/go/civil"
	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
	"roomcover.dev/roomcover/rules/ordering"
)

// several adds n rooms to an account, in a country.
func several(t *testing.T, env storetest.Env, accountID, country string, n int) (ids []string) {
	t.Helper()
	for i := range n {
		ids = append(ids, env.RoomIn(t, accountID, fmt.Sprintf("%s %d", country, i), country).ID)
	}
	return ids
}

// wrongRooms names what is refused of rooms, by pointer.
func wrongRooms(t *testing.T, err error) (all []string) {
	t.Helper()
	var refusal *rules.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, rules.ValidationFailed, refusal.Code)
	for _, f := range refusal.Fields {
		require.NotEmpty(t, f.Remedy)
		all = append(all, f.Pointer+" "+f.Code)
	}
	return all
}

func TestR39_ManyLicencesAreAssignedAtOnceAndStartTheContract(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		accountID, licences := *o.AccountID, env.Licences(t, o)
		ctx := storetest.Customer(accountID)
		rooms := several(t, env, accountID, "BR", 4)
		env.Assigned(t, licences[0], entitlement.Room{ID: rooms[3]})
		old := env.Device(t, entitlement.Room{ID: rooms[0], AccountID: accountID}, "OLD1", "MEETUP", "2022-01-01")
		q := entitlement.AssignManyRequest{ContractID: licences[0].ContractID, RoomIDs: rooms}
		out, err := env.AssignMany(ctx, q)
		require.NoError(t, err)
		require.Len(t, out.Assignments, 4)
		require.Equal(t, old.ID, out.Warnings[0].DeviceID) // R125d
		seen := map[string]bool{}
		for _, a := range out.Assignments {
			seen[a.LicenceID] = true
		}
		require.Len(t, seen, 4)
		require.True(t, seen[licences[0].ID], "a room keeps the licence that it has")
		audited := env.Count(t, "SELECT count(*) FROM audit_events")
		again, err := env.AssignMany(ctx, q)
		require.NoError(t, err)
		require.Len(t, again.Assignments, 4)
		require.Equal(t, audited, env.Count(t, "SELECT count(*) FROM audit_events"), "the same again changes nothing")
		require.Equal(t, 4, env.Count(t, "SELECT count(*) FROM licence_assignments"))
		require.Equal(t, 4, env.Count(t, "SELECT count(*) FROM licences WHERE state = 'ASSIGNED'"))
		env.AuditHolds(t)

		other := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-2")) // S1
		contract := env.Licences(t, other)[0].ContractID
		out, err = env.AssignMany(ctx, entitlement.AssignManyRequest{
			ContractID: contract,
			RoomIDs:    several(t, env, accountID, "BR", 2),
		})
		require.NoError(t, err)
		require.Equal(t, []string{contract}, out.Started)
	})
}

func TestR39_ManyAssignmentsAreAllOrNone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		rival := env.Fulfilled(t, seller, storetest.Form("PO-2"))
		foreign := env.Fulfilled(t, seller, storetest.FormFor("PO-3", "Beta SA", "bia@beta.example"))
		accountID := *o.AccountID
		ctx := storetest.Customer(accountID)
		contract := env.Licences(t, o)[0].ContractID
		rooms := several(t, env, accountID, "BR", 3)
		env.Assigned(t, env.Licences(t, rival)[0], entitlement.Room{ID: rooms[0]})
		_, err := env.ArchiveRoom(env.Context, rooms[1], "")
		require.NoError(t, err)
		_, err = env.PublishTerms(env.Context, catalogue.CountryTerms{
			Country:       "DE",
			Available:     true,
			RMASpeed:      "3BD",
			Languages:     []string{"de"},
			EffectiveFrom: civil.Date{Year: 2026, Month: 11, Day: 23},
		}, "")
		require.NoError(t, err)
		abroad := several(t, env, accountID, "DE", 1)[0]
		theirs := several(t, env, *foreign.AccountID, "BR", 1)[0]
		named := []string{rooms[0], rooms[1], rooms[2], abroad, theirs, "rom_none"}
		assign := func(ack map[string]int, ids ...string) error {
			_, err := env.AssignMany(ctx, entitlement.AssignManyRequest{
				ContractID:   contract,
				RoomIDs:      ids,
				Acknowledged: ack,
			})
			return err
		}
		differs := wrongRooms(t, assign(nil, named...))
		require.Equal(t, []string{
			"/room_ids/0 ROOM_HAS_LICENCE", "/room_ids/1 ROOM_IS_ARCHIVED", "/room_ids/3 TERMS_ACK_REQUIRED",
			"/room_ids/4 NOT_FOUND", "/room_ids/5 NOT_FOUND",
		}, differs)
		require.Equal(t, 1, env.Count(t, "SELECT count(*) FROM licence_assignments"))
		require.NoError(t, assign(map[string]int{"DE": 2}, abroad)) // R78e
		require.Equal(t, []string{"/room_ids REQUIRED"}, wrongRooms(t, assign(nil)))
		require.Equal(t, []string{"/room_ids/1 DUPLICATE"}, wrongRooms(t, assign(nil, rooms[2], rooms[2])))
		require.Equal(t, []string{"/room_ids TOO_MANY_NAMED"}, wrongRooms(t, assign(nil, func() (ids []string) {
			for i := range 1001 {
				ids = append(ids, fmt.Sprint(i))
			}
			return ids
		}()...)))
		require.Equal(t, []string{"/room_ids TOO_FEW_LICENCES"},
			wrongRooms(t, assign(nil, several(t, env, accountID, "BR", 10)...)))
		for id, code := range map[string]string{
			env.Licences(t, foreign)[0].ContractID: rules.NotFound,
			"con_none":                             rules.NotFound,
		} {
			_, err := env.AssignMany(ctx, entitlement.AssignManyRequest{ContractID: id, RoomIDs: rooms[2:]})
			storetest.RequireCode(t, code, err)
		}
		_, err = env.AssignMany(storetest.ReadOnly(accountID), entitlement.AssignManyRequest{
			ContractID: contract,
			RoomIDs:    rooms[2:],
		})
		storetest.RequireCode(t, rules.Forbidden, err)
		_, err = env.AssignMany(storetest.Operator(), entitlement.AssignManyRequest{
			ContractID: contract,
			RoomIDs:    rooms[2:],
		})
		storetest.RequireCode(t, rules.ReasonRequired, err)
		require.Equal(t, 2, env.Count(t, "SELECT count(*) FROM licence_assignments"))
	})
}

// R39a: what is not assigned to rooms is refused as a whole.
func TestR39a_ManyOfAnExtendedWarrantyAreRefused(t *testing.T) {
	env := storetest.SQLite(t)
	form := storetest.Form("PO-1")
	form.Lines = []ordering.OrderLine{{SKU: "EXT-WARRANTY-1Y", Quantity: 2}}
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), form)
	_, err := env.AssignMany(env.Context, entitlement.AssignManyRequest{
		ContractID: env.Licences(t, o)[0].ContractID,
		RoomIDs:    several(t, env, *o.AccountID, "BR", 1),
	})
	storetest.RequireCode(t, licensing.NotAssignable, err)
}

func TestR39_ManyAssignmentsCostAFixedNumberOfStatements(t *testing.T) {
	env := storetest.Postgres(t)
	form := storetest.Form("PO-1")
	form.Lines[0].Quantity = 60
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), form)
	rooms := several(t, env, *o.AccountID, "BR", 52)
	_, err := env.Reference(env.Context)
	require.NoError(t, err)
	contract := env.Licences(t, o)[0].ContractID
	for _, ids := range [][]string{rooms[:2], rooms[2:]} {
		env.Statements.Reset()
		_, err := env.AssignMany(storetest.Customer(*o.AccountID), entitlement.AssignManyRequest{
			ContractID: contract,
			RoomIDs:    ids,
		})
		require.NoError(t, err)
		require.LessOrEqual(t, len(env.Statements.List()), 13, "%q", env.Statements.List())
		t.Log(len(ids), "rooms:", len(env.Statements.List()), "statements")
	}
}

// Two people at once: no licence twice, and together never more than there are.
func TestR39b_ManyAssignmentsAtOnceNeverShareALicence(t *testing.T) {
	env := storetest.Postgres(t)
	o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
	contract := env.Licences(t, o)[0].ContractID
	var rooms [][]string
	for i := range 4 {
		var own []string
		for j := range 4 {
			own = append(own, env.Room(t, *o.AccountID, storetest.PO(10*i+j)).ID)
		}
		rooms = append(rooms, own)
	}
	errs := storetest.AtOnce(4, func(i int) error {
		_, err := env.AssignMany(storetest.Customer(*o.AccountID), entitlement.AssignManyRequest{
			ContractID: contract,
			RoomIDs:    rooms[i],
		})
		return err
	})
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
			continue
		}
		require.Equal(t, []string{"/room_ids TOO_FEW_LICENCES"}, wrongRooms(t, err))
	}
	require.Equal(t, 2, done, "ten licences, four rooms each: %v", errors.Join(errs...))
	require.Equal(t, 8, env.Count(t, "SELECT count(DISTINCT licence_id) FROM licence_assignments WHERE to_at IS NULL"))
	env.AuditHolds(t)
}
