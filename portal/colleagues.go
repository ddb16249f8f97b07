package portal

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"roomcover.dev/roomcover/messages"
	"roomcover.dev/roomcover/models/db"
	"roomcover.dev/roomcover/models/identity"
	"roomcover.dev/roomcover/rules"
	"roomcover.dev/roomcover/web"
)

type memberView struct {
	Face                   web.Face
	ID, Name, Email, Role  string
	SignedIn               string // when they last did, and how they do
	Admin, Self, Suspended bool
	Stays                  bool   // the last administrator, who cannot be demoted or removed (S18)
	Picked                 string // the role that their form shows
	Open                   bool   // the form is
	Factor                 bool   // has a second factor, and is somebody else
}

type pendingView struct {
	ID, Name, Email, Role, Note string
	Mail                        web.Badge // what became of the mail
	Expired                     bool
}

type colleaguesPage struct {
	Questions []questionView
	Members   []memberView
	Pending   []pendingView
	Form      inviteForm
	CanEdit   bool
	Former    []memberView // who left, for whoever may have them erased
	Places    string       // how many people there are, and may be
	Full      bool         // nobody more can be invited (S19)
}

// inviteForm is the form for a colleague, with what was typed and what is
// wrong with it.
type inviteForm struct {
	Name, Email, Role                      string
	NameProblem, EmailProblem, FormProblem string // message keys
	NameMostLength                         int
}

func showColleagues(v *visit) (answer, error) {
	if v.isAdmin() && v.resumes("/colleagues") {
		return v.colleaguesPage(v.typedInvite())
	}
	return v.colleaguesPage(inviteForm{Role: string(identity.RoleReadOnly)})
}

// typedInvite is what was typed into the form for a colleague.
func (v *visit) typedInvite() inviteForm {
	return inviteForm{
		Name:  strings.TrimSpace(v.form("name")),
		Email: strings.TrimSpace(v.form("email")),
		Role:  v.form("role"),
	}
}

func (v *visit) colleaguesPage(f inviteForm) (answer, error) {
	f.NameMostLength = mostName
	p := colleaguesPage{Form: f, CanEdit: v.isAdmin()}
	questions, err := v.openQuestions()
	if err != nil {
		return answer{}, err
	}

	p.Questions = questions
	access, err := v.people.AccessOf(v.acting(), v.who.account().ID)
	if err != nil {
		return answer{}, err
	}
	most := v.who.account().UserLimit
	p.Full = access.Taken >= most
	p.Places = v.language.Count("people.places", int64(access.Taken),
		messages.Args{"most": v.language.Number(int64(most))})

	admins := access.Admins()
	for _, m := range access.People {
		leads := m.Role == identity.RoleAdmin && m.State == rules.MembershipActive
		view := memberView{
			Face:      web.FaceOf(m.UserID, m.Name),
			ID:        m.ID,
			Name:      m.Name,
			Email:     m.Email,
			Role:      v.roleName(m.Role),
			SignedIn:  v.signedIn(m),
			Admin:     m.Role == identity.RoleAdmin,
			Self:      m.UserID == v.who.user.ID,
			Suspended: m.State == rules.MembershipSuspended,
			Stays:     leads && admins == 1,
			Picked:    string(m.Role),
			Factor:    m.Factor && m.UserID != v.who.user.ID,
		}
		if p.CanEdit && v.resumes("/colleagues/"+m.ID+"/role") {
			view.Picked = v.form("role")
			view.Open = true
		}
		p.Members = append(p.Members, view)
	}

	for _, m := range access.Former {
		p.Former = append(p.Former, memberView{ID: m.ID, Name: m.Name, Email: m.Email})
	}
	for _, inv := range access.Pending {
		p.Pending = append(p.Pending, v.pendingView(inv))
	}

	return answer{
		page:  "colleagues",
		title: "colleagues.title",
		data:  p,
		here:  "/colleagues",
	}, nil
}

// signedIn says when a person last signed in, and by what.
func (v *visit) signedIn(p identity.PersonInside) string {
	last := v.say("people.never")
	if p.SignedInAt != nil {
		last = v.say("people.last", "at", v.moment(*p.SignedInAt, v.who.account().TimeZone))
	}

	by := "people.by.none"
	switch {
	case p.Password && p.Provider:
		by = "people.by.both"
	case p.Password:
		by = "people.by.password"
	case p.Provider:
		by = "people.by.provider"
	}
	return web.Joined(last, v.language.Say(by))
}

