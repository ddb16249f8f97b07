package entitlement_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/storetest"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/rules/catalogue"
	"roomcover.dev/roomcover/rules/licensing"
)

// Rooms are narrowed to those without a license, and to those whose license ends soon, which a
// renewal takes out again; the counts beside the list say the same, and of one account alone.
func TestR55b_S4_RoomsWithoutALicenseAndThoseThatEndSoonAreFound(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		seller := env.Reseller(t, "Revenda Sul")
		o := env.Fulfilled(t, seller, storetest.Form("PO-1"))
		foreign := env.Fulfilled(t, seller, storetest.FormFor("PO-3", "Beta SA", "bia@beta.example"))
		env.Room(t, *foreign.AccountID, "Theirs")
		accountID := *o.AccountID
		ctx := storetest.Customer(accountID)
		a, b := env.Room(t, accountID, "A"), env.Room(t, accountID, "B")
		gone := env.Room(t, accountID, "C")
		env.Device(t, a, "SN1", "MEETUP", "2026-01-01")
		licences := env.Licences(t, o)
		env.Assigned(t, licences[0], a)
		env.Assigned(t, licences[1], gone)
		_, err := env.ArchiveRoom(env.Context, gone.ID, "")
		require.NoError(t, err)
		contract := storetest.OneContract(t, env, o.ID)

		names := func(f entitlement.RoomFilter) (list []string) {
			f.AccountID = accountID
			rooms, _, err := env.ListRooms(ctx, f)
			require.NoError(t, err)
			for _, r := range rooms {
				list = append(list, r.Name)
			}
			return list
		}
		soon := contract.EndAt.Add(time.Hour)
		early := contract.EndAt.Add(-time.Hour)
		active := entitlement.RoomFilter{State: licensing.RoomActive}
		with := func(change func(*entitlement.RoomFilter)) entitlement.RoomFilter {
			f := active
			change(&f)
			return f
		}
		require.Equal(t, []string{"B"}, names(with(func(f *entitlement.RoomFilter) { f.Without = catalogue.ServiceSelect })))
		require.Equal(t, []string{"A"}, names(with(func(f *entitlement.RoomFilter) { f.EndsBefore = &soon })))
		require.Empty(t, names(with(func(f *entitlement.RoomFilter) { f.EndsBefore = &early })))

		env.Calendar.Set(contract.EndAt.Add(-30 * 24 * time.Hour))
		counts, err := env.CountRooms(ctx, accountID, time.UTC)
		require.NoError(t, err)
		require.Equal(t, entitlement.RoomCounts{
			Active:    2,
			Bare:      1,
			Ending:    1,
			Archived:  1,
			Sites:     map[string]int64{"HQ": 2},
			Platforms: map[rules.Platform]int64{rules.PlatformTeamsWindows: 2},
		}, counts)

		inside, err := env.LicencesIn(ctx, a.ID, b.ID)
		require.NoError(t, err)
		require.Len(t, inside, 1)
		require.Equal(t, contract.ID, inside[a.ID][0].ContractID)
		covers, err := env.CoverOfRooms(ctx, []string{b.ID, a.ID}, env.Calendar.Now())
		require.NoError(t, err)
		require.Len(t, covers, 2)
		require.False(t, covers[0].Answer.Covered)
		require.Empty(t, covers[0].Licences)
		require.True(t, covers[1].Answer.Covered)
		require.Len(t, covers[1].Licences, 1)
		require.Equal(t, contract.ID, covers[1].Licences[0].ContractID)
		devices, err := env.CountDevicesIn(ctx, a.ID, b.ID)
		require.NoError(t, err)
		require.Equal(t, map[string]int64{a.ID: 1}, devices)
		foreigner := storetest.Customer(*foreign.AccountID)
		inside, err = env.LicencesIn(foreigner, a.ID)
		require.NoError(t, err)
		require.Empty(t, inside)
		covers, err = env.CoverOfRooms(foreigner, []string{a.ID}, env.Calendar.Now())
		require.NoError(t, err)
		require.Equal(t, []entitlement.RoomCover{{}}, covers)
		devices, err = env.CountDevicesIn(foreigner, a.ID)
		require.NoError(t, err)
		require.Empty(t, devices)

		free, err := env.Assignable(ctx, accountID)
		require.NoError(t, err)
		require.Len(t, free, 1)
		require.EqualValues(t, 9, free[0].InForce-free[0].Assigned)

		form := storetest.Form("PO-9")
		form.PurchasedOn = env.Calendar.Now().Format(time.DateOnly)
		form.Lines[0].Renews = contract.ID
		env.Fulfilled(t, seller, form)
		require.Empty(t, names(with(func(f *entitlement.RoomFilter) { f.EndsBefore = &soon })))
	})
}

