package portal

import (
	"strings"
	"time"

	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
)

// landing is what an invitation's page shows. The address is masked: whoever
// holds the link has not proved yet to be its reader.
type landing struct {
	Company, Mailbox, Until, Role string
}

// showInvitation is where the mail's button leads. The token leaves the
// address bar at once, and reading consumes nothing, however often (R47).
func showInvitation(v *visit) (answer, error) {
	if v.request.URL.Query().Has("token") {
		return v.takeLink()
	}

	found, err := v.invitation()
	if err != nil {
		return answer{}, err
	}

	page := "invitation"
	if v.who != nil {
		if v.who.user.Email != found.Invitation.Email {
			return answer{}, errWrongPerson()
		}
		page = "invitationaccept"
	}

	if v.who == nil && found.HasUser {
		page = "invitationknown"
	}

	return answer{page: page, title: "invitation.title", data: v.landing(found)}, nil
}

func (v *visit) landing(found identity.InvitationView) landing {
	last := rules.LastCoveredDay(found.Invitation.ExpiresAt, location(found.Account.TimeZone))
	return landing{
		Company: found.Account.LegalName,
		Mailbox: masked(found.Invitation.Email),
		Until:   v.day(last),
		Role:    v.roleName(found.Invitation.Role),
	}
}

// takeLink remembers which invitation the link is for. The session keeps the
// id, not the token: the token can be derived, and is not stored anywhere. An
// unknown link looks the same from outside.
func (v *visit) takeLink() (answer, error) {
	if err := v.throttle("invitation-link/"+v.network, 300, time.Hour); err != nil {
		return answer{}, err
	}

	id := noLink

	found, err := v.people.InvitationByToken(v.ctx, v.request.URL.Query().Get("token"))
	if rules.CodeOf(err) == "" && err != nil {
		return answer{}, err
	}

	if found.Invitation.ID != "" {
		id = found.Invitation.ID
	}
	if v.get(keyInvitation) != id {
		v.forget(keyChallenge, keyProven, keyProvenAt)
	}

	v.keep(keyInvitation, id)
	return redirect("/invitation"), nil
}

// invitation reads the one that this session opened, and refuses one that can
// no longer be accepted.
func (v *visit) invitation() (identity.InvitationView, error) {
	id := v.get(keyInvitation)
	found, err := v.people.InvitationByToken(v.ctx, v.db.Secrets().InvitationToken(id))
	if rules.CodeOf(err) == rules.NotFound {
		return found, errDeadLink
	}
	return found, err
}

// acceptAsKnown is the one click of a person who is signed in. Another person
// is refused by People, which audits the attempt and leaves the invitation
// as it is (R47a).
func acceptAsKnown(v *visit) (answer, error) {
	found, err := v.invitation()
	if rules.CodeOf(err) == rules.InvitationUsed && v.who.user.Email == found.Invitation.Email &&
		v.who.roles[found.Account.ID] != "" {
		return redirect("/"), nil // a second click
	}
	if err != nil {
		return answer{}, err
	}

	_, place, err := v.people.AcceptInvitation(v.ctx, identity.Acceptance{
		InvitationID: found.Invitation.ID,
		Email:        v.who.user.Email,
	})
	if err != nil {
		return answer{}, v.overtaken(err)
	}

	v.forget(keyInvitation)
	v.keep(keyAccount, place.AccountID)
	return v.done("/", "flash.welcome"), nil
}

// overtaken reads a conflict at acceptance as what it is for the visitor: the
// link is no longer good.
func (v *visit) overtaken(err error) error {
	if rules.CodeOf(err) == rules.StateConflict {
		return errDeadLink
	}
	return err
}

func errWrongPerson() error {
	return rules.Refuse(rules.InvitationWrongPerson, "The invitation is for another person.",
		"Sign out and open the link as the person it was sent to.")
}

// masked shows enough of an address for its owner to know it.
func masked(email string) string {
	at := strings.LastIndexByte(email, '@')
	if at < 1 {
		return "***"
	}
	return email[:1] + "***" + email[at:]
}

func (v *visit) roleName(r identity.MemberRole) string {
	if r == identity.RoleAdmin {
		return v.language.Say("role.admin")
	}
	return v.language.Say("role.readonly")
}