// mailOf says what became of the mail of an invitation (R119).
func (v *visit) mailOf(p identity.PendingInvitation) web.Badge {
	switch {
	case p.State == rules.InvitationHasExpired:
		return web.Badge{Text: v.say("people.mail.expired")}
	case p.State == rules.InvitationBounced, p.Mail == rules.NotificationHardBounced,
		p.Mail == rules.NotificationSuppressed:
		return web.Badge{Text: v.say("people.mail.bounced"), Color: "red"}
	case p.Mail == rules.NotificationDelivered:
		return web.Badge{Text: v.say("people.mail.delivered"), Color: "green"}
	case p.Mail == rules.NotificationSent && p.MailAt != nil:
		return web.Badge{
			Text: v.say("people.mail.sent", "day",
				v.dayIn(*p.MailAt, v.who.account().TimeZone)),
			Color: "blue",
		}
	case p.Mail == rules.NotificationUnknown:
		return web.Badge{Text: v.say("people.mail.unknown"), Color: "amber"}
	}
	return web.Badge{Text: v.say("people.mail.queued")}
}

func (v *visit) pendingView(inv identity.PendingInvitation) pendingView {
	last := rules.LastCoveredDay(inv.ExpiresAt, location(v.who.account().TimeZone))
	p := pendingView{
		ID:    inv.ID,
		Name:  inv.ContactName,
		Email: inv.Email,
		Role:  v.roleName(inv.Role),
		Mail:  v.mailOf(inv),
		Note:  v.language.Say("pending.until", messages.Args{"day": v.day(last)}),
	}

	if inv.State == rules.InvitationBounced {
		p.Note = v.language.Say("pending.bounced")
	}
	if inv.State == rules.InvitationHasExpired {
		p.Expired, p.Note = true, v.language.Say("pending.expired",
			messages.Args{"day": v.day(last)})
	}

	return p
}

func (v *visit) allInvitations() ([]identity.Invitation, error) {
	all, _, err := v.people.ListInvitations(v.scoped(), v.who.account().ID, "", db.Page{Limit: 200})
	return all, err
}

// inviteColleague sends a personal invitation with a role (R117b). It lets somebody in, so it asks
// for a fresh proof (S52).
func inviteColleague(v *visit) (answer, error) {
	f := v.typedInvite()
	f.NameProblem = nameProblem(f.Name)
	if !rules.ValidEmail(f.Email) {
		f.EmailProblem = "email.invalid"
	}

	if f.NameProblem == "" && f.EmailProblem == "" {
		if a, ok := v.needFresh("/colleagues"); !ok {
			return a, nil
		}
		_, err := v.people.Invite(v.acting(), identity.NewInvite{
			AccountID:   v.who.account().ID,
			Email:       f.Email,
			ContactName: f.Name,
			Role:        identity.MemberRole(f.Role),
			Kind:        identity.InvitationForColleague,
			Reason:      "invited by an administrator",
		})
		if err == nil {
			return v.done("/colleagues", "flash.invited"), nil
		}
		again, unread := v.sentJustNow(func(inv identity.Invitation) bool {
			return inv.Email == rules.NormaliseEmail(f.Email) && inv.ContactName == f.Name &&
				string(inv.Role) == f.Role
		})
		if unread != nil {
			return answer{}, unread
		}
		if again {
			return v.done("/colleagues", "flash.invited"), nil
		}

		if f.FormProblem = inviteProblem(err); f.FormProblem == "" {
			return answer{}, mailsLimited(err)
		}
	}

	a, err := v.colleaguesPage(f)
	a.status = http.StatusUnprocessableEntity
	if f.FormProblem != "" {
		a.status = http.StatusConflict
	}

	return a, err
}

// sentWithin is how long the same invitation once more is a second press of the button.
const sentWithin = 10 * time.Minute

// sentJustNow reports whether this person has just sent such an invitation, and nobody has
// answered it yet.
func (v *visit) sentJustNow(such func(identity.Invitation) bool) (bool, error) {
	all, err := v.allInvitations()
	since := v.db.Clock().Now().Add(-sentWithin)
	return slices.ContainsFunc(all, func(inv identity.Invitation) bool {
		return inv.InvitedBy == v.who.user.ID && inv.State.Live() && inv.IssuedAt.After(since) &&
			such(inv)
	}), err
}

func inviteProblem(err error) string {
	switch rules.CodeOf(err) {
	case rules.StateConflict:
		return "invite.already"
	case rules.UserLimit:
		return "problem.userlimit.text"
	case rules.ValidationFailed:
		return "invite.role"
	}

	return ""
}