// Every order of rooms is one list however its pages are cut, up and down.
func TestRoomsArePagedInTheOrderOfAnyColumn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		_, accountID := storetest.AcmeForm(t, env)
		ctx := storetest.Customer(accountID)
		for _, form := range []licensing.RoomForm{
			{Name: "B", Site: "Recife", Platform: rules.PlatformZoomPC},
			{Name: "A", Site: "Recife", Platform: rules.PlatformTeamsWindows},
			{Name: "C", Site: "Berrini", Platform: rules.PlatformZoomPC},
		} {
			form.Country = "BR"
			_, err := env.CreateRoom(ctx, entitlement.NewRoom{AccountID: accountID, Form: form})
			require.NoError(t, err)
		}
		for by, want := range map[entitlement.RoomOrder]string{
			entitlement.RoomsByName: "ABC", entitlement.RoomsBySite: "CAB", entitlement.RoomsByPlatform: "ABC",
		} {
			for _, down := range []bool{false, true} {
				list := ""
				f := entitlement.RoomFilter{By: by, Descending: down}
				for f.Page.Limit = 1; ; {
					rooms, next, err := env.ListRooms(ctx, f)
					require.NoError(t, err)
					for _, r := range rooms {
						list += r.Name
					}
					if f.Page.After = next; next == "" {
						break
					}
				}
				if down {
					require.Equal(t, backwards(want), list, by)
				} else {
					require.Equal(t, want, list, by)
				}
			}
		}
	})
}

func backwards(text string) (out string) {
	for _, letter := range text {
		out = string(letter) + out
	}
	return out
}

// Who acts for a customer at some of its sites counts the rooms, and the licenses in them, of these.
func TestR41_RoomsAreCountedAtTheDelegatedSitesAlone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, env storetest.Env) {
		o := env.Fulfilled(t, env.Reseller(t, "Revenda Sul"), storetest.Form("PO-1"))
		accountID := *o.AccountID
		licences := env.Licences(t, o)
		for i, name := range []string{"A", "B", "C"} {
			room := env.Room(t, accountID, name)
			if i > 0 {
				env.Assigned(t, licences[i], room)
			}
			if name == "C" {
				require.NoError(t, env.Exec("UPDATE rooms SET site = 'Filial' WHERE id = '"+room.ID+"'"))
			}
		}
		contract := storetest.OneContract(t, env, o.ID)
		env.Calendar.Set(contract.EndAt.Add(-30 * 24 * time.Hour))

		at := func(sites ...string) context.Context {
			return db.WithScope(context.Background(), db.Scope{
				Actor:      db.Actor{ID: "usr_partner", Role: rules.PartnerAdmin},
				AccountIDs: []string{accountID},
				Delegated:  &db.Delegated{ID: "dlg_1", Sites: sites, Spellings: sites},
			})
		}
		counts := func(ctx context.Context) (active, bare, ending int64) {
			n, err := env.CountRooms(ctx, accountID, time.UTC)
			require.NoError(t, err)
			return n.Active, n.Bare, n.Ending
		}
		for _, c := range []struct {
			ctx                  context.Context
			active, bare, ending int64
		}{
			{at("HQ"), 2, 1, 1},
			{at("Filial"), 1, 0, 1},
			{at(), 3, 1, 2}, // each site
			{storetest.Customer(accountID), 3, 1, 2},
		} {
			active, bare, ending := counts(c.ctx)
			require.Equal(t, []int64{c.active, c.bare, c.ending}, []int64{active, bare, ending})
		}

		other := env.Fulfilled(t, env.Reseller(t, "Revenda Norte"), storetest.FormFor("PO-2", "Beta SA", "bia@beta.example"))
		_, err := env.CountRooms(storetest.Customer(*other.AccountID), accountID, time.UTC)
		require.Equal(t, rules.NotFound, rules.CodeOf(err))
	})
}
