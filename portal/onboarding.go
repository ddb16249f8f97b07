package portal

import (
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// step is one line of the checklist (R117c). What it shows as done is read
// from the facts, never ticked by hand.
type step struct {
	Key  string // of its messages: onboarding.<key>.title, .text
	Path string // where it is done; empty while that is still to come
	Done bool
}

type onboarding struct {
	Steps []step
	Done  int
}

// Left is how many steps are still open.
func (o onboarding) Left() int { return len(o.Steps) - o.Done }

func showOnboarding(v *visit) (answer, error) {
	o, err := v.onboarding()
	return answer{page: "onboarding", title: "onboarding.title", data: o}, err
}

func (v *visit) onboarding() (onboarding, error) {
	invited, err := v.invitedColleague()
	if err != nil {
		return onboarding{}, err
	}

	room, device, err := v.equipped()
	if err != nil {
		return onboarding{}, err
	}

	assigned, err := v.assignedLicence()
	o := onboarding{Steps: []step{
		{Key: "colleague", Path: "/colleagues", Done: invited},
		{Key: "room", Path: pageAt("/rooms/new"), Done: room},
		{Key: "devices", Path: pageAt("/devices/new"), Done: device},
		{Key: "licence", Path: pageAt("/rooms/assign"), Done: assigned},
	}}

	for _, s := range o.Steps {
		if s.Done {
			o.Done++
		}
	}

	return o, err
}

// pageAt is the address of a page, where there is one.
func pageAt(path string) string {
	if pagePath(path) {
		return path
	}
	return ""
}

// invitedColleague holds once somebody else was invited or belongs to the
// account.
func (v *visit) invitedColleague() (bool, error) {
	members, err := v.people.MembersOf(v.scoped(), v.who.account().ID)
	if err != nil || len(members) > 1 {
		return len(members) > 1, err
	}

	all, err := v.allInvitations()
	for _, inv := range all {
		if inv.Kind == identity.InvitationForColleague && inv.Email != v.who.user.Email {
			return true, err
		}
	}

	return false, err
}

// equipped reports whether the account has a room and a device.
func (v *visit) equipped() (room, device bool, err error) {
	account, one := v.who.account().ID, db.Page{Limit: 1}
	rooms, _, err := v.entitlements.ListRooms(v.scoped(), entitlement.RoomFilter{
		AccountID: account,
		Page:      one,
	})
	if err != nil {
		return false, false, err
	}

	devices, _, err := v.entitlements.ListDevices(v.scoped(), entitlement.DeviceFilter{
		AccountID: account,
		Page:      one,
	})
	return len(rooms) > 0, len(devices) > 0, err
}

func (v *visit) assignedLicence() (bool, error) {
	balance, err := v.entitlements.Balance(v.scoped(), v.who.account().ID)
	for _, states := range balance {
		if states[rules.LicenceAssigned] > 0 {
			return true, err
		}
	}
	return false, err
}