// mailsLimited gives the bound of mails a page of its own, which says what to do; any
// other error stays.
func mailsLimited(err error) error {
	if rules.CodeOf(err) != rules.RateLimited {
		return err
	}

	e := rules.Refuse(mailLimited, "Too many invitations within a day.", "Send it tomorrow.")
	e.RetryAfter = rules.RetryAfterOf(err)
	return e
}

// resendInvitation sends an invitation once more. One that this person has just sent again
// is what was wanted. It lets somebody in for longer, so it asks for a fresh proof (S52).
func resendInvitation(v *visit) (answer, error) {
	if a, ok := v.needFresh("/colleagues"); !ok {
		return a, nil
	}
	_, err := v.people.Reissue(v.acting(), v.param("id"), "", "", "sent again by an administrator")
	if rules.CodeOf(err) == rules.StateConflict {
		again, unread := v.sentJustNow(func(inv identity.Invitation) bool {
			return db.Text(inv.SupersedesID) == v.param("id")
		})
		if unread == nil && again {
			err = nil
		}
	}
	if err != nil {
		return answer{}, mailsLimited(err)
	}

	return v.done("/colleagues", "flash.resent"), nil
}

// revokeInvitation withdraws an invitation that nobody accepted yet. One that is withdrawn
// already is what was wanted.
func revokeInvitation(v *visit) (answer, error) {
	if !v.confirmed() {
		return v.askRevocation()
	}

	_, err := v.people.RevokeInvitation(v.acting(), v.param("id"), "withdrawn by an administrator")
	if rules.CodeOf(err) == rules.StateConflict {
		inv, unread := v.people.GetInvitation(v.acting(), v.param("id"))
		if unread == nil && inv.State == rules.InvitationWasWithdrawn {
			err = nil
		}
	}
	if err != nil {
		return answer{}, err
	}

	return v.done("/colleagues", "flash.revoked"), nil
}

func (v *visit) askRevocation() (answer, error) {
	inv, err := v.people.GetInvitation(v.acting(), v.param("id"))
	if err != nil {
		return answer{}, err
	}
	if !inv.State.CanBecome(rules.InvitationWasWithdrawn) {
		return answer{}, rules.Refuse(rules.StateConflict, "The invitation is over.",
			"Read the page again.")
	}

	return v.ask(confirmation{
		Title: v.say("revoke.ask", "name", inv.ContactName),
		Says: []string{
			v.say("revoke.says", "name", inv.ContactName, "email", inv.Email),
			v.say("revoke.says.told"),
		},
		Action: "/colleagues/invitations/" + inv.ID + "/revoke",
		Submit: v.say("revoke.do"),
		Keep:   v.say("revoke.keep"),
		Back:   "/colleagues",
	})
}

// changeRole refuses to demote the last administrator (S18). Giving up one's own role asks
// first: only somebody else can give it back.
func changeRole(v *visit) (answer, error) {
	role := identity.MemberRole(v.form("role"))
	if role != identity.RoleAdmin && role != identity.RoleReadOnly {
		return answer{}, errBadForm
	}
	if a, ok := v.needFresh("/colleagues"); !ok { // S52
		return a, nil
	}

	m, err := v.member(v.param("id"))
	if err != nil {
		return answer{}, err
	}

	if m.UserID == v.who.user.ID && role != identity.RoleAdmin && !v.confirmed() {
		return v.askStepDown(m)
	}

	// The state stays: a suspended member does not come back by a new role.
	if _, err := v.people.ChangeMembership(v.acting(), m.ID, role, m.State,
		"role changed by an administrator"); err != nil {
		return answer{}, err
	}
	if m.UserID == v.who.user.ID {
		return v.done("/", "flash.role"), nil
	}

	return v.done("/colleagues", "flash.role"), nil
}

// askStepDown says what it means to give up one's own role.
func (v *visit) askStepDown(m identity.Member) (answer, error) {
	if err := v.staysAdministered(m); err != nil {
		return answer{}, err
	}

	return v.ask(confirmation{
		Title: v.say("stepdown.ask"),
		Says: []string{
			v.say("stepdown.says", "company", v.who.account().LegalName),
			v.say("stepdown.says.back"),
			v.say("remove.says.admins"),
		},
		Action: "/colleagues/" + m.ID + "/role",
		Fields: []hidden{{"role", string(identity.RoleReadOnly)}},
		Submit: v.say("stepdown.do"),
		Back:   "/colleagues",
	})
}

