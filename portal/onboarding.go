package portal

import (
	"roomcover.dev/roomcover/models/entitlement"
	"roomcover.dev/roomcover/models/identity"
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
	account := v.who.account()
	standing, err := v.entitlements.Standing(v.acting(), account.ID, location(account.TimeZone))
	if err != nil {
		return onboarding{}, err
	}

	invitations, err := v.allInvitations()
	if err != nil {
		return onboarding{}, err
	}
	return v.stepsFrom(standing, invitations)
}

// stepsFrom reads the checklist off how the account stands, and off whom it has invited.
func (v *visit) stepsFrom(
	s entitlement.Standing, invitations []identity.Invitation,
) (onboarding, error) {
	invited, err := v.invitedColleague(invitations)
	o := onboarding{Steps: []step{
		{Key: "colleague", Path: "/colleagues", Done: invited},
		{Key: "room", Path: "/rooms/new", Done: s.Rooms > 0},
		{Key: "devices", Path: "/devices/new", Done: s.Devices > 0},
		{Key: "licence", Path: "/rooms/assign", Done: s.Covered > 0},
	}}

	for _, s := range o.Steps {
		if s.Done {
			o.Done++
		}
	}
	return o, err
}

// invitedColleague holds once somebody else was invited or belongs to the
// account.
func (v *visit) invitedColleague(all []identity.Invitation) (bool, error) {
	for _, inv := range all {
		if inv.Kind == identity.InvitationForColleague && inv.Email != v.who.user.Email {
			return true, nil
		}
	}

	members, err := v.people.MembersOf(v.scoped(), v.who.account().ID)
	return len(members) > 1, err
}