// removeColleague ends a membership; the person keeps their sign-in for other
// accounts. One that has ended already is what was wanted.
func removeColleague(v *visit) (answer, error) {
	m, err := v.member(v.param("id"))
	if v.confirmed() && rules.CodeOf(err) == rules.NotFound {
		return v.removedBefore(v.param("id"))
	}
	if err != nil {
		return answer{}, err
	}
	if !v.confirmed() {
		return v.askRemoval(m)
	}

	if _, err := v.people.ChangeMembership(v.acting(), m.ID, m.Role, rules.MembershipRemoved,
		"removed by an administrator"); err != nil {
		return answer{}, err
	}
	return v.removed(m.Membership)
}

// removed goes on from an access that ended: whoever left is in this account no more.
func (v *visit) removed(m identity.Membership) (answer, error) {
	if m.UserID == v.who.user.ID {
		return v.done("/", "flash.left"), nil
	}
	return v.done("/colleagues", "flash.removed"), nil
}

// removedBefore answers who removes a member that is removed: one of this account, or
// themselves from whichever they have left.
func (v *visit) removedBefore(id string) (answer, error) {
	m, err := v.people.GetMembership(v.named(), id)
	if err != nil {
		return answer{}, err
	}

	ours := m.AccountID == v.who.account().ID || m.UserID == v.who.user.ID
	if !ours || m.State != rules.MembershipRemoved {
		return answer{}, errNoPage
	}
	return v.removed(m)
}

// askRemoval says what a person loses who is removed, what stays, and who is told.
func (v *visit) askRemoval(m identity.Member) (answer, error) {
	if err := v.staysAdministered(m); err != nil {
		return answer{}, err
	}

	company := v.who.account().LegalName
	c := confirmation{
		Title: v.say("remove.ask", "name", m.Name),
		Says: []string{
			v.say("remove.says", "name", m.Name, "email", m.Email, "company", company),
			v.say("remove.says.back", "name", m.Name),
		},
		Action: "/colleagues/" + m.ID + "/remove",
		Submit: v.say("colleagues.remove", "name", m.Name),
		Back:   "/colleagues",
	}

	if m.UserID == v.who.user.ID {
		c.Title = v.say("remove.self.ask")
		c.Says = []string{
			v.say("remove.self.says", "company", company),
			v.say("remove.self.says.back"),
		}
		c.Submit = v.say("remove.self.do")
	}

	holds, err := v.people.HoldingsOf(v.acting(), m.ID)
	if err != nil {
		return answer{}, err
	}
	c.Says = append(c.Says, v.holdingsOf(holds)...)

	told := v.say("remove.says.nobody")
	if m.Role == identity.RoleAdmin {
		told = v.say("remove.says.admins")
	}
	c.Says = append(c.Says, told)
	return v.ask(c)
}

// holdingsOf says what a person has in hand who is to be removed, and what becomes of it.
func (v *visit) holdingsOf(h identity.Holdings) []string {
	if h.Empty() {
		return []string{v.say("people.holds.nothing")}
	}

	var says []string
	for _, one := range []struct {
		key   string
		names []string
	}{
		{"people.holds.tokens", h.Tokens},
		{"people.holds.replacements", h.Replacements},
		{"people.holds.sites", h.Sites},
		{"people.holds.invitations", h.Invitations},
	} {
		if len(one.names) > 0 {
			says = append(says, v.language.Say(one.key, messages.Args{
				"names": v.language.List(one.names),
			}))
		}
	}
	return says
}

// staysAdministered refuses what would take the last active administrator (S18), before
// anybody is asked about it.
func (v *visit) staysAdministered(m identity.Member) error {
	if m.Role != identity.RoleAdmin || m.State != rules.MembershipActive {
		return nil
	}

	members, err := v.people.MembersOf(v.acting(), m.AccountID)
	admins := 0
	for _, other := range members {
		if other.Role == identity.RoleAdmin && other.State == rules.MembershipActive {
			admins++
		}
	}
	return errors.Join(err, rules.MayLoseAdmin(admins))
}

// member finds a member of the account at hand.
func (v *visit) member(id string) (identity.Member, error) {
	members, err := v.people.MembersOf(v.acting(), v.who.account().ID)
	if err != nil {
		return identity.Member{}, err
	}

	for _, m := range members {
		if m.ID == id {
			return m, nil
		}
	}

	return identity.Member{}, errNoPage
}
